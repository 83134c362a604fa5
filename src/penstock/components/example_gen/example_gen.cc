#include "penstock/components/example_gen/example_gen.h"

#include <algorithm>
#include <optional>

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/data/dataset.h"
#include "penstock/data/splits.h"
#include "penstock/validation/schema_file.h"

namespace penstock::components {
namespace {

using nlohmann::json;

Result<data::Split> ToSplit(const std::string& name, const json& buckets) {
  PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(name, "A split's name"));
  if (!buckets.is_number_integer() || buckets.get<int64_t>() < 1 || buckets.get<int64_t>() > 1'000'000)
    return InvalidArgument("splits: the share of '{}' has to be a whole number from 1 to 1000000, not {}", name, buckets.dump());
  return data::Split{name, buckets.get<int>()};
}

/// {train: 2, eval: 1}, or TFX's [{name: train, hash_buckets: 2}, ...].
Result<std::vector<data::Split>> ToSplits(const json& given) {
  std::vector<data::Split> splits;
  if (given.is_object()) {
    for (const auto& [name, buckets] : given.items()) {
      PENSTOCK_ASSIGN_OR_RETURN(auto split, ToSplit(name, buckets));
      splits.push_back(std::move(split));
    }
    // A JSON object has no order of its own: the largest first, as people write them.
    std::stable_sort(splits.begin(), splits.end(),
                     [](const auto& a, const auto& b) { return a.hash_buckets > b.hash_buckets; });
  } else if (given.is_array()) {
    for (const auto& entry : given) {
      if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string() || !entry.contains("hash_buckets"))
        return InvalidArgument("splits: an entry needs name and hash_buckets: {}", entry.dump());
      PENSTOCK_ASSIGN_OR_RETURN(auto split, ToSplit(entry["name"].get<std::string>(), entry["hash_buckets"]));
      splits.push_back(std::move(split));
    }
  }
  if (splits.empty()) return InvalidArgument("splits: none is given; write for example {{train: 2, eval: 1}}");
  return splits;
}

Result<data::PayloadFormat> ToFormat(const std::string& name) {
  if (name == "parquet") return data::PayloadFormat::kParquet;
  if (name == "tfrecord_gzip") return data::PayloadFormat::kTfRecordGzip;
  const std::vector<std::string> known = {"parquet", "tfrecord_gzip"};
  return InvalidArgument("payload_format is '{}', known are {}{}", name, fmt::join(known, ", "), DidYouMean(name, known));
}

class ExampleGenExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task, ExecutionContext& context) override {
    PENSTOCK_RETURN_IF_ERROR(CheckExampleGen(task.parameters));
    PENSTOCK_ASSIGN_OR_RETURN(const auto input, Parameter<std::string>(task, "input"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto given_splits, Parameter<json>(task, "splits"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto splits, ToSplits(given_splits));
    PENSTOCK_ASSIGN_OR_RETURN(const auto format_name, Parameter<std::string>(task, "payload_format"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto format, ToFormat(format_name));
    data::DatasetOptions options;
    PENSTOCK_ASSIGN_OR_RETURN(const auto delimiter, Parameter<std::string>(task, "delimiter"));
    options.csv.delimiter = delimiter[0];
    PENSTOCK_ASSIGN_OR_RETURN(options.csv.column_names, ParameterOr(task, "column_names", std::vector<std::string>{}));
    PENSTOCK_ASSIGN_OR_RETURN(options.csv.null_values, ParameterOr(task, "null_values", std::vector<std::string>{}));
    PENSTOCK_ASSIGN_OR_RETURN(options.columns, ParameterOr(task, "columns", std::vector<std::string>{}));
    PENSTOCK_ASSIGN_OR_RETURN(const auto schema_path, ParameterOr(task, "schema", std::string()));
    tensorflow::metadata::v0::Schema schema;
    if (!schema_path.empty()) {
      PENSTOCK_ASSIGN_OR_RETURN(schema, validation::ReadSchema(schema_path));
      options.schema = &schema;
    }
    PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, data::OpenDataset(std::vector{input}, options, context.options));

    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* examples, Output(report, "examples"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto summary, data::WriteSplits(*dataset, splits, examples->uri, format, context.options));
    std::vector<std::string> names;
    int64_t num_examples = 0;
    for (const auto& split : splits) {
      names.push_back(split.name);
      num_examples += summary.num_rows.at(split.name);
      examples->properties["num_examples_" + split.name] = summary.num_rows.at(split.name);
    }
    SetSplitNames(names, *examples);
    examples->properties["num_examples"] = num_examples;
    examples->properties["file_format"] = format_name;
    return report;
  }
};

}  // namespace

Status CheckExampleGen(const std::map<std::string, json>& parameters) {
  if (auto entry = parameters.find("splits"); entry != parameters.end())
    PENSTOCK_RETURN_IF_ERROR(ToSplits(entry->second).status());
  if (auto entry = parameters.find("payload_format"); entry != parameters.end() && entry->second.is_string())
    PENSTOCK_RETURN_IF_ERROR(ToFormat(entry->second.get<std::string>()).status());
  if (auto entry = parameters.find("delimiter"); entry != parameters.end() && entry->second.is_string())
    if (const auto text = entry->second.get<std::string>(); text.size() != 1)
      return InvalidArgument("delimiter has to be one character, not '{}'", text);
  if (auto entry = parameters.find("input"); entry != parameters.end() && entry->second.is_string())
    PENSTOCK_RETURN_IF_ERROR(fs::Glob(entry->second.get<std::string>()).status());
  return OkStatus();
}

std::unique_ptr<pipeline::Executor> MakeExampleGenExecutor() { return std::make_unique<ExampleGenExecutor>(); }

}  // namespace penstock::components
