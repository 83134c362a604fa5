#include "penstock/statistics/generator_options_json.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "penstock/base/near_miss.h"

namespace penstock::statistics {

namespace {

constexpr int64_t kMaxInteger = std::numeric_limits<int64_t>::max();

/// Reads the arguments of one generator, each of which may be absent or null.
class Arguments {
 public:
  Arguments(const std::string& generator, const Json& object) : generator_(generator), object_(object) {}

  Status Check(std::vector<std::string> known) const {
    known.push_back("name");
    return CheckKeys("The generator " + generator_, object_, std::move(known));
  }
  const Json* Find(const char* key) const {
    const Json* value = FindKey(object_, {key});
    return value == nullptr || value->is_null() ? nullptr : value;
  }
  std::string KeyOf(const char* key) const { return "generators: " + generator_ + "." + key; }

  Status Integer(const char* key, int64_t least, int64_t& out) const {
    const Json* value = Find(key);
    if (value == nullptr) return OkStatus();
    PENSTOCK_RETURN_IF_ERROR(ReadInteger(KeyOf(key), *value, kMaxInteger, out));
    return out >= least ? OkStatus() : WrongType(KeyOf(key), "larger", *value);
  }
  Status Boolean(const char* key, bool& out) const {
    const Json* value = Find(key);
    if (value == nullptr) return OkStatus();
    if (!value->is_boolean()) return WrongType(KeyOf(key), "true or false", *value);
    out = value->get<bool>();
    return OkStatus();
  }
  Status Feature(const char* key, bool is_required, std::string& out) const {
    const Json* value = Find(key);
    if (value != nullptr) return ReadFeature(KeyOf(key), *value, out);
    if (!is_required) return OkStatus();
    return InvalidArgument("The generator {} needs a {}", generator_, key);
  }
  Status Features(const char* key, std::vector<std::string>& out) const {
    const Json* value = Find(key);
    return value == nullptr ? OkStatus() : ReadTexts(KeyOf(key), *value, out);
  }

 private:
  const std::string& generator_;
  const Json& object_;
};

Status ReadCrosses(const Arguments& arguments, StatisticsOptions& options) {
  PENSTOCK_RETURN_IF_ERROR(arguments.Check({"feature_crosses", "sample_rate"}));
  CrossFeatureOptions crosses;
  if (const Json* pairs = arguments.Find("feature_crosses")) {
    const std::string key = arguments.KeyOf("feature_crosses");
    if (!pairs->is_array()) return WrongType(key, "a list of pairs of features", *pairs);
    for (const Json& pair : *pairs) {
      if (!pair.is_array() || pair.size() != 2) return WrongType(key, "a list of pairs of features", pair);
      auto& [x, y] = crosses.feature_crosses.emplace_back();
      PENSTOCK_RETURN_IF_ERROR(ReadFeature(key, pair[0], x));
      PENSTOCK_RETURN_IF_ERROR(ReadFeature(key, pair[1], y));
    }
  }
  if (const Json* rate = arguments.Find("sample_rate")) {
    // Which batches TFDV draws is chance; here all examples count.
    double share = 0;
    PENSTOCK_RETURN_IF_ERROR(ReadNumber(arguments.KeyOf("sample_rate"), *rate, share));
    if (!(share > 0 && share <= 1))
      return WrongType(arguments.KeyOf("sample_rate"), "above 0 and at most 1", *rate);
  }
  options.cross_features = std::move(crosses);
  return OkStatus();
}

Status ReadLift(const Arguments& arguments, StatisticsOptions& options) {
  PENSTOCK_RETURN_IF_ERROR(arguments.Check({"y_path", "x_paths", "y_boundaries", "min_x_count", "top_k_per_y",
                                            "bottom_k_per_y", "output_custom_stats"}));
  LiftOptions lift;
  PENSTOCK_RETURN_IF_ERROR(arguments.Feature("y_path", true, lift.y_path));
  PENSTOCK_RETURN_IF_ERROR(arguments.Features("x_paths", lift.x_paths));
  PENSTOCK_RETURN_IF_ERROR(arguments.Integer("min_x_count", 0, lift.min_x_count));
  PENSTOCK_RETURN_IF_ERROR(arguments.Integer("top_k_per_y", 0, lift.top_k_per_y));
  PENSTOCK_RETURN_IF_ERROR(arguments.Integer("bottom_k_per_y", 0, lift.bottom_k_per_y));
  PENSTOCK_RETURN_IF_ERROR(arguments.Boolean("output_custom_stats", lift.output_custom_stats));
  if (const Json* bounds = arguments.Find("y_boundaries")) {
    const std::string key = arguments.KeyOf("y_boundaries");
    if (!bounds->is_array()) return WrongType(key, "a list of numbers", *bounds);
    for (const Json& bound : *bounds)
      PENSTOCK_RETURN_IF_ERROR(ReadNumber(key, bound, lift.y_boundaries.emplace_back()));
    auto& sorted = lift.y_boundaries;
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
  }
  options.lift.push_back(std::move(lift));
  return OkStatus();
}

Status ReadMutualInformation(const Arguments& arguments, StatisticsOptions& options) {
  // The seed has no effect: nothing is drawn.
  PENSTOCK_RETURN_IF_ERROR(arguments.Check({"label_feature", "max_encoding_length", "seed",
                                            "features_to_ignore", "normalize_by_max", "custom_stats_key"}));
  MutualInformationOptions mutual;
  int64_t seed = 0;
  PENSTOCK_RETURN_IF_ERROR(arguments.Feature("label_feature", true, mutual.label_feature));
  PENSTOCK_RETURN_IF_ERROR(arguments.Integer("max_encoding_length", 1, mutual.max_encoding_length));
  PENSTOCK_RETURN_IF_ERROR(arguments.Integer("seed", 0, seed));
  PENSTOCK_RETURN_IF_ERROR(arguments.Features("features_to_ignore", mutual.features_to_ignore));
  PENSTOCK_RETURN_IF_ERROR(arguments.Boolean("normalize_by_max", mutual.normalize_by_max));
  if (const Json* name = arguments.Find("custom_stats_key"))
    PENSTOCK_RETURN_IF_ERROR(ReadText(arguments.KeyOf("custom_stats_key"), *name, mutual.custom_stats_key));
  options.mutual_information.push_back(std::move(mutual));
  return OkStatus();
}

}  // namespace

Status ReadGenerators(const std::string& key, const Json& value, StatisticsOptions& options) {
  if (!value.is_array()) return WrongType(key, "a list of objects with a name", value);
  for (const Json& generator : value) {
    if (!generator.is_object() || !generator.contains("name"))
      return WrongType(key, "a list of objects with a name", generator);
    std::string name;
    PENSTOCK_RETURN_IF_ERROR(ReadText(key + ": name", generator["name"], name));
    const Arguments arguments(name, generator);
    if (name == "CrossFeatureStatsGenerator") {
      PENSTOCK_RETURN_IF_ERROR(ReadCrosses(arguments, options));
    } else if (name == "LiftStatsGenerator") {
      PENSTOCK_RETURN_IF_ERROR(ReadLift(arguments, options));
    } else if (name == "MutualInformation") {
      PENSTOCK_RETURN_IF_ERROR(ReadMutualInformation(arguments, options));
    } else {
      const std::vector<std::string> known = {"CrossFeatureStatsGenerator", "LiftStatsGenerator",
                                              "MutualInformation"};
      return InvalidArgument("There is no generator '{}'{}", name, DidYouMean(name, known));
    }
  }
  return OkStatus();
}

}  // namespace penstock::statistics
