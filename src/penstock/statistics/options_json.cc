#include "penstock/statistics/options_json.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <limits>
#include <memory>
#include <utility>

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <nlohmann/json.hpp>

#include "penstock/base/near_miss.h"
#include "penstock/statistics/generator_options_json.h"
#include "penstock/statistics/json_values.h"

namespace penstock::statistics {

namespace {

using tensorflow::metadata::v0::Schema;

constexpr size_t kMaxBytes = size_t{64} << 20;

Status ReadAllowlist(const std::string& key, const Json& value, StatisticsOptions& options) {
  if (!value.is_array()) return WrongType(key, "a list of feature names", value);
  for (const Json& feature : value) {
    PENSTOCK_RETURN_IF_ERROR(ReadFeature(key, feature, options.feature_allowlist.emplace_back()));
  }
  return OkStatus();
}

Status ReadWeightOverride(const std::string& key, const Json& value, StatisticsOptions& options) {
  if (!value.is_object()) return WrongType(key, "an object of feature names and weight features", value);
  for (const auto& [feature, weight] : value.items()) {
    std::string name;
    PENSTOCK_RETURN_IF_ERROR(ReadFeature(key, Json(feature), name));
    PENSTOCK_RETURN_IF_ERROR(ReadText(key, weight, options.per_feature_weight_override[name]));
  }
  return OkStatus();
}

Result<SliceSpec> ReadSliceSpec(const Json& json) {
  const std::string key = "slicing_config";
  if (!json.is_object()) return WrongType(key, "made of objects in slicing_specs", json);
  PENSTOCK_RETURN_IF_ERROR(CheckKeys(
      "A slicing spec of the statistics option slicing_config", json,
      {"feature_keys", "featureKeys", "feature_values", "featureValues", "slice_keys_sql", "sliceKeysSql"}));
  SliceSpec spec;
  if (const Json* sql = FindKey(json, {"slice_keys_sql", "sliceKeysSql"})) {
    PENSTOCK_RETURN_IF_ERROR(ReadText(key + ": slice_keys_sql", *sql, spec.sql));
  }
  spec.texts_match_nothing = true;
  if (const Json* keys = FindKey(json, {"feature_keys", "featureKeys"})) {
    if (!keys->is_array()) return WrongType(key + ": feature_keys", "a list of feature names", *keys);
    for (const Json& feature : *keys) {
      PENSTOCK_RETURN_IF_ERROR(ReadText(key + ": feature_keys", feature, spec.feature_keys.emplace_back()));
    }
  }
  if (const Json* values = FindKey(json, {"feature_values", "featureValues"})) {
    if (!values->is_object()) return WrongType(key + ": feature_values", "an object", *values);
    for (const auto& [feature, value] : values->items()) {
      PENSTOCK_RETURN_IF_ERROR(ReadText(key + ": feature_values", value, spec.feature_values[feature]));
    }
  }
  if (!spec.sql.empty() && !(spec.feature_keys.empty() && spec.feature_values.empty()))
    return InvalidArgument(
        "The statistics option slicing_config has a spec with slice_keys_sql and features; "
        "give it one of them");
  return spec;
}

Status ReadSliceSqls(const std::string& key, const Json& value, StatisticsOptions& options) {
  if (!value.is_array()) return WrongType(key, "a list of queries SELECT STRUCT(...)", value);
  for (const Json& sql : value)
    PENSTOCK_RETURN_IF_ERROR(ReadText(key, sql, options.slices.emplace_back().sql));
  return OkStatus();
}

Status ReadSlicingConfig(const std::string& key, const Json& value, StatisticsOptions& options) {
  std::string fault;
  const Json config = value.is_string() ? ParseJson(value.get_ref<const std::string&>(), fault) : value;
  if (!config.is_object()) return WrongType(key, "an object with slicing_specs", value);
  PENSTOCK_RETURN_IF_ERROR(
      CheckKeys("The statistics option slicing_config", config, {"slicing_specs", "slicingSpecs"}));
  const Json* specs = FindKey(config, {"slicing_specs", "slicingSpecs"});
  if (specs == nullptr) return OkStatus();
  if (!specs->is_array()) return WrongType(key + ": slicing_specs", "a list", *specs);
  for (const Json& spec : *specs) {
    PENSTOCK_ASSIGN_OR_RETURN(SliceSpec read, ReadSliceSpec(spec));
    options.slices.push_back(std::move(read));
  }
  return OkStatus();
}

Status ReadSchema(const std::string& key, const Json& value, StatisticsOptions& options) {
  if (!value.is_string() && !value.is_object()) return WrongType(key, "a schema as JSON", value);
  const std::string text = value.is_string() ? value.get<std::string>()
                                             : value.dump(-1, ' ', false, Json::error_handler_t::replace);
  auto schema = std::make_shared<Schema>();
  const auto status = google::protobuf::util::JsonStringToMessage(text, schema.get());
  if (!status.ok()) {
    return InvalidArgument("The statistics option {} is not a schema: {}", key,
                           std::string(status.message()));
  }
  options.schema = schema.get();
  options.owned_schema = std::move(schema);
  return OkStatus();
}

using Read = std::function<Status(const std::string& key, const Json& value, StatisticsOptions& options)>;

Read Integer(int StatisticsOptions::*member) {
  return [member](const std::string& key, const Json& value, StatisticsOptions& options) {
    return ReadInteger(key, value, options.*member);
  };
}
Read LongInteger(int64_t StatisticsOptions::*member) {
  return [member](const std::string& key, const Json& value, StatisticsOptions& options) {
    return ReadInteger(key, value, std::numeric_limits<int64_t>::max(), options.*member);
  };
}
Read Number(double StatisticsOptions::*member) {
  return [member](const std::string& key, const Json& value, StatisticsOptions& options) {
    return ReadNumber(key, value, options.*member);
  };
}
Status ReadMemoryLimit(const std::string& key, const Json& value, StatisticsOptions& options) {
  int64_t megabytes = 0;
  PENSTOCK_RETURN_IF_ERROR(ReadInteger(key, value, int64_t{1} << 40, megabytes));
  options.memory_limit_bytes = megabytes << 20;
  return OkStatus();
}
/// A flag that says how TFDV computes, not what.
Read AnyFlag() {
  return [](const std::string& key, const Json& value, StatisticsOptions&) -> Status {
    return value.is_boolean() ? OkStatus() : WrongType(key, "true or false", value);
  };
}
Read PositiveWithoutEffect() {
  return [](const std::string& key, const Json& value, StatisticsOptions&) -> Status {
    if (value.is_number_integer() && value.get<int64_t>() >= 1) return OkStatus();
    return WrongType(key, "an integer of 1 or more", value);
  };
}
/// A function in Python; empty lists stand for none.
Read PythonOnly() {
  return [](const std::string& key, const Json& value, StatisticsOptions&) -> Status {
    if (value.is_array() && value.empty()) return OkStatus();
    return Unimplemented(
        "The statistics option {} holds Python functions, which cannot be run: use slicing_config", key);
  };
}

Read Boolean(bool StatisticsOptions::*member) {
  return [member](const std::string& key, const Json& value, StatisticsOptions& options) -> Status {
    if (!value.is_boolean()) return WrongType(key, "true or false", value);
    options.*member = value.get<bool>();
    return OkStatus();
  };
}

Status ReadShare(const std::string& key, const Json& value, StatisticsOptions&) {
  double share = 0;
  PENSTOCK_RETURN_IF_ERROR(ReadNumber(key, value, share));
  // All values are looked at, whatever TFDV would draw.
  return share > 0 && share <= 1 ? OkStatus() : WrongType(key, "above 0 and at most 1", value);
}

Status ReadPerFeature(const std::string& key, const Json& value, StatisticsOptions& options) {
  if (!value.is_object()) return WrongType(key, "an object with histogram_paths and histogram_mode", value);
  PENSTOCK_RETURN_IF_ERROR(
      CheckKeys("The statistics option " + key, value, {"histogram_paths", "histogram_mode"}));
  if (const Json* mode = FindKey(value, {"histogram_mode"})) {
    if (*mode != "include" && *mode != "exclude")
      return WrongType(key + ": histogram_mode", "\"include\" or \"exclude\"", *mode);
    options.histogram_paths_are_excluded = *mode == "exclude";
  }
  const Json* paths = FindKey(value, {"histogram_paths"});
  return paths == nullptr ? OkStatus()
                          : ReadTexts(key + ": histogram_paths", *paths, options.histogram_paths);
}

Status ReadVocabularies(const std::string& key, const Json& value, StatisticsOptions& options) {
  if (!value.is_object()) return WrongType(key, "an object of vocabularies and their files", value);
  for (const auto& [name, path] : value.items())
    PENSTOCK_RETURN_IF_ERROR(ReadText(key, path, options.vocab_paths[name]));
  return OkStatus();
}

using Readers = std::vector<std::pair<std::string, Read>>;

Readers MakeReaders() {
  using Options = StatisticsOptions;
  return {
      {"num_top_values", Integer(&Options::num_top_values)},
      {"frequency_threshold", LongInteger(&Options::frequency_threshold)},
      {"weighted_frequency_threshold", Number(&Options::weighted_frequency_threshold)},
      {"num_rank_histogram_buckets", Integer(&Options::num_rank_histogram_buckets)},
      {"num_values_histogram_buckets", Integer(&Options::num_values_histogram_buckets)},
      {"num_histogram_buckets", Integer(&Options::num_histogram_buckets)},
      {"num_quantiles_histogram_buckets", Integer(&Options::num_quantiles_histogram_buckets)},
      {"numeric_sketch_size", Integer(&Options::numeric_sketch_size)},
      {"memory_limit_mb", ReadMemoryLimit},
      {"epsilon", Number(&Options::epsilon)},
      {"sample_rate", Number(&Options::sample_rate)},
      {"max_slices", LongInteger(&Options::max_slices)},
      {"weight_feature", [](const std::string& key, const Json& value,
                            Options& options) { return ReadText(key, value, options.weight_feature); }},
      {"feature_allowlist", ReadAllowlist},
      {"per_feature_weight_override", ReadWeightOverride},
      {"per_feature_weight_override_json", ReadWeightOverride},
      {"slicing_config", ReadSlicingConfig},
      {"slicing_config_json", ReadSlicingConfig},
      {"slicing_sqls", ReadSliceSqls},
      {"slice_sqls", ReadSliceSqls},
      {"experimental_slice_sqls", ReadSliceSqls},
      {"schema", ReadSchema},
      {"schema_json", ReadSchema},
      {"infer_type_from_schema", AnyFlag()},
      {"enable_semantic_domain_stats", Boolean(&Options::enable_semantic_domain_stats)},
      {"add_default_generators", Boolean(&Options::add_default_generators)},
      {"use_sketch_based_topk_uniques", AnyFlag()},
      {"experimental_use_sketch_based_topk_uniques", AnyFlag()},
      {"experimental_filter_read_paths", AnyFlag()},
      {"desired_batch_size", PositiveWithoutEffect()},
      {"experimental_result_partitions", PositiveWithoutEffect()},
      {"experimental_num_feature_partitions", PositiveWithoutEffect()},
      {"generators", ReadGenerators},
      {"label_feature", [](const std::string& key, const Json& value,
                           Options& options) { return ReadText(key, value, options.label_feature); }},
      {"slice_functions", PythonOnly()},
      {"experimental_slice_functions", PythonOnly()},
      {"semantic_domain_stats_sample_rate", ReadShare},
      {"vocab_paths", ReadVocabularies},
      {"per_feature_stats_config", ReadPerFeature},
  };
}

Status ReadOption(const Readers& readers, const std::string& key, const Json& value,
                  StatisticsOptions& options) {
  // StatsOptions.to_json writes its private members.
  const std::string name = key.starts_with("_") ? key.substr(1) : key;
  if (key == "TYPE_NAME") {
    return value == "StatsOptions" ? OkStatus() : WrongType(key, "\"StatsOptions\"", value);
  }
  std::vector<std::string> names;
  for (const auto& [known, read] : readers) {
    if (known == name) return value.is_null() ? OkStatus() : read(name, value, options);
    names.push_back(known);
  }
  return InvalidArgument("There is no statistics option '{}'{}", key, DidYouMean(name, names));
}

}  // namespace

Result<StatisticsOptions> ParseStatisticsOptions(std::string_view json) {
  if (json.size() > kMaxBytes) {
    return InvalidArgument("The statistics options are {} bytes long; at most {} are read", json.size(),
                           kMaxBytes);
  }
  std::string fault;
  const Json root = ParseJson(json, fault);
  if (root.is_discarded()) return InvalidArgument("The statistics options are not JSON: {}", fault);
  if (!root.is_object()) return InvalidArgument("The statistics options must be a JSON object");
  StatisticsOptions options;
  const Readers readers = MakeReaders();
  for (const auto& [key, value] : root.items())
    PENSTOCK_RETURN_IF_ERROR(ReadOption(readers, key, value, options));
  PENSTOCK_RETURN_IF_ERROR(CheckStatisticsOptions(options));
  return options;
}

namespace {

/// "SELECT ..." in whatever case: no feature's name has a space after that word and STRUCT behind it.
bool IsSelect(std::string_view text) {
  constexpr std::string_view kSelect = "select";
  const size_t begin = std::min(text.find_first_not_of(" \t\r\n"), text.size());
  text.remove_prefix(begin);
  if (text.size() <= kSelect.size() || std::isspace(static_cast<unsigned char>(text[kSelect.size()])) == 0)
    return false;
  return std::equal(kSelect.begin(), kSelect.end(), text.begin(),
                    [](char a, char b) { return a == std::tolower(static_cast<unsigned char>(b)); });
}

}  // namespace

Result<std::vector<SliceSpec>> ParseSlices(std::span<const std::string> slices) {
  std::vector<SliceSpec> specs;
  for (const std::string& text : slices) {
    SliceSpec& spec = specs.emplace_back();
    if (IsSelect(text)) {
      spec.sql = text;
      continue;
    }
    std::string_view rest = text;
    while (true) {
      const size_t comma = rest.find(',');
      const std::string_view part = rest.substr(0, comma);
      const size_t equals = part.find('=');
      const std::string name(part.substr(0, equals));
      if (name.empty()) {
        return InvalidArgument(
            "A feature's name is missing in the slices '{}'; write feature, feature=value, or several with "
            "commas between them",
            text);
      }
      if (equals == std::string_view::npos) {
        spec.feature_keys.push_back(name);
      } else {
        spec.feature_values[name] = std::string(part.substr(equals + 1));
      }
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return specs;
}

}  // namespace penstock::statistics
