#include "penstock/server/pipeline_text.h"

#include <vector>

#include "penstock/pipeline/pipeline_ir.h"
#include "penstock/pipeline/yaml_document.h"

namespace penstock::server {
namespace {

using nlohmann::json;

constexpr pipeline::YamlLimits kLimits = {.num_bytes = 16 << 20, .depth = 64, .num_values = 2'000'000};

Status CheckIr(const pipeline::PipelineIr& ir, const std::string& file) {
  if (ir.pipeline.pipeline_info().name().empty())
    return InvalidArgument("{}: invalid v2 pipeline spec: pipelineInfo.name is empty", file);
  if (!ir.pipeline.has_root()) return InvalidArgument("{}: invalid v2 pipeline spec: root is missing", file);
  return OkStatus();
}

}  // namespace

Result<PipelineText> ReadPipelineText(std::string_view text, const std::string& file) {
  PENSTOCK_ASSIGN_OR_RETURN(const pipeline::PipelineIr ir, pipeline::ParsePipelineIr(text, file));
  PENSTOCK_RETURN_IF_ERROR(CheckIr(ir, file));
  PENSTOCK_ASSIGN_OR_RETURN(const auto documents, pipeline::ParseYaml(text, file, kLimits));
  std::vector<json> values;
  for (const auto& document : documents) {
    PENSTOCK_ASSIGN_OR_RETURN(json value, pipeline::YamlToJson(document, file));
    if (!value.is_null()) values.push_back(std::move(value));
  }
  if (values.empty()) return InvalidArgument("{}: there is no pipeline in it", file);
  json whole = values[0];
  if (values.size() > 1) whole = {{"pipeline_spec", values[0]}, {"platform_spec", values[1]}};
  return PipelineText{whole.dump(-1, ' ', false, json::error_handler_t::replace),
                      ir.pipeline.pipeline_info().name()};
}

Result<PipelineText> ReadPipelineSpec(const json& spec) {
  if (!spec.is_object() || spec.empty()) return InvalidArgument("The pipeline spec is empty");
  PipelineText text;
  text.json = spec.dump(-1, ' ', false, json::error_handler_t::replace);
  PENSTOCK_ASSIGN_OR_RETURN(const pipeline::PipelineIr ir,
                            pipeline::ParsePipelineIr(text.json, "pipeline_spec"));
  PENSTOCK_RETURN_IF_ERROR(CheckIr(ir, "pipeline_spec"));
  text.name = ir.pipeline.pipeline_info().name();
  return text;
}

}  // namespace penstock::server
