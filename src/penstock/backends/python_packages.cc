#include "penstock/backends/python_packages.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "penstock/base/digest.h"
#include "penstock/base/filesystem.h"

namespace penstock::backends {
namespace {

using runtime::TaskCommand;
using runtime::TaskOutcome;

constexpr std::string_view kInstall = "python3 -m pip install";
constexpr std::string_view kTail = "\"$0\" \"$@\"";

/// Exit code 0: everything is there; otherwise the missing requirements, a line each, in the file argv[1].
constexpr const char* kLookForPackages =
    "import importlib.metadata as m, sys\n"
    "missing = []\n"
    "for r in sys.argv[2:]:\n"
    "    name, _, version = r.partition('\\t')\n"
    "    try:\n"
    "        found = m.version(name)\n"
    "        if version and name != 'kfp' and found != version: missing.append(name)\n"
    "    except m.PackageNotFoundError:\n"
    "        missing.append(name)\n"
    "open(sys.argv[1], 'w').write('\\n'.join(missing))\n";

std::string_view TrimRight(std::string_view text) {
  const size_t last = text.find_last_not_of(" \t\r\n");
  return last == text.npos ? std::string_view() : text.substr(0, last + 1);
}

/// What stands in single quotes; kfp quotes every requirement so.
std::vector<std::string> QuotedWords(std::string_view script) {
  std::vector<std::string> words;
  for (size_t at = script.find('\''); at != script.npos; at = script.find('\'', at)) {
    const size_t end = script.find('\'', at + 1);
    if (end == script.npos) break;
    words.emplace_back(script.substr(at + 1, end - at - 1));
    at = end + 1;
  }
  return words;
}

std::string PinOf(std::string_view requirement) {
  const size_t at = requirement.find("==");
  return at == requirement.npos ? std::string() : std::string(TrimRight(requirement.substr(at + 2)));
}

std::string PathOf(const TaskCommand& command) {
  if (const auto own = command.environment.find("PATH"); own != command.environment.end()) return own->second;
  const char* path = std::getenv("PATH");
  return path == nullptr ? "" : path;
}

}  // namespace

std::string PythonOf(const std::string& program, const std::string& path) {
  if (program != "python") return program;
  bool has_python3 = false;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find(':', begin), path.size());
    const std::string folder = path.substr(begin, end - begin);
    if (::access(fs::Join(folder, "python").c_str(), X_OK) == 0) return program;
    has_python3 = has_python3 || ::access(fs::Join(folder, "python3").c_str(), X_OK) == 0;
    begin = end + 1;
  }
  return has_python3 ? "python3" : program;
}

std::string PackageOf(std::string_view requirement) {
  return std::string(TrimRight(requirement.substr(0, requirement.find_first_of("=<>!~;[(@ "))));
}

std::optional<PythonBootstrap> ParsePythonBootstrap(const std::vector<std::string>& arguments) {
  if (arguments.size() < 4 || (arguments[0] != "sh" && arguments[0] != "bash") || arguments[1] != "-c")
    return std::nullopt;
  const std::string_view script = TrimRight(arguments[2]);
  const size_t first = script.find(kInstall);
  if (first == script.npos || !script.ends_with(kTail)) return std::nullopt;
  PythonBootstrap bootstrap;
  for (const std::string& word : QuotedWords(script.substr(first))) {
    const bool is_option = word.empty() || word[0] == '-';
    if (is_option || word.find(';') != word.npos) continue;
    bootstrap.requirements.push_back(word);
  }
  bootstrap.command.assign(arguments.begin() + 3, arguments.end());
  return bootstrap;
}

Result<std::optional<TaskOutcome>> PythonPackages::Prepare(TaskCommand& command, const Run& run) {
  command.arguments[0] = PythonOf(command.arguments[0], PathOf(command));
  auto bootstrap = ParsePythonBootstrap(command.arguments);
  if (!bootstrap.has_value() || command.state_directory.empty()) return std::optional<TaskOutcome>();
  DigestBuilder digest;
  digest.Add(PathOf(command));
  for (const auto& requirement : bootstrap->requirements) digest.Add(requirement);
  const std::string folder = fs::Join(command.state_directory, digest.Finish().ToHex().substr(0, 16));

  const std::lock_guard lock(mutex_);
  auto known = ready_.find(folder);
  if (known == ready_.end()) {
    TaskCommand look = command;
    const std::string list = folder + ".missing";
    look.arguments = {"python3", "-c", kLookForPackages, list};
    for (const auto& requirement : bootstrap->requirements)
      look.arguments.push_back(PackageOf(requirement) + "\t" + PinOf(requirement));
    look.working_directory.clear();
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(command.state_directory));
    PENSTOCK_ASSIGN_OR_RETURN(const TaskOutcome looked, run(look));
    if (looked.exit_code != 0 || looked.signal != 0) return std::optional<TaskOutcome>(looked);
    PENSTOCK_ASSIGN_OR_RETURN(const std::string missing, fs::ReadFile(list));
    PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(list));
    PENSTOCK_ASSIGN_OR_RETURN(const bool is_installed, fs::Exists(fs::Join(folder, ".complete")));
    if (!missing.empty() && !is_installed) {
      TaskCommand install = look;
      install.arguments = {"python3",  "-m",  "pip", "install", "--quiet", "--disable-pip-version-check",
                           "--target", folder};
      for (const auto& requirement : bootstrap->requirements)
        if (("\n" + missing + "\n").find("\n" + PackageOf(requirement) + "\n") != std::string::npos)
          install.arguments.push_back(requirement);
      PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(folder));
      PENSTOCK_ASSIGN_OR_RETURN(const TaskOutcome installed, run(install));
      if (installed.exit_code != 0 || installed.signal != 0) return std::optional<TaskOutcome>(installed);
      PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(fs::Join(folder, ".complete"), ""));
    }
    known = ready_.emplace(folder, Environment{missing.empty() ? std::string() : folder}).first;
  }
  command.arguments = std::move(bootstrap->command);
  if (known->second.folder.empty()) return std::optional<TaskOutcome>();
  std::string& path = command.environment["PYTHONPATH"];
  if (const char* inherited = std::getenv("PYTHONPATH"); path.empty() && inherited != nullptr)
    path = inherited;
  path = known->second.folder + (path.empty() ? "" : ":" + path);
  return std::optional<TaskOutcome>();
}

}  // namespace penstock::backends
