#include "penstock/pipeline/reference_text.h"

namespace penstock::pipeline {

using nlohmann::json;

Result<std::vector<ReferencePart>> ParseReferences(std::string_view text) {
  std::vector<ReferencePart> parts;
  std::string plain;
  size_t at = 0;
  while (at < text.size()) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with("$${")) {
      plain += "${";
      at += 3;
    } else if (rest.starts_with("${")) {
      const size_t end = rest.find('}');
      if (end == std::string_view::npos) {
        return InvalidArgument("'${{' has no '}}'; a literal one is written $${{");
      }
      if (end == 2) return InvalidArgument("'${{}}' names no parameter");
      if (!plain.empty()) parts.push_back({false, std::move(plain)});
      plain.clear();
      parts.push_back({true, std::string(rest.substr(2, end - 2))});
      at += end + 1;
    } else {
      plain += text[at++];
    }
  }
  if (!plain.empty()) parts.push_back({false, std::move(plain)});
  return parts;
}

Status CollectReferences(const json& value, std::set<std::string>& names) {
  if (value.is_string()) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto parts, ParseReferences(value.get_ref<const std::string&>()));
    for (const ReferencePart& part : parts) {
      if (part.is_reference) names.insert(part.text);
    }
  } else if (value.is_structured()) {
    for (const json& member : value) PENSTOCK_RETURN_IF_ERROR(CollectReferences(member, names));
  }
  return OkStatus();
}

std::string WholeReference(const json& value) {
  if (!value.is_string()) return "";
  const auto parts = ParseReferences(value.get_ref<const std::string&>());
  return parts.ok() && parts->size() == 1 && parts->front().is_reference ? parts->front().text : "";
}

json WriteReferences(const json& value) {
  if (value.is_structured()) {
    json copy = value;
    for (json& member : copy) member = WriteReferences(member);
    return copy;
  }
  if (!value.is_string()) return value;
  const auto parts = ParseReferences(value.get_ref<const std::string&>());
  if (!parts.ok()) return value;
  std::string text;
  for (const ReferencePart& part : *parts) {
    text += part.is_reference ? "{{$.inputs.parameters['" + HelperParameterOf(part.text) + "']}}" : part.text;
  }
  return text;
}

std::string HelperParameterOf(std::string_view name) { return "pipelinechannel--" + std::string(name); }

}  // namespace penstock::pipeline
