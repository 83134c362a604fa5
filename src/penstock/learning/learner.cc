#include "penstock/learning/learner.h"

#include <cmath>

#include "penstock/base/near_miss.h"

namespace penstock::learning {
namespace {

Result<nlohmann::json> CheckValue(const HyperparameterDescription& known, const nlohmann::json& given) {
  const auto refuse = [&](std::string_view wanted) {
    return InvalidArgument("Hyperparameter '{}' must be {}, not {}", known.name, wanted,
                           given.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
  };
  if (known.default_value.is_boolean()) {
    if (!given.is_boolean()) return refuse("true or false");
    return given;
  }
  if (known.default_value.is_string()) {
    if (!given.is_string()) return refuse("a text");
    const std::string text = given.get<std::string>();
    if (known.choices.empty() ||
        std::find(known.choices.begin(), known.choices.end(), text) != known.choices.end())
      return given;
    return InvalidArgument("Hyperparameter '{}' must be one of {}, not '{}'{}", known.name,
                           fmt::join(known.choices, ", "), text, DidYouMean(text, known.choices));
  }
  const std::string range = fmt::format("from {} to {}", known.minimum, known.maximum);
  if (known.default_value.is_number_float()) {
    if (!given.is_number()) return refuse("a number " + range);
    const double value = given.get<double>();
    if (!(value >= known.minimum && value <= known.maximum)) return refuse("a number " + range);
    return nlohmann::json(value);
  }
  // A whole number that JSON or YAML wrote with a point is meant as an integer.
  if (!given.is_number() || given.get<double>() != std::floor(given.get<double>()))
    return refuse("an integer " + range);
  const double value = given.get<double>();
  if (!(value >= known.minimum && value <= known.maximum)) return refuse("an integer " + range);
  return nlohmann::json(static_cast<int64_t>(value));
}

}  // namespace

Result<nlohmann::json> ResolveHyperparameters(const nlohmann::json& given,
                                              const std::vector<HyperparameterDescription>& known) {
  if (!given.is_object() && !given.is_null()) {
    return InvalidArgument("Hyperparameters must be a map of names to values, not {}", given.type_name());
  }
  nlohmann::json resolved = nlohmann::json::object();
  std::vector<std::string> names;
  for (const HyperparameterDescription& parameter : known) {
    resolved[parameter.name] = parameter.default_value;
    names.push_back(parameter.name);
  }
  for (const auto& [name, value] : given.items()) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      return InvalidArgument("There is no hyperparameter named '{}'{} (there are: {})", name,
                             DidYouMean(name, names), fmt::join(names, ", "));
    }
    PENSTOCK_ASSIGN_OR_RETURN(resolved[name], CheckValue(known[found - names.begin()], value));
  }
  return resolved;
}

Result<nlohmann::json> ReadHyperparameters(const std::string& text, const std::string& name) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    return InvalidArgument("{}: hyperparameters must be a JSON map of names to values", name);
  const bool is_tuned = json.contains("values") && json["values"].is_object();
  nlohmann::json values = nlohmann::json::object();
  for (const auto& [key, value] : (is_tuned ? json["values"] : json).items()) {
    if (!key.starts_with("tuner/")) values[key] = value;
  }
  return values;
}

nlohmann::json TrainingRecord::ToJson() const {
  nlohmann::json losses = nlohmann::json::array();
  for (const IterationRecord& record : iterations) {
    losses.push_back({{"iteration", record.iteration},
                      {"train_loss", record.train_loss},
                      {"eval_loss", record.eval_loss}});
  }
  nlohmann::json gains = nlohmann::json::object();
  for (const auto& [feature, share] : feature_importances) gains[feature] = share;
  return {{"learner", learner},
          {"task", model::TaskName(task)},
          {"loss", loss},
          {"hyperparameters", hyperparameters},
          {"random_seed", random_seed},
          {"num_train_examples", num_train_examples},
          {"num_eval_examples", num_eval_examples},
          {"num_unlabeled_examples", num_unlabeled_examples},
          {"feature_importances", std::move(gains)},
          {"iterations", std::move(losses)},
          {"best_iteration", best_iteration},
          {"best_eval_loss", best_eval_loss},
          {"warnings", warnings},
          {"seconds", seconds}};
}

}  // namespace penstock::learning
