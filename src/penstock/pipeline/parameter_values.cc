#include <algorithm>
#include <charconv>
#include <cmath>

#include "penstock/base/near_miss.h"
#include "penstock/pipeline/pipeline_spec.h"

namespace penstock::pipeline {
namespace {

using nlohmann::json;

constexpr std::string_view kInputPlaceholder = "{{$.inputs.parameters[";

std::string Dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string Shorten(std::string text) {
  if (text.size() <= 60) return text;
  size_t end = 57;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "...";
}

std::string NameOfJson(const json& value) {
  if (value.is_string()) return "string";
  if (value.is_boolean()) return "boolean";
  if (value.is_number_integer()) return "integer";
  if (value.is_number()) return "double";
  if (value.is_array()) return "list";
  return value.is_object() ? "struct" : "nothing";
}

/// A placeholder {{$.inputs.parameters['name']}} (quoted either way) at the front of `text`.
struct InputPlaceholder {
  std::string name;
  size_t length = 0;
};
Result<InputPlaceholder> ReadInputPlaceholder(std::string_view text) {
  const size_t quote_at = kInputPlaceholder.size();
  const char quote = text.size() > quote_at ? text[quote_at] : '\0';
  if (quote == '\'' || quote == '"') {
    const size_t end = text.find(quote, quote_at + 1);
    if (end != std::string_view::npos && text.substr(end + 1).starts_with("]}}")) {
      return InputPlaceholder{std::string(text.substr(quote_at + 1, end - quote_at - 1)), end + 4};
    }
  }
  return InvalidArgument("Broken placeholder (expected {{{{$.inputs.parameters['NAME']}}}}): {}",
                         Shorten(std::string(text)));
}

class ConstantResolver {
 public:
  ConstantResolver(const TaskView& task, const ParameterValues& values) : task_(task), values_(values) {}

  Result<json> Resolve(const json& value) const {
    if (value.is_string()) return ResolveText(value.get_ref<const std::string&>());
    if (!value.is_structured()) return value;
    json copy = value;
    for (json& member : copy) {
      PENSTOCK_ASSIGN_OR_RETURN(member, Resolve(member));
    }
    return copy;
  }

 private:
  Result<json> ResolveText(const std::string& text) const {
    size_t from = text.find(kInputPlaceholder);
    if (from == std::string::npos) return json(text);
    std::string out;
    size_t done = 0;
    for (; from != std::string::npos; from = text.find(kInputPlaceholder, done)) {
      PENSTOCK_ASSIGN_OR_RETURN(InputPlaceholder found,
                                ReadInputPlaceholder(std::string_view(text).substr(from)));
      const auto value = values_.find(found.name);
      if (value == values_.end()) {
        return InvalidArgument("Task '{}' refers to its parameter '{}', which has no value", task_.id,
                               found.name);
      }
      if (from == 0 && found.length == text.size()) return value->second;
      out.append(text, done, from - done);
      out += value->second.is_string() ? value->second.get<std::string>() : Dump(value->second);
      done = from + found.length;
    }
    return json(out.append(text, done));
  }

  const TaskView& task_;
  const ParameterValues& values_;
};

bool HoldsPlaceholder(const json& value) {
  if (value.is_string())
    return value.get_ref<const std::string&>().find(kInputPlaceholder) != std::string::npos;
  return value.is_structured() && std::any_of(value.begin(), value.end(), HoldsPlaceholder);
}

/// 3.0 is 3 for whoever reads JSON that went through protobuf's Struct.
json WithoutIntegralDoubles(const json& value) {
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (number == std::trunc(number) && std::abs(number) <= 9007199254740992.0)
      return static_cast<int64_t>(number);
  }
  if (!value.is_structured()) return value;
  json copy = value;
  for (json& member : copy) member = WithoutIntegralDoubles(member);
  return copy;
}

/// Null where there is no value at all.
Result<json> FollowSource(const std::string& name, const ParameterInput& input,
                          const SourceValue& source_value) {
  const json* value = &input.constant;
  if (input.source != ParameterInput::Source::kConstant) {
    PENSTOCK_ASSIGN_OR_RETURN(value, source_value(name, input));
  }
  if (value == nullptr || value->is_null()) return input.default_value;
  return SelectPart(input, *value);
}

Result<json> ParseParameterText(const std::string& text, ParameterType type, std::string_view what) {
  if (type == ParameterType::kString) return json(text);
  if (type == ParameterType::kInteger) {
    int64_t integer = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
    if (error == std::errc() && end == text.data() + text.size()) return json(integer);
  } else if (type == ParameterType::kDouble) {
    double number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size() && std::isfinite(number))
      return json(number);
  } else if (type == ParameterType::kBoolean) {
    if (text == "true" || text == "false") return json(text == "true");
  } else {
    json value = json::parse(text, nullptr, false);
    if (!value.is_discarded()) return ConvertParameter(value, type, what);
    return InvalidArgument("{} is a {}; write it as JSON, not: {}", what, ParameterTypeName(type),
                           Shorten(text));
  }
  return InvalidArgument("{} is {} {}, not: {}", what, type == ParameterType::kInteger ? "an" : "a",
                         ParameterTypeName(type), Shorten(text));
}

