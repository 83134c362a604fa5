#include "penstock/runtime/interrupted_execution.h"

#include "penstock/base/filesystem.h"

namespace penstock::runtime {

Status GiveUpInterrupted(metadata::MetadataStore& store, const RunLayout& layout,
                         const metadata::Execution& execution) {
  PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(execution.node_id, "A node's name"));
  const std::string folder = fs::Join(fs::Join(layout.root(), "artifacts"), execution.node_id);
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(folder));
  if (exists) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto outputs, fs::List(folder));
    for (const auto& output : outputs)
      PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(fs::Join(output.path, std::to_string(execution.id))));
  }
  metadata::ExecutionOutcome outcome;
  outcome.state = metadata::ExecutionState::kFailed;
  outcome.error_code = absl::StatusCodeToString(StatusCode::kAborted);
  outcome.error_message = "The whole run was killed while this attempt was running";
  return store.FinishExecution(execution.id, outcome).status();
}

}  // namespace penstock::runtime
