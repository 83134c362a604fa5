#include "penstock/components/bulk_inferrer/bulk_inferrer.h"

#include "penstock/base/arrow_status.h"
#include "penstock/base/filesystem.h"
#include "penstock/data/dataset.h"
#include "penstock/data/example_writer.h"
#include "penstock/data/splits.h"
#include "penstock/model/model.h"

namespace penstock::components {
namespace {

Result<data::PayloadFormat> ToFormat(const std::string& name) {
  if (name == "parquet") return data::PayloadFormat::kParquet;
  if (name == "tfrecord_gzip") return data::PayloadFormat::kTfRecordGzip;
  return InvalidArgument("BulkInferrer: payload_format must be parquet or tfrecord_gzip, not '{}'", name);
}

/// The batch and its predictions side by side.
Result<data::Batch> WithPredictions(const model::Model& model, const data::Batch& batch) {
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch predictions, model.Predict(batch));
  data::Batch both = batch;
  for (int i = 0; i < predictions->num_columns(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(
        both, both->AddColumn(both->num_columns(), predictions->schema()->field(i), predictions->column(i)));
  }
  return both;
}

/// Shard by shard into a file each. The number of rows.
Result<int64_t> PredictSplit(const model::Model& model, const data::Dataset& dataset,
                             const std::string& folder, data::PayloadFormat format,
                             const ExecutionOptions& execution) {
  arrow::FieldVector fields = dataset.schema()->fields();
  const std::shared_ptr<arrow::Schema> predictions = model.signature().outputs();
  for (const auto& field : predictions->fields()) {
    if (dataset.schema()->GetFieldIndex(field->name()) >= 0)
      return InvalidArgument(
          "The examples already have a column '{}', which is what the prediction is called", field->name());
    fields.push_back(field);
  }
  const auto schema = arrow::schema(std::move(fields));
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder));
  const int64_t num_shards = dataset.num_shards();
  const std::string ending = format == data::PayloadFormat::kParquet ? "parquet" : "tfrecord.gz";
  std::vector<int64_t> num_rows(static_cast<size_t>(num_shards), 0);
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(num_shards, execution, [&](int64_t shard) -> Status {
    const std::string name = fmt::format("predictions-{:05}-of-{:05}.{}", shard, num_shards, ending);
    PENSTOCK_ASSIGN_OR_RETURN(const auto writer,
                              data::OpenExampleWriter(fs::Join(folder, name), schema, format));
    PENSTOCK_ASSIGN_OR_RETURN(const auto reader, dataset.ReadShard(shard));
    while (true) {
      PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
      PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
      if (!batch) break;
      PENSTOCK_ASSIGN_OR_RETURN(const data::Batch predicted, WithPredictions(model, *batch));
      PENSTOCK_RETURN_IF_ERROR(writer->Write(predicted));
      num_rows[static_cast<size_t>(shard)] += predicted->num_rows();
    }
    return writer->Close();
  }));
  int64_t total = 0;
  for (int64_t count : num_rows) total += count;
  return total;
}

class BulkInferrerExecutor : public pipeline::Executor {
 public:
  Result<pipeline::ExecutionReport> Execute(const pipeline::ExecutionTask& task,
                                            ExecutionContext& context) override {
    PENSTOCK_ASSIGN_OR_RETURN(const auto* examples, Input(task, "examples"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto* model_artifact, Input(task, "model"));
    PENSTOCK_ASSIGN_OR_RETURN(auto splits, ParameterOr<std::vector<std::string>>(task, "splits", {}));
    PENSTOCK_ASSIGN_OR_RETURN(const auto format_name, Parameter<std::string>(task, "payload_format"));
    PENSTOCK_ASSIGN_OR_RETURN(const auto format, ToFormat(format_name));
    if (splits.empty()) {
      PENSTOCK_ASSIGN_OR_RETURN(splits, SplitNames(*examples));
    }
    PENSTOCK_ASSIGN_OR_RETURN(const auto model, model::LoadModel(model_artifact->uri));
    auto report = StartReport(task);
    PENSTOCK_ASSIGN_OR_RETURN(auto* output, Output(report, "output_examples"));
    for (const std::string& split : splits) {
      PENSTOCK_RETURN_IF_ERROR(CheckHasSplit(*examples, split));
      const std::vector<std::string> pattern = {data::SplitDirectory(examples->uri, split)};
      PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, data::OpenDataset(pattern, {}, context.options));
      PENSTOCK_ASSIGN_OR_RETURN(
          const int64_t num_rows,
          PredictSplit(*model, *dataset, data::SplitDirectory(output->uri, split), format, context.options));
      output->properties["num_examples_" + split] = num_rows;
    }
    SetSplitNames(splits, *output);
    output->properties["prediction_column"] = model->signature().prediction_column;
    return report;
  }
};

}  // namespace

Status CheckBulkInferrer(const std::map<std::string, nlohmann::json>& parameters) {
  const auto entry = parameters.find("payload_format");
  if (entry == parameters.end() || !entry->second.is_string()) return OkStatus();
  return ToFormat(entry->second.get<std::string>()).status();
}

std::unique_ptr<pipeline::Executor> MakeBulkInferrerExecutor() {
  return std::make_unique<BulkInferrerExecutor>();
}

}  // namespace penstock::components