Status CheckNamesAreKnown(const PipelineView& pipeline, const std::string& name) {
  if (pipeline.parameters.contains(name)) return OkStatus();
  std::vector<std::string> known;
  for (const auto& [parameter, view] : pipeline.parameters) known.push_back(parameter);
  return InvalidArgument("Pipeline '{}' has no parameter '{}'{} (parameters: {})", pipeline.name, name,
                         DidYouMean(name, known),
                         known.empty() ? "none" : fmt::format("{}", fmt::join(known, ", ")));
}

}  // namespace

std::string_view ParameterTypeName(ParameterType type) {
  switch (type) {
    case ParameterType::kString:
      return "string";
    case ParameterType::kInteger:
      return "integer";
    case ParameterType::kDouble:
      return "double";
    case ParameterType::kBoolean:
      return "boolean";
    case ParameterType::kList:
      return "list";
    case ParameterType::kStruct:
      return "struct";
  }
  return "unknown";
}

Result<json> ConvertParameter(const json& value, ParameterType type, std::string_view what) {
  const double number = value.is_number() ? value.get<double>() : 0;
  switch (type) {
    case ParameterType::kString:
      if (value.is_string()) return value;
      break;
    case ParameterType::kBoolean:
      if (value.is_boolean()) return value;
      break;
    case ParameterType::kInteger:
      if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX)) break;
      if (value.is_number_integer()) return json(value.get<int64_t>());
      if (value.is_number_float() && number == std::trunc(number) && std::abs(number) <= 9007199254740992.0) {
        return json(static_cast<int64_t>(number));
      }
      break;
    case ParameterType::kDouble:
      if (value.is_number()) return json(number);
      break;
    case ParameterType::kList:
      if (value.is_array()) return value;
      break;
    case ParameterType::kStruct:
      if (value.is_object()) return value;
      break;
  }
  const std::string hint = type == ParameterType::kString && value.is_primitive() && !value.is_null()
                               ? "; put it in quotes if it is meant as text"
                               : "";
  return InvalidArgument("{} must be a value of type {}, not {}: {}{}", what, ParameterTypeName(type),
                         NameOfJson(value), Shorten(Dump(value)), hint);
}

Result<ParameterValues> BindParameters(const PipelineView& pipeline, const ParameterValues& given) {
  ParameterValues values;
  for (const auto& [name, value] : given) {
    PENSTOCK_RETURN_IF_ERROR(CheckNamesAreKnown(pipeline, name));
    PENSTOCK_ASSIGN_OR_RETURN(values[name], ConvertParameter(value, pipeline.parameters.at(name).type,
                                                             fmt::format("Pipeline parameter '{}'", name)));
  }
  for (const auto& [name, parameter] : pipeline.parameters) {
    if (values.contains(name)) continue;
    if (!parameter.default_value.is_null()) {
      values[name] = parameter.default_value;
    } else if (!parameter.is_optional) {
      return InvalidArgument("Pipeline parameter '{}' has no default: give it with --param {}=...", name,
                             name);
    }
  }
  return values;
}

