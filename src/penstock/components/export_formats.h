#pragma once

#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"
#include "penstock/model/export_format.h"
#include "penstock/pipeline/executor.h"

namespace penstock::components {

/// The parameter `export` of Trainer and Pusher: a list of formats, or one. kInvalidArgument or kNotFound
/// names what is none.
Result<std::vector<model::ExportFormat>> ReadExportFormats(const nlohmann::json& given);
Result<std::vector<model::ExportFormat>> ExportFormatsOf(const pipeline::ExecutionTask& task);

}  // namespace penstock::components
