#include "penstock/apps/backend_flags.h"

namespace penstock::apps {

void AddBackendFlags(CLI::App& command, backends::BackendOptions& options) {
  command
      .add_option("--backend", options.place,
                  "Where container tasks run: local (their command, on this machine) or container (podman or "
                  "docker). A task's pod annotation penstock.dev/backend says otherwise for itself")
      ->check(CLI::IsMember({"local", "container"}))
      ->capture_default_str();
  command.add_option("--container-engine", options.container_engine,
                     "podman, docker or the path of a program like them (default: the first on the PATH)");
  command
      .add_option(
          "--container-option", options.container_arguments,
          "One more word for each of the engine's `run`, as --container-option=--runtime=runc; may be "
          "repeated")
      ->allow_extra_args(false);
}

}  // namespace penstock::apps
