#pragma once

#include <string>
#include <string_view>

#include "penstock/base/status.h"
#include "penstock/pipeline/component.h"
#include "penstock/pipeline/pipeline_draft.h"
#include "penstock/pipeline/pipeline_ir.h"

namespace penstock::pipeline {

/// The YAML front end (docs/guides/pipeline-yaml.md): a pipeline in ten lines.
///
///   pipeline: chicago-taxi
///   parameters: {rounds: 200}
///   nodes:
///     ExampleGen: {input: data.csv}
///     StatisticsGen:
///     Trainer: {hyperparameters: {num_rounds: "${rounds}"}}
///
/// Every message starts with "file:line:column: " and ends with the nearest name where a word is unknown.
/// At most 1 MiB of text, 64 levels, 100,000 values, 1,000 nodes.

/// Reads the text into a draft with every input wired (see WireInputs). `name` stands for the file in
/// messages.
Result<PipelineDraft> ParsePipelineYaml(std::string_view text, const std::string& name,
                                        const ComponentCatalog& components);

/// A pipeline file of either kind, compiled: our YAML (it has `nodes:`), or KFP IR in YAML or
/// JSON (it has `root:` or `pipeline_spec:`), which passes as it is.
Result<PipelineIr> LoadPipeline(const std::string& path, const ComponentCatalog& components,
                                const CompileOptions& options = {});

}  // namespace penstock::pipeline
