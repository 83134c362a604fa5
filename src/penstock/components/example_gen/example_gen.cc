#include "penstock/components/example_gen/example_gen.h"

#include <algorithm>
#include <optional>

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/components/example_gen/input_config.h"
#include "penstock/data/dataset.h"
#include "penstock/data/splits.h"
#include "penstock/validation/schema_file.h"

namespace penstock::components {
namespace {

using nlohmann::json;

Result<data::PayloadFormat> ToFormat(const std::string& name) {
  if (name == "parquet") return data::PayloadFormat::kParquet;
  if (name == "tfrecord_gzip") return data::PayloadFormat::kTfRecordGzip;
  const std::vector<std::string> known = {"parquet", "tfrecord_gzip"};
  return InvalidArgument("payload_format is '{}', known are {}{}", name, fmt::join(known, ", "),
                         DidYouMean(name, known));
}

/// The latest span and its version, as TFX records them: span 0 where the patterns know none.
void SetSpan(const InputConfig& config, const std::vector<data::SpanVersion>& spans,
             pipeline::Artifact& examples) {
  if (config.input_splits.empty() && spans.empty()) return;
  examples.properties["span"] = spans.empty() ? 0 : spans.back().span;
  if (!spans.empty() && spans.back().version) examples.properties["version"] = *spans.back().version;
  if (spans.size() > 1) examples.properties["first_span"] = spans.front().span;
}

class ExampleGenExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task,
                                            ExecutionContext& context) override {
    PENSTOCK_RETURN_IF_ERROR(CheckExampleGen(task.parameters));
    PENSTOCK_ASSIGN_OR_RETURN(const auto config, ToInputConfig(task.parameters));
    PENSTOCK_ASSIGN_OR_RETURN(const auto format_name, Parameter<std::string>(task, "payload_format"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto format, ToFormat(format_name));
    data::DatasetOptions options;
    PENSTOCK_ASSIGN_OR_RETURN(const auto delimiter, Parameter<std::string>(task, "delimiter"));
    options.csv.delimiter = delimiter[0];
    PENSTOCK_ASSIGN_OR_RETURN(options.csv.column_names,
                              ParameterOr(task, "column_names", std::vector<std::string>{}));
    PENSTOCK_ASSIGN_OR_RETURN(options.csv.null_values,
                              ParameterOr(task, "null_values", std::vector<std::string>{}));
    PENSTOCK_ASSIGN_OR_RETURN(options.columns, ParameterOr(task, "columns", std::vector<std::string>{}));
    PENSTOCK_ASSIGN_OR_RETURN(const auto schema_path, ParameterOr(task, "schema", std::string()));
    tensorflow::metadata::v0::Schema schema;
    if (!schema_path.empty()) {
      PENSTOCK_ASSIGN_OR_RETURN(schema, validation::ReadSchema(schema_path));
      options.schema = &schema;
    }
    PENSTOCK_ASSIGN_OR_RETURN(const auto opened, OpenInputSplits(config, options, context.options));

    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* examples, Output(report, "examples"));
    std::vector<std::string> names;
    int64_t num_examples = 0;
    for (const auto& source : opened.sources) {
      std::vector<const data::Dataset*> parts;
      for (const auto& part : source.parts) parts.push_back(part.get());
      PENSTOCK_ASSIGN_OR_RETURN(
          const auto summary, data::WriteSplits(parts, source.splits, examples->uri, format, context.options,
                                                config.partition_feature));
      for (const auto& split : source.splits) {
        names.push_back(split.name);
        num_examples += summary.num_rows.at(split.name);
        examples->properties["num_examples_" + split.name] = summary.num_rows.at(split.name);
      }
    }
    SetSpan(config, opened.spans, *examples);
    SetSplitNames(names, *examples);
    examples->properties["num_examples"] = num_examples;
    examples->properties["file_format"] = format_name;
    return report;
  }
};

}  // namespace

Status CheckExampleGen(const std::map<std::string, json>& parameters) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto config, ToInputConfig(parameters));
  if (auto entry = parameters.find("payload_format"); entry != parameters.end() && entry->second.is_string())
    PENSTOCK_RETURN_IF_ERROR(ToFormat(entry->second.get<std::string>()).status());
  if (auto entry = parameters.find("delimiter"); entry != parameters.end() && entry->second.is_string())
    if (const auto text = entry->second.get<std::string>(); text.size() != 1)
      return InvalidArgument("delimiter has to be one character, not '{}'", text);
  if (config.input.empty() && config.connection.empty())
    return InvalidArgument("ExampleGen needs input (files), or connection and query (a database)");
  if (!config.input_splits.empty() && !config.input.empty())
    return data::FindInputFiles(config.input, config.input_splits, config.range).status();
  if (!config.input.empty()) PENSTOCK_RETURN_IF_ERROR(fs::Glob(config.input).status());
  return OkStatus();
}

std::unique_ptr<pipeline::Executor> MakeExampleGenExecutor() {
  return std::make_unique<ExampleGenExecutor>();
}

}  // namespace penstock::components
