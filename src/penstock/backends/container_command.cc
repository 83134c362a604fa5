#include "penstock/backends/container_command.h"

#include <unistd.h>

#include <algorithm>

#include "penstock/base/filesystem.h"

namespace penstock::backends {
namespace {

bool IsExecutable(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

std::string FindOnPath(const std::string& program, const std::string& path) {
  if (program.find('/') != program.npos) return IsExecutable(program) ? program : "";
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find(':', at), path.size());
    const std::string candidate = fs::Join(path.substr(at, end - at), program);
    if (end > at && IsExecutable(candidate)) return candidate;
    at = end + 1;
  }
  return "";
}

}  // namespace

bool IsTheEnginesOwn(const std::string& variable) {
  static constexpr std::string_view kOwn[] = {"PATH",
                                              "HOME",
                                              "TMPDIR",
                                              "USER",
                                              "LD_PRELOAD",
                                              "DOCKER_HOST",
                                              "DOCKER_CONFIG",
                                              "LD_LIBRARY_PATH",
                                              "DOCKER_TLS",
                                              "DOCKER_CONTEXT",
                                              "CONTAINER_HOST",
                                              "DOCKER_TLS_VERIFY",
                                              "CONTAINERS_CONF",
                                              "DOCKER_CERT_PATH",
                                              "CONTAINER_CONNECTION",
                                              "CONTAINERS_STORAGE_CONF",
                                              "CONTAINERS_REGISTRIES_CONF"};
  return variable.starts_with("XDG_") ||
         std::find(std::begin(kOwn), std::end(kOwn), variable) != std::end(kOwn);
}

std::vector<std::string> ContainerCommand(const ContainerEngine& engine, const runtime::TaskCommand& command,
                                          const std::string& name, unsigned user, unsigned group) {
  std::vector<std::string> words = {engine.program, "run", "--rm", "--name", name, "--network=host"};
  words.push_back(fmt::format("--label={}={}", kOwnerLabel, command.owner));
  if (!command.pull_policy.empty()) words.push_back("--pull=" + command.pull_policy);
  // What a root daemon's container writes has to be ours to read and remove.
  if (engine.is_docker && user != 0) words.push_back(fmt::format("--user={}:{}", user, group));
  for (const auto& mount : command.mounts)
    words.push_back(fmt::format("--mount=type=bind,source={},target={}{}", mount.source, mount.target,
                                mount.is_read_only ? ",readonly" : ""));
  if (!command.working_directory.empty()) words.push_back("--workdir=" + command.working_directory);
  for (const auto& [variable, value] : command.environment)
    words.push_back("--env=" + variable + (IsTheEnginesOwn(variable) ? "=" + value : ""));
  if (command.max_memory_bytes > 0) words.push_back(fmt::format("--memory={}", command.max_memory_bytes));
  if (command.max_cpus > 0) words.push_back(fmt::format("--cpus={}", command.max_cpus));
  words.insert(words.end(), engine.arguments.begin(), engine.arguments.end());
  size_t num_taken = 0;
  if (!command.is_for_entry_point && !command.arguments.empty()) {
    words.push_back("--entrypoint=" + command.arguments[0]);
    num_taken = 1;
  }
  words.push_back(command.image);
  words.insert(words.end(), command.arguments.begin() + static_cast<std::ptrdiff_t>(num_taken),
               command.arguments.end());
  return words;
}

Result<ContainerEngine> FindContainerEngine(const std::string& wanted, const std::string& path) {
  std::vector<std::string> candidates = {"podman", "docker"};
  if (!wanted.empty()) candidates = {wanted};
  for (const std::string& candidate : candidates) {
    const std::string program = FindOnPath(candidate, path);
    if (!program.empty())
      return ContainerEngine{program, fs::BaseName(program).find("docker") != std::string::npos, {}};
  }
  if (!wanted.empty())
    return FailedPrecondition("The container engine '{}' is not on the PATH or not executable", wanted);
  return FailedPrecondition(
      "To run tasks in containers, podman or docker is wanted, and neither is on the PATH: install one "
      "(apt-get install podman), name one with --container-engine, or take --backend local");
}

}  // namespace penstock::backends
