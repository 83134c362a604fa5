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

/// The parts of a cache key by name ("parameter rounds", "input examples", "command"), short enough to keep
/// and to show: a small value as JSON, anything else as the beginning of its digest.
using KeyParts = std::map<std::string, std::string>;

struct CacheKey {
  Digest digest;
  KeyParts parts;
};

/// Names the work of a task: its component and version (or image and command), the content
/// digests of its inputs, its parameters and its declared outputs; or the key its author gave it. Where, when
/// and with how many threads it runs is not in it, nor where any input lies: external paths count by the
/// bytes they name. Cost: reads every external input once. kNotFound: an external path names nothing.
/// `component`: null for a foreign container. `image`: what its image is by content
/// (TaskBackend::IdentityOf).
Result<CacheKey> CacheKeyOf(const pipeline::TaskView& task, const ResolvedInputs& inputs,
                            const pipeline::ComponentDescription* component, const std::string& image);

/// "parameter rounds was 100 and is 200": what differs, at most three of it.
std::string ExplainDifference(const KeyParts& before, const KeyParts& now);

/// A path parameter as executors get it: taken from `base_directory` when relative.
std::string ResolvePath(const std::string& path, const std::string& base_directory);

/// Resolves every parameter that `component` calls a path or a live source, in place.
void ResolvePaths(const pipeline::ComponentDescription& component, const std::string& base_directory,
                  std::map<std::string, nlohmann::json>& parameters);

/// The name of the first live source among the parameters given to a task; "" without one.
std::string LiveSourceOf(const pipeline::ComponentDescription* component,
                         const std::map<std::string, nlohmann::json>& parameters);

}  // namespace penstock::runtime