Result<ParameterValues> BindParameterTexts(const PipelineView& pipeline,
                                           const std::map<std::string, std::string>& given) {
  ParameterValues values;
  for (const auto& [name, text] : given) {
    PENSTOCK_RETURN_IF_ERROR(CheckNamesAreKnown(pipeline, name));
    PENSTOCK_ASSIGN_OR_RETURN(values[name], ParseParameterText(text, pipeline.parameters.at(name).type,
                                                               fmt::format("Pipeline parameter '{}'", name)));
  }
  return BindParameters(pipeline, values);
}

Result<json> SelectPart(const ParameterInput& input, const json& value) {
  if (!input.selector.has_value()) return value;
  return input.selector->EvaluateValue(
      {{"string_value", value.is_string() ? value.get<std::string>() : Dump(value)}});
}

Result<json> HandParameter(const json& value, ParameterType type, std::string_view what) {
  if (type == ParameterType::kString)
    return value.is_string() ? value : json(Dump(WithoutIntegralDoubles(value)));
  const bool is_number = type == ParameterType::kInteger || type == ParameterType::kDouble;
  if (is_number && value.is_number()) return WithoutIntegralDoubles(value);
  PENSTOCK_ASSIGN_OR_RETURN(const json converted, ConvertParameter(value, type, what));
  return WithoutIntegralDoubles(converted);
}

Result<json> ReadOutputParameter(const std::string& text, ParameterType type, std::string_view what) {
  if (type == ParameterType::kString) return json(text);
  const size_t first = text.find_first_not_of(" \t\r\n");
  const size_t last = text.find_last_not_of(" \t\r\n");
  std::string trimmed = first == text.npos ? "" : text.substr(first, last - first + 1);
  if (type == ParameterType::kBoolean) {
    if (trimmed == "True" || trimmed == "TRUE") trimmed = "true";
    if (trimmed == "False" || trimmed == "FALSE") trimmed = "false";
  }
  const json value = json::parse(trimmed, nullptr, false);
  if (value.is_discarded())
    return InvalidArgument("{} is of type {}, but its file says: {}", what, ParameterTypeName(type),
                           Shorten(trimmed));
  return HandParameter(value, type, what);
}

Result<ParameterValues> ResolveParameters(const TaskView& task, const SourceValue& source_value) {
  const bool is_native = !task.native_component.empty();
  ParameterValues sources;
  for (const auto& [name, input] : task.parameters) {
    auto value = FollowSource(name, input, source_value);
    if (!value.ok())
      return Annotate(value.status(), fmt::format("Parameter '{}' of task '{}'", name, task.id));
    if (!value->is_null()) {
      sources[name] = *std::move(value);
    } else if (!input.is_optional && !input.is_helper) {
      return InvalidArgument("Parameter '{}' of task '{}' has no value", name, task.id);
    }
  }
  ParameterValues referable;
  for (const auto& [name, value] : sources) {
    // A constant with placeholders of its own is not what another's may stand for: no recursion.
    const bool is_constant = task.parameters.at(name).source == ParameterInput::Source::kConstant;
    if (!is_constant || !HoldsPlaceholder(value)) referable[name] = value;
  }
  const ConstantResolver resolver(task, referable);
  ParameterValues values;
  for (const auto& [name, source] : sources) {
    const ParameterInput& input = task.parameters.at(name);
    const std::string what = fmt::format("Parameter '{}' of task '{}'", name, task.id);
    json value = source;
    if (input.source == ParameterInput::Source::kConstant) {
      PENSTOCK_ASSIGN_OR_RETURN(value, resolver.Resolve(source));
    }
    if (input.is_helper) {
      if (!is_native) values[name] = WithoutIntegralDoubles(value);
    } else if (is_native) {
      PENSTOCK_ASSIGN_OR_RETURN(values[name], ConvertParameter(value, input.type, what));
    } else {
      PENSTOCK_ASSIGN_OR_RETURN(values[name], HandParameter(value, input.type, what));
    }
  }
  return values;
}

Result<ParameterValues> ResolveKnownParameters(const TaskView& task, const ParameterValues& run_parameters) {
  return ResolveParameters(task, [&](const std::string&, const ParameterInput& input) -> Result<const json*> {
    if (input.source != ParameterInput::Source::kRuntimeParameter) return nullptr;
    const auto found = run_parameters.find(input.runtime_parameter);
    return found == run_parameters.end() ? nullptr : &found->second;
  });
}

}  // namespace penstock::pipeline
