#pragma once

#include <string>
#include <string_view>

#include "penstock/base/status.h"
#include "penstock/pipeline/component.h"
#include "penstock/pipeline/pipeline_draft.h"
#include "penstock/pipeline/pipeline_ir.h"

namespace penstock::pipeline {

/// One component as a file that kfp.components.load_component_from_file reads (kfp/*.yaml): a pipeline
/// whose one task takes all of its inputs from outside. kUnimplemented: a resolver.
Result<PipelineIr> CompileComponent(const ComponentDescription& component,
                                    const CompileOptions& options = {});

/// "statistics-gen" of "StatisticsGen".
std::string KebabName(std::string_view name);

}  // namespace penstock::pipeline
