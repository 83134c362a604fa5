#pragma once

#include <string>
#include <vector>

#include "penstock/pipeline/pipeline_ir.h"

namespace penstock::pipeline {

/// Makes native components of those of TFX's standard components in `ir` (as KubeflowV2DagRunner compiles
/// them) that ours are equivalent to: CsvExampleGen, ImportExampleGen, FileBasedExampleGen with TFX's Avro
/// and Parquet executors, BigQueryExampleGen (with Beam's --project), ExampleDiff, StatisticsGen, SchemaGen,
/// ImportSchemaGen, ExampleValidator, Pusher. A task stays as it is (TFX's own Python command) where it says
/// something ours does not know: an option, a parameter that is not a constant, a custom executor. Answers
/// the ids of the tasks that changed. Idempotent.
std::vector<std::string> UseNativeTfxComponents(PipelineIr& ir);

}  // namespace penstock::pipeline
