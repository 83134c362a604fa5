#include <nlohmann/json.hpp>

#include "penstock/pipeline/task_reader_internal.h"

namespace penstock::pipeline {
namespace {

using nlohmann::json;

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\n");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}

/// The parts between the ANDs; a quoted one hides nothing that could be mistaken for it in what compilers
/// write.
std::vector<std::string_view> SplitTerms(std::string_view filter) {
  std::vector<std::string_view> terms;
  constexpr std::string_view kAnd = " AND ";
  while (true) {
    const size_t at = filter.find(kAnd);
    terms.push_back(Trim(filter.substr(0, at)));
    if (at == filter.npos) return terms;
    filter.remove_prefix(at + kAnd.size());
  }
}

/// {{$.inputs.artifacts['input'].metadata['current_model_id']}}
bool ReadNameSource(std::string_view text, ArtifactQueryView& query) {
  constexpr std::string_view kInput = "{{$.inputs.artifacts['", kProperty = "'].metadata['", kEnd = "']}}";
  const size_t middle = text.find(kProperty);
  if (!text.starts_with(kInput) || !text.ends_with(kEnd) || middle == text.npos) return false;
  query.name_input = text.substr(kInput.size(), middle - kInput.size());
  text.remove_prefix(middle + kProperty.size());
  if (text.size() < kEnd.size()) return false;
  query.name_property = text.substr(0, text.size() - kEnd.size());
  return !query.name_input.empty() && !query.name_property.empty();
}

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Result<ArtifactQueryView> ReadArtifactQuery(std::string_view filter, int limit, const std::string& task) {
  ArtifactQueryView query;
  query.limit = limit > 0 ? limit : 1;
  for (const std::string_view term : SplitTerms(filter)) {
    const size_t equals = term.find('=');
    const auto unknown = [&] {
      return Unimplemented(
          "Task '{}' is a resolver whose query says something that is not understood here: {}", task, term);
    };
    if (equals == term.npos) return unknown();
    std::string_view key = Trim(term.substr(0, equals));
    json value = json::parse(Trim(term.substr(equals + 1)), nullptr, false);
    if (key == "schema_title" && value.is_string()) {
      query.artifact_type = ArtifactTypeOf(value.get_ref<const std::string&>());
    } else if (key == "name" && value.is_string() &&
               ReadNameSource(value.get_ref<const std::string&>(), query)) {
      continue;
    } else if (key == "state" && Trim(term.substr(equals + 1)) == "LIVE") {
      continue;
    } else if (TakePrefix(key, "metadata.") && value.is_primitive() && !value.is_discarded()) {
      const size_t dot = key.rfind('.');
      const std::string_view kind = dot == key.npos ? "" : key.substr(dot + 1);
      if (kind != "number_value" && kind != "string_value" && kind != "bool_value") return unknown();
      // Properties of artifacts are integers where they can be.
      if (value.is_number_float() && value.get<double>() == static_cast<double>(value.get<int64_t>()))
        value = value.get<int64_t>();
      query.properties.emplace_back(key.substr(0, dot), std::move(value));
    } else {
      return unknown();
    }
  }
  if (query.artifact_type.empty())
    return InvalidArgument("Task '{}' is a resolver whose query names no schema_title: {}", task, filter);
  return query;
}

}  // namespace penstock::pipeline
