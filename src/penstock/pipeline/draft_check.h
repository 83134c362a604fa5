#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/pipeline/pipeline_draft.h"

namespace penstock::pipeline {

/// "where: ", or "" for drafts of the C++ builder, which have no file.
std::string At(std::string_view where);

/// The nodes of a draft by id. Refers to the draft; does not outlive it.
class DraftIndex {
 public:
  explicit DraftIndex(const PipelineDraft& draft);

  const PipelineDraft& draft() const { return draft_; }
  /// Null where there is none.
  const NodeDraft* Find(std::string_view id) const;
  std::vector<std::string> Ids() const;

 private:
  const PipelineDraft& draft_;
  std::map<std::string, const NodeDraft*, std::less<>> nodes_;
};

const PortDescription* FindPort(const std::vector<PortDescription>& ports, std::string_view name);
const ParameterDescription* FindParameter(const ComponentDescription& component, std::string_view name);

/// The output that the input `port` of `node` names, its name filled in where only the node was given.
/// kInvalidArgument: no such node, no such output, several that fit, or another artifact type.
Result<OutputReference> ResolveSource(const DraftIndex& index, const NodeDraft& node,
                                      const PortDescription& port, const InputDraft& input);

/// Pipeline and node names: usable as path components, no node twice.
Status CheckNames(const PipelineDraft& draft);
/// That inputs and `after` name what exists and fits, and that required inputs are not open.
Status CheckSources(const DraftIndex& index, const NodeDraft& node);
/// Parameters: known, of their type, references to pipeline parameters that exist and fit,
/// required ones given.
Status CheckParameters(const DraftIndex& index, const NodeDraft& node);
/// Everything of the above and the absence of cycles.
Status CheckDraft(const PipelineDraft& draft);

}  // namespace penstock::pipeline
