#include "penstock/components/example_diff/example_diff.h"

#include <algorithm>
#include <utility>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/data/dataset.h"
#include "penstock/data/example_diff.h"
#include "penstock/data/splits.h"

namespace penstock::components {
namespace {

using nlohmann::json;

constexpr std::string_view kFileName = "example_diff.json";
using SplitPair = std::pair<std::string, std::string>;  // Test, base.

Status CheckKeys(const json& object, std::string_view where, const std::vector<std::string>& known) {
  if (!object.is_object()) return InvalidArgument("{} has to be a map, not {}", where, object.dump());
  for (const auto& [key, value] : object.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      return InvalidArgument("{} has no '{}'{} (it has {})", where, key, DidYouMean(key, known),
                             fmt::join(known, ", "));
  return OkStatus();
}

Result<std::vector<std::string>> Names(const json& skew, const std::string& key) {
  std::vector<std::string> names;
  if (!skew.contains(key)) return names;
  if (!skew[key].is_array()) return InvalidArgument("config: {} has to be a list of names", key);
  for (const json& name : skew[key]) {
    if (!name.is_string()) return InvalidArgument("config: {} has to be a list of names", key);
    names.push_back(name.get<std::string>());
  }
  return names;
}

Result<int64_t> Number(const json& skew, const std::string& key, int64_t highest) {
  const json& given = skew[key];
  if (!given.is_number_integer() || given.get<int64_t>() < 0 || given.get<int64_t>() > highest)
    return InvalidArgument("config: {} has to be a whole number from 0 to {}, not {}", key, highest,
                           given.dump());
  return given.get<int64_t>();
}

Result<std::vector<std::string>> ConfusionFeatures(const json& skew) {
  std::vector<std::string> features;
  if (!skew.contains("confusion_config")) return features;
  if (!skew["confusion_config"].is_array())
    return InvalidArgument("config: confusion_config has to be a list such as [{{feature_name: company}}]");
  for (const json& entry : skew["confusion_config"]) {
    PENSTOCK_RETURN_IF_ERROR(CheckKeys(entry, "config: confusion_config", {"feature_name"}));
    if (!entry.contains("feature_name") || !entry["feature_name"].is_string())
      return InvalidArgument("config: an entry of confusion_config needs a feature_name");
    features.push_back(entry["feature_name"].get<std::string>());
  }
  return features;
}

Result<data::ExampleDiffOptions> ToOptions(const json& config) {
  constexpr int64_t kMaxSample = 100'000, kMaxDigits = 15;
  PENSTOCK_RETURN_IF_ERROR(CheckKeys(config, "config", {"paired_example_skew"}));
  if (!config.contains("paired_example_skew"))
    return InvalidArgument("config needs paired_example_skew: {{identifier_features: [id]}}");
  const json& skew = config["paired_example_skew"];
  PENSTOCK_RETURN_IF_ERROR(
      CheckKeys(skew, "config: paired_example_skew",
                {"identifier_features", "ignore_features", "skew_sample_size", "float_round_ndigits",
                 "allow_duplicate_identifiers", "confusion_config"}));
  data::ExampleDiffOptions options;
  PENSTOCK_ASSIGN_OR_RETURN(options.identifier_features, Names(skew, "identifier_features"));
  if (options.identifier_features.empty())
    return InvalidArgument("config: identifier_features has to name a column at least");
  PENSTOCK_ASSIGN_OR_RETURN(options.ignore_features, Names(skew, "ignore_features"));
  PENSTOCK_ASSIGN_OR_RETURN(options.confusion_features, ConfusionFeatures(skew));
  if (skew.contains("skew_sample_size")) {
    PENSTOCK_ASSIGN_OR_RETURN(options.sample_size, Number(skew, "skew_sample_size", kMaxSample));
  }
  // The proto has no way to leave it out: TFX rounds to whole numbers then, which nobody means.
  if (skew.contains("float_round_ndigits")) {
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t digits, Number(skew, "float_round_ndigits", kMaxDigits));
    options.float_round_ndigits = static_cast<int>(digits);
  }
  if (skew.contains("allow_duplicate_identifiers")) {
    if (!skew["allow_duplicate_identifiers"].is_boolean())
      return InvalidArgument("config: allow_duplicate_identifiers has to be true or false");
    options.allow_duplicate_identifiers = skew["allow_duplicate_identifiers"].get<bool>();
  }
  return options;
}

Result<std::vector<SplitPair>> ToPairs(const json& given) {
  std::vector<SplitPair> pairs;
  if (given.is_null()) return pairs;
  if (!given.is_array())
    return InvalidArgument("include_split_pairs has to be a list such as [[train, train]]");
  for (const json& pair : given) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string())
      return InvalidArgument("include_split_pairs: an entry is a test split and a base split, not {}",
                             pair.dump());
    pairs.emplace_back(pair[0].get<std::string>(), pair[1].get<std::string>());
  }
  return pairs;
}

