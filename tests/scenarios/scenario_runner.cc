#include "scenarios/scenario_runner.h"

#include <glob.h>

#include <charconv>

#include "penstock/base/digest.h"
#include "penstock/base/filesystem.h"
#include "scenarios/json_selection.h"

namespace penstock::scenarios {
namespace {

using nlohmann::json;

/// Also hidden things and folders, which fs::Glob leaves out.
std::vector<std::string> Matches(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  return paths;
}

Result<json> ParseJson(const std::string& text) {
  json parsed = json::parse(text, nullptr, false);
  if (parsed.is_discarded()) return InvalidArgument("this is not JSON: {}", text);
  return parsed;
}

Result<bool> Satisfies(const json& value, const std::string& relation, const json& wanted) {
  if (relation == "==") return value == wanted;
  if (relation == "!=") return value != wanted;
  if (relation == "contains") {
    if (!value.is_string() || !wanted.is_string()) return InvalidArgument("contains compares texts");
    return value.get<std::string>().find(wanted.get<std::string>()) != std::string::npos;
  }
  if (!value.is_number() || !wanted.is_number())
    return InvalidArgument("{} compares numbers, not {}", relation, value.dump());
  return relation == ">=" ? value.get<double>() >= wanted.get<double>()
                          : value.get<double>() <= wanted.get<double>();
}

Status ReplaceInFile(const std::string& path, const std::string& text, const std::string& other) {
  PENSTOCK_ASSIGN_OR_RETURN(std::string content, fs::ReadFile(path));
  size_t at = content.find(text);
  if (at == std::string::npos) return InvalidArgument("{} does not hold '{}'", path, text);
  for (; at != std::string::npos; at = content.find(text, at + other.size()))
    content.replace(at, text.size(), other);
  return fs::WriteFileAtomically(path, content);
}

}  // namespace

ScenarioRunner::ScenarioRunner(std::string folder, std::map<std::string, std::string> names)
    : folder_(std::move(folder)), names_(std::move(names)) {
  names_["tmp"] = folder_;
}

std::string ScenarioRunner::Substitute(const std::string& text) const {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t close = text[i] == '{' ? text.find('}', i) : std::string::npos;
    if (close != std::string::npos && (i == 0 || text[i - 1] != '$')) {
      if (const auto name = names_.find(text.substr(i + 1, close - i - 1)); name != names_.end()) {
        out += name->second;
        i = close + 1;
        continue;
      }
    }
    out += text[i++];
  }
  return out;
}

std::string ScenarioRunner::Path(const std::string& path) const {
  return path.starts_with('/') ? path : fs::Join(folder_, path);
}

Result<std::string> ScenarioRunner::OnlyMatch(const std::string& glob) const {
  const auto paths = Matches(Path(glob));
  if (paths.size() == 1) return paths[0];
  return NotFound("{} things are named {} (one is wanted): {}", paths.size(), glob, fmt::join(paths, ", "));
}

Status ScenarioRunner::Perform(const Step& raw) {
  Step step = raw;
  step.argument = Substitute(raw.argument);
  step.body = Substitute(raw.body);
  if (step.verb == "run") {
    auto words = SplitWords(step.argument);
    if (words.empty() || words[0] != "penstock")
      return InvalidArgument("only penstock is run, not: {}", step.argument);
    words.erase(words.begin());
    last_ = RunPenstock(words, folder_);
    if (last_.signal != 0) return Unavailable("{}", last_.Describe());
    return OkStatus();
  }
  Status status = OkStatus();
  if (step.verb == "exit" || step.verb.starts_with("std")) {
    status = CheckEnding(step);
  } else if (step.verb.starts_with("json") || step.verb == "remember") {
    status = CheckJson(step);
  } else if (step.verb.starts_with("file") || step.verb.ends_with("content")) {
    return CheckFiles(step);
  } else {
    return ChangeFiles(step);
  }
  return status.ok() ? status
                     : Status(status.code(), fmt::format("{}\n{}", status.message(), last_.Describe()));
}

Status ScenarioRunner::ChangeFiles(const Step& step) {
  if (step.verb == "write") return fs::WriteFileAtomically(Path(step.argument), step.body);
  if (step.verb == "remove") return fs::RemoveAll(Path(step.argument));
  if (step.verb == "replace in") {
    const size_t colon = step.argument.find(": ");
    if (colon == std::string::npos) return InvalidArgument("the form is: replace in FILE: TEXT -> OTHER");
    PENSTOCK_ASSIGN_OR_RETURN(const auto texts, SplitAround(step.argument.substr(colon + 2), "->"));
    return ReplaceInFile(Path(step.argument.substr(0, colon)), texts.first, texts.second);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto paths, SplitAround(step.argument, "->"));
  const std::string to = Path(paths.second);
  if (step.verb == "move") {
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(fs::DirName(to)));
    return fs::Rename(Path(paths.first), to);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::string content, fs::ReadFile(Path(paths.first)));
  return fs::WriteFileAtomically(to, content);
}

