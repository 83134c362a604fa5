#include "penstock/runtime/volume_tasks.h"

#include "penstock/base/filesystem.h"

namespace penstock::runtime {
namespace {

constexpr std::string_view kCreate = "argostub/createpvc";
constexpr std::string_view kDelete = "argostub/deletepvc";

std::string TextOf(const pipeline::ParameterValues& parameters, const std::string& name) {
  const auto value = parameters.find(name);
  return value == parameters.end() || !value->second.is_string() ? "" : value->second.get<std::string>();
}

Result<std::string> NameOfClaim(const pipeline::TaskView& task, const pipeline::ParameterValues& parameters,
                                const std::string& run_id) {
  std::string name = TextOf(parameters, "pvc_name");
  const std::string suffix = TextOf(parameters, "pvc_name_suffix");
  if (name.empty() == suffix.empty())
    return InvalidArgument("Task '{}': exactly one of pvc_name and pvc_name_suffix is wanted", task.id);
  if (name.empty()) name = run_id + suffix;
  PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(name, "The name of a volume claim"));
  return name;
}

}  // namespace

bool IsVolumeTask(const pipeline::TaskView& task) { return task.image == kCreate || task.image == kDelete; }

Result<metadata::ExecutionOutcome> RunVolumeTask(const pipeline::TaskView& task,
                                                 const pipeline::ParameterValues& parameters,
                                                 const std::string& root, const std::string& run_id,
                                                 bool is_resumed) {
  metadata::ExecutionOutcome outcome;
  if (task.image == kCreate) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string name, NameOfClaim(task, parameters, run_id));
    // There already: made by this run before it was interrupted, or by one before it, as with a claim that
    // the driver finds in its namespace under the same name.
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(fmt::format("{}/volumes/{}", root, name)));
    outcome.output_parameters["name"] = name;
    return outcome;
  }
  const std::string name = TextOf(parameters, "pvc_name");
  PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(name, "The name of a volume claim"));
  const std::string folder = fmt::format("{}/volumes/{}", root, name);
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(folder));
  if (!exists && is_resumed) return outcome;
  if (!exists) return NotFound("Task '{}': there is no volume claim '{}' to delete", task.id, name);
  PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(folder));
  return outcome;
}

}  // namespace penstock::runtime
