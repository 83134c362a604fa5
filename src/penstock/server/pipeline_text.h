#pragma once

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "penstock/base/status.h"

namespace penstock::server {

/// A compiled pipeline as the service stores and shows it: the text of one JSON value, what the
/// author wrote field by field; {"pipeline_spec", "platform_spec"} where there is a platform.
struct PipelineText {
  std::string json;
  std::string name;  ///< pipelineInfo.name.
};

/// Of YAML or JSON with one or two documents. kInvalidArgument: not a PipelineSpec; `file` stands
/// for it in messages. Sizes, depth and aliases are bounded as pipeline::ParsePipelineIr has them.
Result<PipelineText> ReadPipelineText(std::string_view text, const std::string& file);
/// Of the API's field pipeline_spec.
Result<PipelineText> ReadPipelineSpec(const nlohmann::json& spec);

/// The pipeline in a file that was uploaded: YAML, JSON, or a .zip or .tar.gz that holds
/// pipeline.yaml (or begins with a YAML file). kInvalidArgument: another kind of file, a damaged one, or one
/// that unpacks to more than 32 MiB.
Result<std::string> UnpackPipelineFile(std::string bytes, const std::string& file_name);

/// What came in the field `field` of a multipart form. kInvalidArgument: no form, or no such field.
struct UploadedFile {
  std::string name;
  std::string content;
};
Result<UploadedFile> ReadUploadedFile(std::string_view body, std::string_view content_type,
                                      std::string_view field);

}  // namespace penstock::server
