#include "penstock/statistics/dataset_statistics.h"

#include <set>
#include <span>
#include <unordered_map>
#include <utility>

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/near_miss.h"
#include "penstock/combine/state_codec.h"
#include "penstock/statistics/state_counts.h"
#include "penstock/statistics/weighted_summary.h"

namespace penstock::statistics {

namespace v0 = tensorflow::metadata::v0;

namespace {

constexpr uint8_t kStateVersion = 1;

/// What a schema says that changes how values are described.
enum class Claim { kNone, kBytes, kCategoricalInteger, kCategoricalReal };

Claim ClaimOf(const v0::Feature& feature) {
  if (feature.has_image_domain()) return Claim::kBytes;
  if (feature.type() == v0::INT) {
    const bool is_categorical = (feature.has_int_domain() && feature.int_domain().is_categorical()) ||
                                feature.has_bool_domain() || feature.has_natural_language_domain();
    return is_categorical ? Claim::kCategoricalInteger : Claim::kNone;
  }
  if (feature.type() == v0::FLOAT && feature.has_float_domain() && feature.float_domain().is_categorical()) {
    return Claim::kCategoricalReal;
  }
  return Claim::kNone;
}

std::unordered_map<std::string, Claim> ClaimsOf(const v0::Schema* schema) {
  std::unordered_map<std::string, Claim> claims;
  if (schema == nullptr) return claims;
  for (const v0::Feature& feature : schema->feature()) claims[feature.name()] = ClaimOf(feature);
  return claims;
}

/// Claims count only where the data have that type: statistics are there to show where they do not.
Result<ColumnRole> RoleOf(const arrow::Field& field, Claim claim) {
  const arrow::DataType* type = field.type().get();
  if (type->id() == arrow::Type::LIST || type->id() == arrow::Type::LARGE_LIST)
    type = type->field(0)->type().get();
  switch (type->id()) {
    case arrow::Type::NA:
      return claim == Claim::kBytes ? ColumnRole::kUnknownBytes : ColumnRole::kUnknown;
    case arrow::Type::INT64:
    case arrow::Type::BOOL:
      return claim == Claim::kCategoricalInteger ? ColumnRole::kCategoricalInteger : ColumnRole::kInteger;
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      return claim == Claim::kCategoricalReal ? ColumnRole::kCategoricalReal : ColumnRole::kReal;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return claim == Claim::kBytes ? ColumnRole::kBytes : ColumnRole::kString;
    default:
      return InvalidArgument(
          "Statistics of column '{}' cannot be computed: its type is {}; it must be int64, float, double, "
          "bool, "
          "string or binary, or a list of one of these",
          field.name(), field.type()->ToString());
  }
}

Status CheckAllowlist(const std::vector<std::string>& allowlist, const arrow::Schema& schema) {
  const std::vector<std::string> names = schema.field_names();
  for (const std::string& name : allowlist) {
    if (schema.GetFieldIndex(name) < 0) {
      return NotFound("The feature '{}' of feature_allowlist is not in the data{}", name,
                      DidYouMean(name, names));
    }
  }
  return OkStatus();
}

}  // namespace

Result<DatasetStatistics> DatasetStatistics::Make(const arrow::Schema& schema,
                                                  const StatisticsOptions& options) {
  PENSTOCK_RETURN_IF_ERROR(CheckStatisticsOptions(options));
  PENSTOCK_RETURN_IF_ERROR(CheckAllowlist(options.feature_allowlist, schema));
  const std::set<std::string> allowed(options.feature_allowlist.begin(), options.feature_allowlist.end());
  const std::unordered_map<std::string, Claim> claims = ClaimsOf(options.schema);
  DatasetStatistics statistics;
  statistics.options_ = options;
  statistics.options_.schema = nullptr;
  statistics.options_.owned_schema = nullptr;
  statistics.num_columns_ = schema.num_fields();
  for (int column = 0; column < schema.num_fields(); ++column) {
    const arrow::Field& field = *schema.field(column);
    if (!allowed.empty() && !allowed.contains(field.name())) continue;
    const auto claim = claims.find(field.name());
    PENSTOCK_ASSIGN_OR_RETURN(const ColumnRole role,
                              RoleOf(field, claim == claims.end() ? Claim::kNone : claim->second));
    statistics.features_.push_back({field.name(), column, field.type(), role, kNoWeight});
  }
  PENSTOCK_RETURN_IF_ERROR(statistics.FindWeights(schema));
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
  for (Feature& feature : features_) {
    feature.weight = default_weight_;
    const auto override_at = options_.per_feature_weight_override.find(feature.name);
    if (override_at == options_.per_feature_weight_override.end()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(feature.weight, WeightNamed(override_at->second, schema));
  }
  return OkStatus();
}

DatasetStatistics::State DatasetStatistics::NewState() const {
  State state;
  state.columns.reserve(features_.size());
  for (const Feature& feature : features_) {
    state.columns.emplace_back(feature.role, options_.epsilon, ExtrasOf(feature));
  }
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
  for (size_t i = 0; i < features_.size(); ++i) {
    const Feature& feature = features_[i];
    const arrow::Array& column = *batch->column(feature.column);
    if (!column.type()->Equals(*feature.type)) {
      return InvalidArgument("Column '{}' is {} in one batch and {} in another", feature.name,
                             feature.type->ToString(), column.type()->ToString());
    }
    const std::span<const double> of_feature =
        feature.is_weighted() ? std::span<const double>(weights[static_cast<size_t>(feature.weight)])
                              : std::span<const double>();
    PENSTOCK_RETURN_IF_ERROR(state.columns[i].Add(column, of_feature));
  }
  state.num_examples += batch->num_rows();
  if (default_weight_ != kNoWeight) {
    for (const double weight : weights[static_cast<size_t>(default_weight_)])
      state.weighted_num_examples.Add(weight);
  }
  return OkStatus();
}

Status DatasetStatistics::Merge(const State& from, State& into) const {
  for (size_t i = 0; i < features_.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(into.columns[i].Merge(from.columns[i]));
  }
  into.num_examples += from.num_examples;
  into.weighted_num_examples.Merge(from.weighted_num_examples);
  return OkStatus();
}

Result<DatasetStatistics::Output> DatasetStatistics::Finish(const State& state) const {
  Output output;
  output.set_num_examples(static_cast<uint64_t>(state.num_examples));
  const double weighted_num_examples = state.weighted_num_examples.value();
  output.set_weighted_num_examples(weighted_num_examples);
  for (size_t i = 0; i < features_.size(); ++i) {
    v0::FeatureNameStatistics& feature = *output.add_features();
    feature.mutable_path()->add_step(features_[i].name);
    state.columns[i].Finish(state.num_examples, weighted_num_examples, options_, feature);
  }
  return output;
}

combine::Bytes DatasetStatistics::Encode(const State& state) const {
  combine::StateWriter writer;
  writer.Version(kStateVersion);
  WriteCount(state.num_examples, writer);
  if (default_weight_ != kNoWeight) state.weighted_num_examples.Encode(writer);
  writer.Varint(state.columns.size());
  for (const ColumnStatistics& column : state.columns) column.Encode(writer);
  return std::move(writer).Take();
}

Result<DatasetStatistics::State> DatasetStatistics::Decode(std::string_view bytes) const {
  combine::StateReader reader(bytes, "DatasetStatistics");
  reader.Version(kStateVersion);
  State state;
  state.num_examples = ReadCount(reader);
  if (default_weight_ != kNoWeight) state.weighted_num_examples.Decode(reader);
  if (reader.Count(1) != features_.size()) reader.Fail("the number of features is another one");
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  for (const Feature& feature : features_) {
    PENSTOCK_ASSIGN_OR_RETURN(
        ColumnStatistics column,
        ColumnStatistics::Decode(feature.role, options_.epsilon, ExtrasOf(feature), reader));
    state.columns.push_back(std::move(column));
  }
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
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
  for (const Feature& feature : features_) {
    builder.Add(feature.name).Add(int64_t{feature.column}).Add(feature.type->ToString());
    builder.Add(static_cast<int64_t>(feature.role));
    if (feature.is_weighted()) builder.Add(weights_[static_cast<size_t>(feature.weight)].name);
  }
  return builder.Finish();
}

static_assert(combine::Combiner<DatasetStatistics>);

}  // namespace penstock::statistics
