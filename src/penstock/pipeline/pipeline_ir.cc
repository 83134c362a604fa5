#include "penstock/pipeline/pipeline_ir.h"

#include <cctype>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/json_util.h>
#include <nlohmann/json.hpp>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/base/proto_io.h"
#include "penstock/pipeline/yaml_document.h"

namespace penstock::pipeline {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using nlohmann::json;

constexpr YamlLimits kIrLimits = {.num_bytes = 16 << 20, .depth = 64, .num_values = 2'000'000};

/// The JSON reader of protobuf recurses; nlohmann's does not: the depth is checked between the two.
bool IsTooDeep(std::string_view text, int limit) {
  int depth = 0;
  bool in_text = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_text) {
      if (c == '\\') ++i;
      if (c == '"') in_text = false;
    } else if (c == '"') {
      in_text = true;
    } else if (c == '{' || c == '[') {
      if (++depth > limit) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

bool IsFreeForm(const FieldDescriptor& field) {
  return field.message_type() == nullptr || field.message_type()->file()->package() == "google.protobuf";
}

/// protobuf's own message for an unknown field has no place in the text and no suggestion.
Status CheckFields(const YamlNode& node, const Descriptor& type, const std::string& file);

Status CheckField(const YamlNode& node, const FieldDescriptor& field, const std::string& file) {
  if (field.is_map()) {
    const FieldDescriptor& value = *field.message_type()->map_value();
    if (IsFreeForm(value)) return OkStatus();
    for (const YamlEntry& entry : node.entries) {
      PENSTOCK_RETURN_IF_ERROR(CheckFields(entry.value, *value.message_type(), file));
    }
    return OkStatus();
  }
  if (IsFreeForm(field)) return OkStatus();
  if (!field.is_repeated()) return CheckFields(node, *field.message_type(), file);
  for (const YamlNode& item : node.items) {
    PENSTOCK_RETURN_IF_ERROR(CheckFields(item, *field.message_type(), file));
  }
  return OkStatus();
}

Status CheckFields(const YamlNode& node, const Descriptor& type, const std::string& file) {
  for (const YamlEntry& entry : node.entries) {
    const FieldDescriptor* field = type.FindFieldByCamelcaseName(entry.key.text);
    if (field == nullptr) field = type.FindFieldByName(entry.key.text);
    if (field == nullptr) {
      std::vector<std::string> known;
      for (int i = 0; i < type.field_count(); ++i) known.push_back(type.field(i)->json_name());
      return InvalidArgument("{}: {} of KFP has no field '{}'{}", entry.key.Where(file), type.name(),
                             entry.key.text, DidYouMean(entry.key.text, known));
    }
    PENSTOCK_RETURN_IF_ERROR(CheckField(entry.value, *field, file));
  }
  return OkStatus();
}

std::string Dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

Status FillMessage(const json& value, const std::string& name, Message& message) {
  if (!value.is_object()) {
    return InvalidArgument("{}: not a KFP {}: a mapping is expected", name, message.GetDescriptor()->name());
  }
  const auto status = google::protobuf::util::JsonStringToMessage(Dump(value), &message);
  if (status.ok()) return OkStatus();
  return InvalidArgument("{}: not a KFP {}: {}", name, message.GetDescriptor()->name(),
                         status.message().ToString());
}

Result<PipelineIr> FromDocuments(const json& pipeline, const json* platform, const std::string& name) {
  PipelineIr ir;
  PENSTOCK_RETURN_IF_ERROR(FillMessage(pipeline, name, ir.pipeline));
  if (platform != nullptr && !platform->is_null()) {
    PENSTOCK_RETURN_IF_ERROR(FillMessage(*platform, name, ir.platform));
  }
  if (!ir.pipeline.has_root()) return InvalidArgument("{}: not a KFP PipelineSpec: it has no 'root'", name);
  return ir;
}

const json* FindEither(const json& object, const char* snake, const char* camel) {
  if (auto found = object.find(snake); found != object.end()) return &*found;
  if (auto found = object.find(camel); found != object.end()) return &*found;
  return nullptr;
}

/// {"pipeline_spec": ..., "platform_spec": ...}, as KFP's API stores it, or the bare spec.
Result<PipelineIr> FromJson(const json& value, const std::string& name) {
  if (value.is_object()) {
    if (const json* pipeline = FindEither(value, "pipeline_spec", "pipelineSpec")) {
      return FromDocuments(*pipeline, FindEither(value, "platform_spec", "platformSpec"), name);
    }
  }
  return FromDocuments(value, nullptr, name);
}

Result<PipelineIr> ParseJson(std::string_view text, const std::string& name) {
  if (text.size() > kIrLimits.num_bytes) return InvalidArgument("{}: larger than 16 MiB", name);
  if (IsTooDeep(text, kIrLimits.depth))
    return InvalidArgument("{}: nested deeper than {} levels", name, kIrLimits.depth);
  try {
    return FromJson(json::parse(text), name);
  } catch (const json::exception& error) {
    return InvalidArgument("{}: not JSON: {}", name, error.what());
  }
}

/// `message` as JSON with keys in order; an empty one is an empty object.
json ToJson(const Message& message) {
  std::string text;
  const auto status = google::protobuf::util::MessageToJsonString(message, &text);
  json value = status.ok() ? json::parse(text, nullptr, false) : json::object();
  return value.is_object() ? value : json::object();
}

}  // namespace

Result<PipelineIr> ParsePipelineIr(std::string_view text, const std::string& name) {
  const size_t start = text.find_first_not_of(" \t\r\n");
  if (start != std::string_view::npos && text[start] == '{') return ParseJson(text, name);
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<YamlNode> documents, ParseYaml(text, name, kIrLimits));
  std::erase_if(documents, [](const YamlNode& document) { return document.kind == YamlNode::Kind::kNull; });
  if (documents.empty()) return InvalidArgument("{}: empty; a KFP PipelineSpec is expected", name);
  if (documents.size() > 2) {
    return InvalidArgument("{}: a third document; PipelineSpec and PlatformSpec are expected",
                           documents[2].Where(name));
  }
  PENSTOCK_ASSIGN_OR_RETURN(json first, YamlToJson(documents[0], name));
  if (documents.size() == 1 && first.is_object() &&
      FindEither(first, "pipeline_spec", "pipelineSpec") != nullptr) {
    return FromJson(first, name);
  }
  PENSTOCK_RETURN_IF_ERROR(CheckFields(documents[0], *ml_pipelines::PipelineSpec::descriptor(), name));
  if (documents.size() == 1) return FromDocuments(first, nullptr, name);
  PENSTOCK_RETURN_IF_ERROR(CheckFields(documents[1], *ml_pipelines::PlatformSpec::descriptor(), name));
  PENSTOCK_ASSIGN_OR_RETURN(json second, YamlToJson(documents[1], name));
  return FromDocuments(first, &second, name);
}