Status ScenarioRunner::CheckEnding(const Step& step) const {
  if (step.verb == "exit") {
    int wanted = -1;
    std::from_chars(step.argument.data(), step.argument.data() + step.argument.size(), wanted);
    return last_.exit_code == wanted ? OkStatus() : FailedPrecondition("exit code {} is wanted", wanted);
  }
  if (step.verb == "stderr is empty")
    return last_.errors.empty() ? OkStatus() : FailedPrecondition("nothing is wanted on standard error");
  const std::string& text = step.verb.starts_with("stdout") ? last_.output : last_.errors;
  const bool is_there = text.find(step.argument) != std::string::npos;
  if (is_there == step.verb.ends_with("contains")) return OkStatus();
  return FailedPrecondition("{}: {}", step.verb, step.argument);
}

Status ScenarioRunner::CheckJson(const Step& step) {
  PENSTOCK_ASSIGN_OR_RETURN(const json document, ParseJson(last_.output));
  if (step.verb == "remember") {
    const size_t colon = step.argument.find(": ");
    if (colon == std::string::npos) return InvalidArgument("the form is: remember NAME: SELECTION");
    PENSTOCK_ASSIGN_OR_RETURN(const auto values, Select(document, step.argument.substr(colon + 2)));
    if (values.size() != 1)
      return FailedPrecondition("{}: {} values are named, not one", step.argument, values.size());
    names_[step.argument.substr(0, colon)] =
        values[0].is_string() ? values[0].get<std::string>() : values[0].dump();
    return OkStatus();
  }
  for (const std::string relation : {"==", "!=", ">=", "<=", "contains"}) {
    const auto sides = SplitAround(step.argument, relation);
    if (!sides.ok()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const auto values, Select(document, sides->first));
    PENSTOCK_ASSIGN_OR_RETURN(const json wanted, ParseJson(sides->second));
    if (step.verb == "json count")
      return json(values.size()) == wanted ? OkStatus()
                                           : FailedPrecondition("{}: it is {}", step.argument, values.size());
    if (values.empty()) return FailedPrecondition("{} names nothing", sides->first);
    for (const auto& value : values) {
      PENSTOCK_ASSIGN_OR_RETURN(const bool holds, Satisfies(value, relation, wanted));
      if (!holds) return FailedPrecondition("{}: it is {}", step.argument, value.dump());
    }
    return OkStatus();
  }
  return InvalidArgument("no comparison: {}", step.argument);
}

Status ScenarioRunner::CheckFiles(const Step& step) const {
  if (step.verb == "file exists" || step.verb == "file absent") {
    const bool is_there = !Matches(Path(step.argument)).empty();
    return is_there == (step.verb == "file exists") ? OkStatus()
                                                    : FailedPrecondition("{}: {}", step.verb, step.argument);
  }
  if (step.verb == "file contains") {
    const size_t colon = step.argument.find(": ");
    if (colon == std::string::npos) return InvalidArgument("the form is: file contains: GLOB: TEXT");
    PENSTOCK_ASSIGN_OR_RETURN(const std::string path, OnlyMatch(step.argument.substr(0, colon)));
    PENSTOCK_ASSIGN_OR_RETURN(const std::string content, fs::ReadFile(path));
    if (content.find(step.argument.substr(colon + 2)) != std::string::npos) return OkStatus();
    return FailedPrecondition("{} does not hold '{}'", path, step.argument.substr(colon + 2));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto globs, SplitAround(step.argument, "=="));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string left, OnlyMatch(globs.first));
  PENSTOCK_ASSIGN_OR_RETURN(const std::string right, OnlyMatch(globs.second));
  PENSTOCK_ASSIGN_OR_RETURN(const Digest left_content, fs::DigestOfTree(left));
  PENSTOCK_ASSIGN_OR_RETURN(const Digest right_content, fs::DigestOfTree(right));
  if ((left_content == right_content) == (step.verb == "same content")) return OkStatus();
  return FailedPrecondition("{} of {} and {}", step.verb, left, right);
}

}  // namespace penstock::scenarios
