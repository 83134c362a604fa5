#include "penstock/statistics/dataset_statistics.h"

#include <algorithm>
#include <any>
#include <queue>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "penstock/base/near_miss.h"
#include "penstock/combine/state_codec.h"
#include "penstock/statistics/generated_statistics.h"
#include "penstock/statistics/state_counts.h"
#include "penstock/statistics/weighted_summary.h"

namespace penstock::statistics {

namespace v0 = tensorflow::metadata::v0;

namespace {

constexpr uint8_t kStateVersion = 2;

void ClearHistograms(v0::FeatureNameStatistics& feature) {
  if (feature.has_num_stats()) {
    v0::NumericStatistics& numbers = *feature.mutable_num_stats();
    numbers.clear_histograms();
    numbers.clear_median();
    if (numbers.has_weighted_numeric_stats()) {
      numbers.mutable_weighted_numeric_stats()->clear_histograms();
      numbers.mutable_weighted_numeric_stats()->clear_median();
    }
    numbers.mutable_common_stats()->clear_num_values_histogram();
  } else if (feature.has_string_stats()) {
    feature.mutable_string_stats()->mutable_common_stats()->clear_num_values_histogram();
  } else if (feature.has_bytes_stats()) {
    feature.mutable_bytes_stats()->mutable_common_stats()->clear_num_values_histogram();
  } else if (feature.has_struct_stats()) {
    feature.mutable_struct_stats()->mutable_common_stats()->clear_num_values_histogram();
  }
}

void EraseLengthHistograms(v0::FeatureNameStatistics& feature) {
  auto& customs = *feature.mutable_custom_stats();
  for (int i = customs.size() - 1; i >= 0; --i)
    if (customs[i].name().starts_with("level_")) customs.DeleteSubrange(i, 1);
}

/// Leaves what is not of TFDV's default generators.
void EraseDefaults(v0::DatasetFeatureStatistics& dataset) {
  dataset.clear_num_examples();
  dataset.clear_weighted_num_examples();
  auto& features = *dataset.mutable_features();
  for (int i = features.size() - 1; i >= 0; --i) {
    v0::FeatureNameStatistics& feature = features[i];
    EraseLengthHistograms(feature);
    feature.clear_stats();
    feature.clear_type();
    if (feature.custom_stats().empty()) features.DeleteSubrange(i, 1);
  }
}

}  // namespace

Result<DatasetStatistics> DatasetStatistics::Make(const arrow::Schema& schema,
                                                  const StatisticsOptions& options) {
  PENSTOCK_RETURN_IF_ERROR(CheckStatisticsOptions(options));
  DatasetStatistics statistics;
  statistics.options_ = options;
  statistics.options_.schema = nullptr;
  statistics.options_.owned_schema = nullptr;
  statistics.num_columns_ = schema.num_fields();
  PENSTOCK_ASSIGN_OR_RETURN(statistics.tree_,
                            FeatureTree::Make(schema, options.feature_allowlist, options.schema));
  PENSTOCK_RETURN_IF_ERROR(statistics.FindWeights(schema));
  PENSTOCK_ASSIGN_OR_RETURN(statistics.generated_, MakeGeneratedStatistics(schema, options));
  return statistics;
}

Result<int> DatasetStatistics::WeightNamed(const std::string& name, const arrow::Schema& schema) {
  for (size_t i = 0; i < weights_.size(); ++i) {
    if (weights_[i].name == name) return static_cast<int>(i);
  }
  const int column = schema.GetFieldIndex(name);
  if (column < 0) {
    return NotFound("The weight feature '{}' is not in the data{}", name,
                    DidYouMean(name, schema.field_names()));
  }
  weights_.push_back({name, column});
  return static_cast<int>(weights_.size()) - 1;
}

Status DatasetStatistics::FindWeights(const arrow::Schema& schema) {
  if (!options_.weight_feature.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(default_weight_, WeightNamed(options_.weight_feature, schema));
  }
  for (const auto& [feature, weight] : options_.per_feature_weight_override) {
    if (schema.GetFieldIndex(feature) < 0) {
      return NotFound("The feature '{}' of per_feature_weight_override is not in the data{}", feature,
                      DidYouMean(feature, schema.field_names()));
    }
  }
  for (const FeatureTree::Feature& feature : tree_.features()) {
    int& weight = weight_of_feature_.emplace_back(default_weight_);
    // Overrides name columns; as in TFDV they do not reach the fields of a struct.
    const auto override_at = options_.per_feature_weight_override.find(feature.path.front());
    if (feature.path.size() > 1 || override_at == options_.per_feature_weight_override.end()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(weight, WeightNamed(override_at->second, schema));
  }
  return OkStatus();
}

ColumnStatistics::Extras DatasetStatistics::ExtrasOf(size_t feature) const {
  const FeatureTree::Feature& described = tree_.features()[feature];
  return {weight_of_feature_[feature] != kNoWeight,
          options_.enable_semantic_domain_stats && described.role != ColumnRole::kStruct,
          described.nest_level};
}

DatasetStatistics::State DatasetStatistics::NewState() const {
  State state;
  state.columns.reserve(tree_.features().size());
  for (size_t i = 0; i < tree_.features().size(); ++i)
    state.columns.emplace_back(tree_.features()[i].role, options_.epsilon, ExtrasOf(i));
  state.generated = generated_.NewState();
  return state;
}

Status DatasetStatistics::Add(const combine::Batch& batch, State& state) const {
  if (batch->num_columns() != num_columns_) {
    return InvalidArgument("A batch has {} columns where the statistics were begun with {}",
                           batch->num_columns(), num_columns_);
  }
  std::vector<std::vector<double>> weights;
  for (const Weight& weight : weights_) {
    PENSTOCK_ASSIGN_OR_RETURN(std::vector<double> of_examples,
                              ReadWeights(*batch->column(weight.column), weight.name));
    weights.push_back(std::move(of_examples));
  }
  const auto add = [&](size_t feature, const arrow::Array& values, std::span<const int64_t> rows) -> Status {
    if (weight_of_feature_[feature] == kNoWeight) return state.columns[feature].Add(values);
    const std::vector<double>& of_examples = weights[static_cast<size_t>(weight_of_feature_[feature])];
    if (rows.empty() && values.length() == batch->num_rows())
      return state.columns[feature].Add(values, of_examples);
    std::vector<double> of_values;
    of_values.reserve(rows.size());
    for (const int64_t row : rows) of_values.push_back(of_examples[static_cast<size_t>(row)]);
    return state.columns[feature].Add(values, of_values);
  };
  PENSTOCK_RETURN_IF_ERROR(tree_.ForEach(*batch, !weights_.empty(), add));
  PENSTOCK_RETURN_IF_ERROR(generated_.Add(batch, state.generated));
  state.num_examples += batch->num_rows();
  if (default_weight_ != kNoWeight) {
    for (const double weight : weights[static_cast<size_t>(default_weight_)])
      state.weighted_num_examples.Add(weight);
  }
  FitInto(options_.memory_limit_bytes / kNumStatesInMemory, state);
  return OkStatus();
}

int64_t DatasetStatistics::StateBytes(const State& state) const {
  int64_t bytes = 0;
  for (const ColumnStatistics& column : state.columns) bytes += column.num_bytes();
  return bytes;
}

void DatasetStatistics::FitInto(int64_t num_bytes, State& state) const {
  int64_t total = StateBytes(state);
  if (total <= num_bytes) return;
  // By size, then by place: what is shrunk follows from the counts alone.
  std::priority_queue<std::pair<int64_t, size_t>> by_size;
  for (size_t i = 0; i < state.columns.size(); ++i) by_size.emplace(state.columns[i].num_bytes(), i);
  // Well below, so that it is rare.
  while (total > num_bytes / 4 * 3 && !by_size.empty()) {
    const auto [before, i] = by_size.top();
    by_size.pop();
    if (!state.columns[i].Shrink()) continue;
    const int64_t after = state.columns[i].num_bytes();
    total += after - before;
    by_size.emplace(after, i);
  }
}

Status DatasetStatistics::Merge(const State& from, State& into) const {
  for (size_t i = 0; i < tree_.features().size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(into.columns[i].Merge(from.columns[i]));
  }
  PENSTOCK_RETURN_IF_ERROR(generated_.Merge(from.generated, into.generated));
  into.num_examples += from.num_examples;
  into.weighted_num_examples.Merge(from.weighted_num_examples);
  FitInto(options_.memory_limit_bytes / kNumStatesInMemory, into);
  return OkStatus();
}

Result<DatasetStatistics::Output> DatasetStatistics::Finish(const State& state) const {
  Output output;
  output.set_num_examples(static_cast<uint64_t>(state.num_examples));
  const double weighted_num_examples = state.weighted_num_examples.value();
  output.set_weighted_num_examples(weighted_num_examples);
  for (size_t i = 0; i < tree_.features().size(); ++i) {
    const FeatureTree::Feature& described = tree_.features()[i];
    v0::FeatureNameStatistics& feature = *output.add_features();
    for (const std::string& step : described.path) feature.mutable_path()->add_step(step);
    if (described.parent == FeatureTree::kNoParent) {
      state.columns[i].Finish(state.num_examples, weighted_num_examples, options_, feature);
    } else {
      const ColumnStatistics& parent = state.columns[static_cast<size_t>(described.parent)];
      state.columns[i].Finish(parent.total_num_values(), parent.weighted_total_num_values(), options_,
                              feature);
    }
    const std::string path = fmt::format("{}", fmt::join(described.path, "."));
    const auto& listed = options_.histogram_paths;
    const bool is_listed = std::find(listed.begin(), listed.end(), path) != listed.end();
    if (is_listed == options_.histogram_paths_are_excluded) {
      ClearHistograms(feature);
      EraseLengthHistograms(feature);
    }
  }
  if (!options_.add_default_generators) EraseDefaults(output);
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::any> generated, generated_.Finish(state.generated));
  for (const std::any& part : generated) MergeGenerated(std::any_cast<const Output&>(part), output);
  return output;
}

combine::Bytes DatasetStatistics::Encode(const State& state) const {
  combine::StateWriter writer;
  writer.Version(kStateVersion);
  WriteCount(state.num_examples, writer);
  if (default_weight_ != kNoWeight) state.weighted_num_examples.Encode(writer);
  writer.Varint(state.columns.size());
  for (const ColumnStatistics& column : state.columns) column.Encode(writer);
  writer.Text(generated_.Encode(state.generated));
  return std::move(writer).Take();
}

Result<DatasetStatistics::State> DatasetStatistics::Decode(std::string_view bytes) const {
  combine::StateReader reader(bytes, "DatasetStatistics");
  reader.Version(kStateVersion);
  State state;
  state.num_examples = ReadCount(reader);
  if (default_weight_ != kNoWeight) state.weighted_num_examples.Decode(reader);
  if (reader.Count(1) != tree_.features().size()) reader.Fail("the number of features is another one");
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  for (size_t i = 0; i < tree_.features().size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(
        ColumnStatistics column,
        ColumnStatistics::Decode(tree_.features()[i].role, options_.epsilon, ExtrasOf(i), reader));
    state.columns.push_back(std::move(column));
  }
  const std::string_view generated = reader.Text();
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
  PENSTOCK_ASSIGN_OR_RETURN(state.generated, generated_.Decode(generated));
  return state;
}

Digest DatasetStatistics::Fingerprint() const {
  DigestBuilder builder;
  builder.Add("DatasetStatistics").Add(int64_t{kStateVersion});
  builder.Add(int64_t{options_.num_top_values}).Add(options_.frequency_threshold);
  builder.Add(int64_t{options_.num_rank_histogram_buckets})
      .Add(int64_t{options_.num_values_histogram_buckets});
  builder.Add(int64_t{options_.num_histogram_buckets}).Add(int64_t{options_.num_quantiles_histogram_buckets});
  builder.Add(options_.epsilon).Add(int64_t{num_columns_});
  builder.Add(int64_t{options_.enable_semantic_domain_stats});
  builder.Add(options_.weight_feature).Add(options_.weighted_frequency_threshold);
  for (size_t i = 0; i < tree_.features().size(); ++i) {
    const FeatureTree::Feature& feature = tree_.features()[i];
    builder.Add(static_cast<int64_t>(feature.path.size()));
    for (const std::string& step : feature.path) builder.Add(step);
    builder.Add(int64_t{feature.column})
        .Add(feature.type->ToString())
        .Add(static_cast<int64_t>(feature.role));
    const int weight = weight_of_feature_[i];
    if (weight != kNoWeight) builder.Add(weights_[static_cast<size_t>(weight)].name);
  }
  builder.Add(int64_t{options_.numeric_sketch_size}).Add(options_.memory_limit_bytes);
  builder.Add(int64_t{options_.add_default_generators}).Add(int64_t{options_.histogram_paths_are_excluded});
  for (const std::string& path : options_.histogram_paths) builder.Add(path);
  builder.Add(generated_.Fingerprint());
  return builder.Finish();
}

static_assert(combine::Combiner<DatasetStatistics>);

}  // namespace penstock::statistics
