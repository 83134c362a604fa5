#pragma once

#include <string>
#include <string_view>

#include "penstock/base/digest.h"
#include "penstock/base/status.h"
#include "pipeline_spec.pb.h"

namespace penstock::pipeline {

inline constexpr std::string_view kPenstockVersion = "0.1.0";

/// A compiled pipeline: the two documents of a file that kfp's Compiler writes. What runs
/// stands in `pipeline`; how it is run (timeouts, pods) in `platform`, never in a cache key.
struct PipelineIr {
  ml_pipelines::PipelineSpec pipeline;
  ml_pipelines::PlatformSpec platform;
};

/// IR from YAML or JSON text (JSON is YAML), of ours or the kfp SDK's; one or two documents.
/// `name` stands for the file in messages. kInvalidArgument names line and column for
/// syntax, the field for anything that is not a PipelineSpec. At most 16 MiB, 64 levels.
Result<PipelineIr> ParsePipelineIr(std::string_view text, const std::string& name);
Result<PipelineIr> ReadPipelineIr(const std::string& path);

/// Reads a PlatformSpec that comes apart from its pipeline into `ir`, over what is there.
Status ParsePlatform(std::string_view text, PipelineIr& ir);

/// YAML as kfp's Compiler lays it out, or JSON ({"pipeline_spec":…, "platform_spec":…} when there is a
/// platform, as KFP's API takes it; else the spec alone). Deterministic: keys in
/// alphabetical order under their proto JSON names.
std::string PrintPipelineYaml(const PipelineIr& ir);
std::string PrintPipelineJson(const PipelineIr& ir);
/// JSON when `path` ends in .json, else YAML. Atomic.
Status WritePipelineIr(const std::string& path, const PipelineIr& ir);

/// Equal for equal IR, whatever file or builder it came from.
Digest SpecDigest(const PipelineIr& ir);

}  // namespace penstock::pipeline
