#include "penstock/learning/tuning/search_space.h"

#include <algorithm>
#include <cmath>

namespace penstock::learning {
namespace {

constexpr int64_t kGridValuesOfRange = 5;

std::string_view SamplingName(SearchParameter::Sampling sampling) {
  switch (sampling) {
    case SearchParameter::Sampling::kLog:
      return "log";
    case SearchParameter::Sampling::kReverseLog:
      return "reverse_log";
    case SearchParameter::Sampling::kLinear:
      break;
  }
  return "linear";
}

/// In [minimum, maximum].
double Spread(const SearchParameter& parameter, double share) {
  const double low = parameter.minimum, high = parameter.maximum;
  switch (parameter.sampling) {
    case SearchParameter::Sampling::kLog:
      return low * std::pow(high / low, share);
    case SearchParameter::Sampling::kReverseLog:
      return high + low - low * std::pow(high / low, 1 - share);
    case SearchParameter::Sampling::kLinear:
      break;
  }
  return low + (high - low) * share;
}

double Gather(const SearchParameter& parameter, double value) {
  const double low = parameter.minimum, high = parameter.maximum;
  if (high == low) return 0.5;
  switch (parameter.sampling) {
    case SearchParameter::Sampling::kLog:
      return std::log(value / low) / std::log(high / low);
    case SearchParameter::Sampling::kReverseLog:
      return 1 - std::log((high + low - value) / low) / std::log(high / low);
    case SearchParameter::Sampling::kLinear:
      break;
  }
  return (value - low) / (high - low);
}

nlohmann::json Number(const SearchParameter& parameter, double value) {
  if (parameter.step > 0)
    value = parameter.minimum + std::round((value - parameter.minimum) / parameter.step) * parameter.step;
  if (value > parameter.maximum && parameter.step > 0) value -= parameter.step;
  value = std::clamp(value, parameter.minimum, parameter.maximum);
  if (parameter.kind == SearchParameter::Kind::kInt) return static_cast<int64_t>(std::llround(value));
  return value;
}

bool IsRange(const SearchParameter& parameter) {
  return parameter.kind == SearchParameter::Kind::kFloat || parameter.kind == SearchParameter::Kind::kInt;
}

nlohmann::json Describe(const SearchParameter& parameter) {
  nlohmann::json config{{"name", parameter.name}, {"conditions", nlohmann::json::array()}};
  switch (parameter.kind) {
    case SearchParameter::Kind::kFloat:
    case SearchParameter::Kind::kInt: {
      const bool is_int = parameter.kind == SearchParameter::Kind::kInt;
      config["default"] = Number(parameter, parameter.minimum);
      config["min_value"] = Number(parameter, parameter.minimum);
      config["max_value"] =
          is_int ? nlohmann::json(std::llround(parameter.maximum)) : nlohmann::json(parameter.maximum);
      config["step"] = is_int               ? nlohmann::json(std::llround(parameter.step))
                       : parameter.step > 0 ? nlohmann::json(parameter.step)
                                            : nlohmann::json();
      config["sampling"] = SamplingName(parameter.sampling);
      return {{"class_name", is_int ? "Int" : "Float"}, {"config", std::move(config)}};
    }
    case SearchParameter::Kind::kChoice:
      config["default"] = parameter.values[0];
      config["values"] = parameter.values;
      config["ordered"] = parameter.values[0].is_number();
      return {{"class_name", "Choice"}, {"config", std::move(config)}};
    case SearchParameter::Kind::kBoolean:
      config["default"] = false;
      return {{"class_name", "Boolean"}, {"config", std::move(config)}};
    case SearchParameter::Kind::kFixed:
      break;
  }
  config["value"] = parameter.values[0];
  return {{"class_name", "Fixed"}, {"config", std::move(config)}};
}

}  // namespace

nlohmann::json SearchParameter::At(double share) const {
  share = std::clamp(share, 0.0, 1.0);
  if (IsRange(*this)) return Number(*this, Spread(*this, share));
  const auto index =
      std::min(static_cast<size_t>(share * static_cast<double>(values.size())), values.size() - 1);
  return values[index];
}

double SearchParameter::ShareOf(const nlohmann::json& value) const {
  if (IsRange(*this)) return std::clamp(Gather(*this, value.get<double>()), 0.0, 1.0);
  const auto found = std::find(values.begin(), values.end(), value);
  return (static_cast<double>(found - values.begin()) + 0.5) / static_cast<double>(values.size());
}

int64_t SearchParameter::NumGridValues() const {
  if (!IsRange(*this)) return static_cast<int64_t>(values.size());
  if (step == 0) return maximum > minimum ? kGridValuesOfRange : 1;
  const auto num_steps = static_cast<int64_t>(std::floor((maximum - minimum) / step + 1e-9)) + 1;
  return sampling == Sampling::kLinear ? num_steps : std::min(num_steps, kGridValuesOfRange);
}

nlohmann::json SearchParameter::GridValue(int64_t index) const {
  if (!IsRange(*this)) return values[static_cast<size_t>(index)];
  const int64_t count = NumGridValues();
  if (step > 0 && sampling == Sampling::kLinear)
    return Number(*this, minimum + step * static_cast<double>(index));
  return At(count == 1 ? 0.0 : static_cast<double>(index) / static_cast<double>(count - 1));
}

nlohmann::json SearchSpace::ToKerasTuner(const nlohmann::json& chosen) const {
  nlohmann::json space = nlohmann::json::array();
  for (const SearchParameter& parameter : parameters) space.push_back(Describe(parameter));
  return {{"space", std::move(space)}, {"values", chosen}};
}

}  // namespace penstock::learning
