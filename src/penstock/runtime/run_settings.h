#pragma once

#include <map>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "penstock/base/clock.h"
#include "penstock/base/digest.h"
#include "penstock/base/status.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/runtime/run_engine.h"

namespace penstock::runtime {

/// What a run was asked for beside its pipeline and parameters: stored as the first event of its
/// history, so that whoever takes the run up knows it.
struct RunSettings {
  std::string pipeline_root;
  std::optional<bool> is_cache_enabled;
  std::string display_name;
  std::map<std::string, std::string> labels;
  std::string base_directory;
  std::string from_node;
  Timestamp scheduled;

  bool operator==(const RunSettings&) const = default;
};

nlohmann::json ToJson(const RunSettings& settings);
/// kDataLoss: fields of the wrong type.
Result<RunSettings> ReadRunSettings(const nlohmann::json& json);
RunSettings SettingsOf(const RunRequest& request);

/// The same for the same command: what makes an interrupted run ours to go on with.
Digest RunKeyOf(const pipeline::PipelineIr& ir, const pipeline::ParameterValues& parameters,
                const RunSettings& settings);

/// kInvalidArgument where the pipeline root, or a parameter of a component of ours as far as it is known
/// before the run, is a URI that holds a password: it would be stored. Names task and parameter, never the
/// value.
Status CheckForPasswords(const pipeline::PipelineView& pipeline, const pipeline::ParameterValues& parameters,
                         const RunSettings& settings);

}  // namespace penstock::runtime