Status ParsePlatform(std::string_view text, PipelineIr& ir) {
  const std::string name = "the platform";
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<YamlNode> documents, ParseYaml(text, name, kIrLimits));
  if (documents.size() != 1) return InvalidArgument("{}: one PlatformSpec is expected", name);
  PENSTOCK_RETURN_IF_ERROR(CheckFields(documents[0], *ml_pipelines::PlatformSpec::descriptor(), name));
  PENSTOCK_ASSIGN_OR_RETURN(const json value, YamlToJson(documents[0], name));
  return value.is_null() ? OkStatus() : FillMessage(value, name, ir.platform);
}

Result<PipelineIr> ReadPipelineIr(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(std::string text, fs::ReadFile(path));
  return ParsePipelineIr(text, path);
}

std::string PrintPipelineYaml(const PipelineIr& ir) {
  const json pipeline = ToJson(ir.pipeline);
  std::string text = "# PIPELINE DEFINITION\n# Name: " + PrintYaml(ir.pipeline.pipeline_info().name());
  text += PrintYaml(pipeline);
  if (ir.platform.platforms().empty()) return text;
  return text + "---\n" + PrintYaml(ToJson(ir.platform));
}

std::string PrintPipelineJson(const PipelineIr& ir) {
  json value = ToJson(ir.pipeline);
  if (!ir.platform.platforms().empty()) {
    value = json{{"pipeline_spec", std::move(value)}, {"platform_spec", ToJson(ir.platform)}};
  }
  return value.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Status WritePipelineIr(const std::string& path, const PipelineIr& ir) {
  return fs::WriteFileAtomically(path,
                                 path.ends_with(".json") ? PrintPipelineJson(ir) : PrintPipelineYaml(ir));
}

Digest SpecDigest(const PipelineIr& ir) {
  return DigestBuilder()
      .Add(SerializeDeterministically(ir.pipeline))
      .Add(SerializeDeterministically(ir.platform))
      .Finish();
}

}  // namespace penstock::pipeline
