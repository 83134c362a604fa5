#include "penstock/statistics/composite_features.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <arrow/array.h>

#include "penstock/base/arrow_status.h"
#include "penstock/combine/state_codec.h"
#include "penstock/statistics/state_counts.h"

namespace penstock::statistics {

namespace v0 = tensorflow::metadata::v0;

namespace {

constexpr uint8_t kStateVersion = 1;
constexpr size_t kMaxDepth = 64;
/// Of a list that is not there.
constexpr int64_t kMissing = -1;

bool IsList(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST;
}

/// Null where there is no such feature.
Result<std::shared_ptr<arrow::Array>> ArrayAt(const combine::Batch& batch,
                                              const std::vector<std::string>& path) {
  std::shared_ptr<arrow::Array> array = batch->GetColumnByName(path.front());
  for (size_t step = 1; step < path.size() && array != nullptr; ++step) {
    while (IsList(*array->type())) {
      if (array->type_id() == arrow::Type::LIST) {
        PENSTOCK_ASSIGN_OR_RETURN_ARROW(array, static_cast<const arrow::ListArray&>(*array).Flatten());
      } else {
        PENSTOCK_ASSIGN_OR_RETURN_ARROW(array, static_cast<const arrow::LargeListArray&>(*array).Flatten());
      }
    }
    const int field = array->type_id() == arrow::Type::STRUCT
                          ? static_cast<const arrow::StructType&>(*array->type()).GetFieldIndex(path[step])
                          : -1;
    if (field < 0) return std::shared_ptr<arrow::Array>();
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(array,
                                    static_cast<const arrow::StructArray&>(*array).GetFlattenedField(field));
  }
  return array;
}

/// By element, kMissing for nulls; empty where there is no such feature.
Result<std::vector<int64_t>> LengthsAt(const combine::Batch& batch, const std::vector<std::string>& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto array, ArrayAt(batch, path));
  std::vector<int64_t> lengths;
  if (array == nullptr) return lengths;
  lengths.reserve(static_cast<size_t>(array->length()));
  for (int64_t i = 0; i < array->length(); ++i) {
    if (array->IsNull(i) || array->type_id() == arrow::Type::NA) {
      lengths.push_back(kMissing);
    } else if (array->type_id() == arrow::Type::LIST) {
      lengths.push_back(static_cast<const arrow::ListArray&>(*array).value_length(i));
    } else if (array->type_id() == arrow::Type::LARGE_LIST) {
      lengths.push_back(static_cast<const arrow::LargeListArray&>(*array).value_length(i));
    } else {
      lengths.push_back(1);
    }
  }
  return lengths;
}

void AddHistogram(const char* name, const std::vector<std::pair<std::string, int64_t>>& counts,
                  v0::FeatureNameStatistics& out) {
  v0::CustomStatistic& custom = *out.add_custom_stats();
  custom.set_name(name);
  auto& histogram = *custom.mutable_rank_histogram();
  for (const auto& [label, count] : counts) {
    auto& bucket = *histogram.add_buckets();
    bucket.set_label(label);
    bucket.set_sample_count(static_cast<double>(count));
  }
}

void AddNumber(const char* name, int64_t number, v0::FeatureNameStatistics& out) {
  v0::CustomStatistic& custom = *out.add_custom_stats();
  custom.set_name(name);
  custom.set_num(static_cast<double>(number));
}

void FinishSparse(const std::vector<std::vector<std::string>>& indices,
                  const CompositeFeatures::Counts& counts, v0::FeatureNameStatistics& out) {
  AddNumber("missing_value", counts.num_missing_values, out);
  std::vector<std::pair<std::string, int64_t>> missing, max_difference, min_difference;
  for (size_t i = 0; i < indices.size(); ++i) {
    const CompositeFeatures::Part& part = counts.parts[i];
    missing.emplace_back(indices[i].back(), part.num_missing);
    max_difference.emplace_back(indices[i].back(), part.max_length_difference);
    min_difference.emplace_back(indices[i].back(), part.min_length_difference);
  }
  AddHistogram("missing_index", missing, out);
  AddHistogram("max_length_diff", max_difference, out);
  AddHistogram("min_length_diff", min_difference, out);
}

void FinishWeighted(const CompositeFeatures::Counts& counts, v0::FeatureNameStatistics& out) {
  AddNumber("missing_weight", counts.parts[0].num_missing, out);
  AddNumber("missing_value", counts.num_missing_values, out);
  AddNumber("min_weight_length_diff", counts.parts[0].min_length_difference, out);
  AddNumber("max_weight_length_diff", counts.parts[0].max_length_difference, out);
}

}  // namespace

template <class Container>
void CompositeFeatures::AddSparse(const Container& container, const Path& parent) {
  const auto child = [&](const std::string& name) {
    Path path = parent;
    path.push_back(name);
    return path;
  };
  for (const v0::SparseFeature& sparse : container.sparse_feature()) {
    Composite composite{child(sparse.name()), true, child(sparse.value_feature().name()), {}};
    for (const auto& index : sparse.index_feature()) composite.parts.push_back(child(index.name()));
    std::sort(composite.parts.begin(), composite.parts.end());
    composite.parts.erase(std::unique(composite.parts.begin(), composite.parts.end()), composite.parts.end());
    composites_.push_back(std::move(composite));
  }
  for (const v0::Feature& feature : container.feature()) {
    if (feature.type() == v0::STRUCT && parent.size() < kMaxDepth)
      AddSparse(feature.struct_domain(), child(feature.name()));
  }
}

