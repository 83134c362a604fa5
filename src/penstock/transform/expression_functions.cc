#include <algorithm>

#include "penstock/base/near_miss.h"
#include "penstock/transform/function_list.h"
#include "penstock/transform/function_table.h"

namespace penstock::transform {

using Value = ExpressionPlanner::Value;

const std::vector<ExpressionPlanner::Function>& ExpressionPlanner::Functions() {
  static const std::vector<Function> functions = [] {
    std::vector<Function> all;
    AddNumericFunctions(all);
    AddScalingFunctions(all);
    AddStatisticFunctions(all);
    AddBucketFunctions(all);
    AddVocabularyFunctions(all);
    AddTextFunctions(all);
    AddListFunctions(all);
    return all;
  }();
  return functions;
}

std::vector<FunctionDescription> ListFunctions() {
  std::vector<FunctionDescription> descriptions;
  for (const ExpressionPlanner::Function& function : ExpressionPlanner::Functions())
    descriptions.push_back({function.name, function.signature, function.tft_name});
  return descriptions;
}

Status ExpressionPlanner::UnknownFunction(const Expression& call) const {
  std::vector<std::string> names;
  for (const Function& function : Functions()) names.emplace_back(function.name);
  return source_.ErrorAt(
      call.begin, call.begin + call.text.size(),
      fmt::format("there is no function named '{}'{}", call.text, DidYouMean(call.text, names)));
}

std::string ExpressionPlanner::SignatureOf(std::string_view name) {
  const auto is_called = [&](const Function& function) { return function.name == name; };
  const auto function = std::find_if(Functions().begin(), Functions().end(), is_called);
  return function == Functions().end() ? "" : std::string(function->signature);
}

Result<Value> ExpressionPlanner::PlanCall(const Expression& call) {
  // The parser gives operators names that no function has.
  const char first = call.text.empty() ? ' ' : call.text[0];
  const bool is_word = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_' ||
                       static_cast<unsigned char>(first) >= 0x80;
  const auto is_called = [&](const Function& function) { return function.name == call.text; };
  const auto function = std::find_if(Functions().begin(), Functions().end(), is_called);
  if (function == Functions().end()) {
    const bool is_operator = !is_word || call.text == "and" || call.text == "or" || call.text == "not";
    return is_operator ? PlanOperator(call) : Result<Value>(UnknownFunction(call));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Arguments arguments, Bind(*function, call));
  return (this->*function->plan)(call, arguments);
}

Result<ExpressionPlanner::Arguments> ExpressionPlanner::Bind(const Function& function,
                                                             const Expression& call) {
  const std::vector<Parameter>& parameters = function.parameters;
  Arguments bound(parameters.size(), nullptr);
  size_t next = 0;
  for (const Expression::Argument& argument : call.arguments) {
    size_t place = next;
    if (argument.name.empty()) {
      if (place >= parameters.size() && function.is_variadic) bound.push_back(nullptr);
      if (place >= bound.size())
        return Error(argument.value, fmt::format("one argument too many for {}", function.signature));
      if (parameters.size() > place && parameters[place].is_by_name_only) {
        return Error(argument.value,
                     fmt::format("give this argument by its name, as in {}", function.signature));
      }
      ++next;
    } else {
      const auto is_named = [&](const Parameter& known) {
        return known.name == argument.name || known.alias == argument.name;
      };
      place = static_cast<size_t>(std::find_if(parameters.begin(), parameters.end(), is_named) -
                                  parameters.begin());
      const size_t name_end = argument.name_begin + argument.name.size();
      if (place == parameters.size()) {
        std::vector<std::string> names;
        for (const Parameter& parameter : parameters) names.emplace_back(parameter.name);
        return source_.ErrorAt(
            argument.name_begin, name_end,
            fmt::format("{} has no argument '{}'{}; it is called as {}", function.name, argument.name,
                        DidYouMean(argument.name, names), function.signature));
      }
      if (bound[place] != nullptr) {
        return source_.ErrorAt(argument.name_begin, name_end,
                               fmt::format("the argument '{}' is given twice", argument.name));
      }
    }
    if (bound[place] != nullptr) {
      return Error(argument.value, fmt::format("the argument '{}' is given twice", parameters[place].name));
    }
    bound[place] = &argument.value;
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (bound[i] == nullptr && parameters[i].is_required) {
      return Error(call,
                   fmt::format("the argument '{}' is missing: {}", parameters[i].name, function.signature));
    }
  }
  return bound;
}

}  // namespace penstock::transform
