#pragma once

#include <map>
#include <string>

#include "penstock/base/digest.h"
#include "penstock/base/status.h"
#include "penstock/metadata/execution_record.h"
#include "penstock/pipeline/component.h"
#include "penstock/pipeline/pipeline_spec.h"

namespace penstock::runtime {

/// What a task works on, everything resolved: artifacts from the store, parameters with
/// their values, paths made absolute.
struct ResolvedInputs {
  metadata::ArtifactsByName artifacts;
  pipeline::ParameterValues parameters;
};

/// Names the work of a task: its component and version (or image and command), the content
/// digests of its inputs, its parameters and its declared outputs. Where, when and with how
/// many threads it runs is not in it, nor where any input lies: external paths count by
/// the bytes they name. Cost: reads every external input once.
/// kNotFound: an external path names nothing. `component`: null for a foreign container.
Result<Digest> CacheKeyOf(const pipeline::TaskView& task, const ResolvedInputs& inputs,
                          const pipeline::ComponentDescription* component);

/// A path parameter as executors get it: taken from `base_directory` when relative.
std::string ResolvePath(const std::string& path, const std::string& base_directory);

}  // namespace penstock::runtime