Result<CompositeFeatures> CompositeFeatures::Make(const v0::Schema& schema) {
  CompositeFeatures features;
  features.AddSparse(schema, {});
  for (const v0::WeightedFeature& weighted : schema.weighted_feature()) {
    const auto& value = weighted.feature().step();
    const auto& weight = weighted.weight_feature().step();
    if (value.empty() || weight.empty()) {
      return InvalidArgument("The weighted feature '{}' of the schema does not say its feature and weight",
                             weighted.name());
    }
    features.composites_.push_back(
        {{weighted.name()}, false, Path(value.begin(), value.end()), {Path(weight.begin(), weight.end())}});
  }
  return features;
}

CompositeFeatures::State CompositeFeatures::NewState() const {
  State state(composites_.size());
  for (size_t i = 0; i < composites_.size(); ++i) state[i].parts.resize(composites_[i].parts.size());
  return state;
}

Status CompositeFeatures::AddTo(const Composite& composite, const combine::Batch& batch, Counts& counts) {
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<int64_t> values, LengthsAt(batch, composite.value));
  std::vector<std::vector<int64_t>> parts;
  size_t num_elements = values.size();
  for (const Path& path : composite.parts) {
    PENSTOCK_ASSIGN_OR_RETURN(parts.emplace_back(), LengthsAt(batch, path));
    num_elements = std::max(num_elements, parts.back().size());
  }
  values.resize(num_elements, kMissing);
  for (auto& lengths : parts) lengths.resize(num_elements, kMissing);
  for (size_t i = 0; i < num_elements; ++i) {
    const bool is_seen =
        values[i] != kMissing ||
        std::any_of(parts.begin(), parts.end(), [&](const auto& part) { return part[i] != kMissing; });
    if (!is_seen) continue;
    counts.num_missing_values += values[i] == kMissing;
    for (size_t p = 0; p < parts.size(); ++p) {
      Part& part = counts.parts[p];
      part.num_missing += parts[p][i] == kMissing;
      const int64_t difference = std::max<int64_t>(parts[p][i], 0) - std::max<int64_t>(values[i], 0);
      const bool is_first = counts.num_seen == 0;
      part.min_length_difference = is_first ? difference : std::min(part.min_length_difference, difference);
      part.max_length_difference = is_first ? difference : std::max(part.max_length_difference, difference);
    }
    ++counts.num_seen;
  }
  return OkStatus();
}

Status CompositeFeatures::Add(const combine::Batch& batch, State& state) const {
  for (size_t i = 0; i < composites_.size(); ++i)
    PENSTOCK_RETURN_IF_ERROR(AddTo(composites_[i], batch, state[i]));
  return OkStatus();
}

Status CompositeFeatures::Merge(const State& from, State& into) const {
  for (size_t i = 0; i < composites_.size(); ++i) {
    if (from[i].num_seen == 0) continue;
    for (size_t p = 0; p < into[i].parts.size(); ++p) {
      Part& mine = into[i].parts[p];
      const Part& theirs = from[i].parts[p];
      const bool is_first = into[i].num_seen == 0;
      mine.num_missing += theirs.num_missing;
      mine.min_length_difference = is_first
                                       ? theirs.min_length_difference
                                       : std::min(mine.min_length_difference, theirs.min_length_difference);
      mine.max_length_difference = is_first
                                       ? theirs.max_length_difference
                                       : std::max(mine.max_length_difference, theirs.max_length_difference);
    }
    into[i].num_seen += from[i].num_seen;
    into[i].num_missing_values += from[i].num_missing_values;
  }
  return OkStatus();
}

Result<CompositeFeatures::Output> CompositeFeatures::Finish(const State& state) const {
  Output output;
  for (size_t i = 0; i < composites_.size(); ++i) {
    v0::FeatureNameStatistics& feature = *output.add_features();
    for (const std::string& step : composites_[i].path) feature.mutable_path()->add_step(step);
    if (composites_[i].is_sparse) {
      FinishSparse(composites_[i].parts, state[i], feature);
    } else {
      FinishWeighted(state[i], feature);
    }
  }
  return output;
}

combine::Bytes CompositeFeatures::Encode(const State& state) const {
  combine::StateWriter writer;
  writer.Version(kStateVersion);
  for (const Counts& counts : state) {
    WriteCount(counts.num_seen, writer);
    WriteCount(counts.num_missing_values, writer);
    for (const Part& part : counts.parts) {
      WriteCount(part.num_missing, writer);
      writer.Signed(part.min_length_difference).Signed(part.max_length_difference);
    }
  }
  return std::move(writer).Take();
}

Result<CompositeFeatures::State> CompositeFeatures::Decode(std::string_view bytes) const {
  combine::StateReader reader(bytes, "CompositeFeatures");
  reader.Version(kStateVersion);
  State state = NewState();
  for (Counts& counts : state) {
    counts.num_seen = ReadCount(reader);
    counts.num_missing_values = ReadCount(reader);
    for (Part& part : counts.parts) {
      part.num_missing = ReadCount(reader);
      part.min_length_difference = reader.Signed();
      part.max_length_difference = reader.Signed();
    }
  }
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
  return state;
}

Digest CompositeFeatures::Fingerprint() const {
  DigestBuilder builder;
  builder.Add("CompositeFeatures").Add(int64_t{kStateVersion});
  const auto add = [&](const Path& path) {
    builder.Add(static_cast<int64_t>(path.size()));
    for (const std::string& step : path) builder.Add(step);
  };
  for (const Composite& composite : composites_) {
    add(composite.path);
    add(composite.value);
    builder.Add(int64_t{composite.is_sparse}).Add(static_cast<int64_t>(composite.parts.size()));
    for (const Path& part : composite.parts) add(part);
  }
  return builder.Finish();
}

static_assert(combine::Combiner<CompositeFeatures>);

}  // namespace penstock::statistics