/// The pairs asked for, or each with each.
Result<std::vector<SplitPair>> SplitPairs(std::vector<SplitPair> wanted, const pipeline::Artifact& test,
                                          const pipeline::Artifact& base) {
  for (const auto& [test_split, base_split] : wanted) {
    PENSTOCK_RETURN_IF_ERROR(CheckHasSplit(test, test_split));
    PENSTOCK_RETURN_IF_ERROR(CheckHasSplit(base, base_split));
  }
  if (!wanted.empty()) return wanted;
  PENSTOCK_ASSIGN_OR_RETURN(const auto test_splits, SplitNames(test));
  PENSTOCK_ASSIGN_OR_RETURN(const auto base_splits, SplitNames(base));
  for (const auto& test_split : test_splits)
    for (const auto& base_split : base_splits) wanted.emplace_back(test_split, base_split);
  return wanted;
}

Result<std::unique_ptr<data::Dataset>> OpenSplit(const pipeline::Artifact& examples, const std::string& split,
                                                 const ExecutionOptions& options) {
  return data::OpenDataset(std::vector{data::SplitDirectory(examples.uri, split)}, {}, options);
}

class ExampleDiffExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task,
                                            ExecutionContext& context) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* test, Input(task, "examples"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto* base, Input(task, "baseline_examples"));
    PENSTOCK_ASSIGN_OR_RETURN(const json config, Parameter<json>(task, "config"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto options, ToOptions(config));
    PENSTOCK_ASSIGN_OR_RETURN(const json given, ParameterOr(task, "include_split_pairs", json()));
    PENSTOCK_ASSIGN_OR_RETURN(auto wanted, ToPairs(given));
    PENSTOCK_ASSIGN_OR_RETURN(const auto pairs, SplitPairs(std::move(wanted), *test, *base));
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* result, Output(report, "example_diff_result"));
    int64_t num_pairs = 0, num_features = 0;
    for (const auto& [test_split, base_split] : pairs) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto tested, OpenSplit(*test, test_split, context.options));
      PENSTOCK_ASSIGN_OR_RETURN(const auto compared, OpenSplit(*base, base_split, context.options));
      PENSTOCK_ASSIGN_OR_RETURN(const auto diff,
                                data::DiffExamples(*compared, *tested, options, context.options));
      num_pairs += diff.match_stats.matching_pairs_count;
      for (const auto& feature : diff.skew_results) num_features += feature.diff_count() > 0 ? 1 : 0;
      const std::string folder =
          fs::Join(result->uri, fmt::format("SplitPair-{}_{}", test_split, base_split));
      PENSTOCK_RETURN_IF_ERROR(
          fs::WriteFileAtomically(fs::Join(folder, kFileName), data::ExampleDiffJson(diff)));
    }
    result->properties["num_matching_pairs"] = num_pairs;
    result->properties["num_features_that_differ"] = num_features;
    return report;
  }
};

}  // namespace

Status CheckExampleDiff(const std::map<std::string, json>& parameters) {
  if (const auto config = parameters.find("config"); config != parameters.end())
    PENSTOCK_RETURN_IF_ERROR(ToOptions(config->second).status());
  if (const auto pairs = parameters.find("include_split_pairs"); pairs != parameters.end())
    return ToPairs(pairs->second).status();
  return OkStatus();
}

std::unique_ptr<pipeline::Executor> MakeExampleDiffExecutor() {
  return std::make_unique<ExampleDiffExecutor>();
}

}  // namespace penstock::components
