#include "penstock/server/service.h"

#include "penstock/base/ids.h"
#include "penstock/base/utf8.h"

namespace penstock::server {

Result<std::string> DefaultExperiment(Service& service, const std::string& namespace_name) {
  constexpr const char* kName = "Default";
  PENSTOCK_ASSIGN_OR_RETURN(const auto found, service.store.FindExperiment(namespace_name, kName));
  if (found.has_value()) return found->id;
  metadata::ExperimentRecord experiment{
      .id = NewUuid(),
      .namespace_name = namespace_name,
      .name = kName,
      .description = "All runs created without specifying an experiment will be grouped here.",
      .created_seconds = service.NowSeconds()};
  const Status status = service.store.CreateExperiment(experiment);
  if (status.ok()) return experiment.id;
  if (!absl::IsAlreadyExists(status)) return status;
  // Another request was quicker.
  PENSTOCK_ASSIGN_OR_RETURN(const auto made, service.store.FindExperiment(namespace_name, kName));
  if (!made.has_value()) return status;
  return made->id;
}

Status CheckName(const std::string& name, std::string_view what, size_t max_characters) {
  if (name.empty()) return InvalidArgument("{} cannot be empty", what);
  size_t num_characters = 0;
  for (std::string_view rest = name; !rest.empty(); ++num_characters) {
    const size_t length = Utf8CharacterLength(rest);
    if (length == 0) return InvalidArgument("{} is not UTF-8", what);
    rest.remove_prefix(length);
  }
  if (num_characters > max_characters)
    return InvalidArgument("{} has {} characters; at most {} are taken", what, num_characters,
                           max_characters);
  return OkStatus();
}

Result<std::string> NamespaceOf(const Service& service, const ApiCall& call, const std::string& asked) {
  if (!service.options.has_namespaces) return std::string();
  if (call.namespace_name.empty()) return asked;  // Of all: an administrator.
  if (asked.empty() || asked == call.namespace_name) return call.namespace_name;
  return PermissionDenied("The token is for the namespace '{}', not '{}'", call.namespace_name, asked);
}

}  // namespace penstock::server
