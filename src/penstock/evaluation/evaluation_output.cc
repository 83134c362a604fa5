#include "penstock/evaluation/evaluation_output.h"

#include <google/protobuf/util/json_util.h>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/base/remote_filesystem.h"
#include "penstock/data/example_writer.h"
#include "penstock/data/tfrecord/record_reader.h"
#include "penstock/data/tfrecord/record_writer.h"
#include "penstock/evaluation/result_protos.h"
#include "penstock/evaluation/validation.h"

namespace penstock::evaluation {
namespace {

// TFMA's names of files.
constexpr char kMetrics[] = "metrics-00000-of-00001.tfrecord";
constexpr char kPlots[] = "plots-00000-of-00001.tfrecord";
constexpr char kAttributions[] = "attributions-00000-of-00001.tfrecord";
constexpr char kValidations[] = "validations.tfrecord";
constexpr char kConfig[] = "eval_config.json";
constexpr char kParquet[] = "metrics.parquet";
// The release of TFMA whose messages these are.
constexpr char kTfmaVersion[] = "0.52.0";
// Of the Parquet file.
constexpr int64_t kMaxRowsAtOnce = 100'000;

// A file of messages that appears under its name when it is whole, however many they are.
class MessageFile {
 public:
  static Result<MessageFile> Open(const std::string& path) {
    // Object stores publish a whole object when its stream is closed.
    const std::string written = fs::IsRemote(path) ? path : path + ".partial";
    PENSTOCK_ASSIGN_OR_RETURN(auto writer, data::tfrecord::RecordWriter::Open(written, /*is_gzip=*/false));
    return MessageFile(path, written, std::move(writer));
  }
  Status Write(const google::protobuf::Message& message) {
    return writer_->Write(SerializeDeterministically(message));
  }
  Status Close() {
    PENSTOCK_RETURN_IF_ERROR(writer_->Close());
    return written_ == path_ ? OkStatus() : fs::Rename(written_, path_);
  }

 private:
  MessageFile(std::string path, std::string written, std::unique_ptr<data::tfrecord::RecordWriter> writer)
      : path_(std::move(path)), written_(std::move(written)), writer_(std::move(writer)) {}

  std::string path_, written_;
  std::unique_ptr<data::tfrecord::RecordWriter> writer_;
};

// Calls `add` with each message of a file of records.
template <class Message, class Add>
Status ReadRecords(const std::string& path, const Add& add) {
  PENSTOCK_ASSIGN_OR_RETURN(const data::FileSource source, data::FileSource::Find(path));
  PENSTOCK_ASSIGN_OR_RETURN(auto stream, data::tfrecord::StreamRange(source, 0, source.size()));
  data::tfrecord::RecordReader reader(path, std::move(stream));
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto record, reader.Next());
    if (!record.has_value()) return OkStatus();
    Message message;
    if (!message.ParseFromArray(record->data(), static_cast<int>(record->size()))) {
      return DataLoss("{}: record {} is no {}", path, reader.record_number() - 1,
                      Message::descriptor()->full_name());
    }
    PENSTOCK_RETURN_IF_ERROR(add(message));
  }
}

// Puts attributions to the metrics of their slices.
Status ReadAttributions(const std::string& uri, StoredEvaluation& stored) {
  const std::string path = fs::Join(uri, kAttributions);
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_there, fs::Exists(path));
  if (!is_there) return OkStatus();
  return ReadRecords<tfma::AttributionsForSlice>(path, [&](const tfma::AttributionsForSlice& of) {
    for (SliceResult& slice : stored.slices) {
      const bool is_same =
          slice.is_cross == of.has_cross_slice_key() &&
          (slice.is_cross ? FeaturesOf(of.cross_slice_key().comparison_slice_key()) == slice.slice &&
                                FeaturesOf(of.cross_slice_key().baseline_slice_key()) == slice.baseline_slice
                          : FeaturesOf(of.slice_key()) == slice.slice);
      if (is_same) AddFromProto(of, slice);
    }
    return OkStatus();
  });
}

Status WriteConfig(const Evaluation& evaluation, const std::string& uri) {
  tfma::EvalRun run;
  *run.mutable_eval_config() = evaluation.config;
  run.set_version(kTfmaVersion);
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(run, &text, options).ok())
    return Internal("The configuration cannot be written as JSON");
  return fs::WriteFileAtomically(fs::Join(uri, kConfig), text);
}

// One number of one slice; lists and matrices are in the TFRecord files.
struct Rows {
  arrow::StringBuilder slice, baseline_slice, model, output, sub_key, metric;
  arrow::BooleanBuilder is_weighted, is_diff;
  arrow::Int64Builder num_examples;
  arrow::DoubleBuilder value, lower, upper, standard_error;

  Status Append(const SliceResult& of, const MetricKey& key, double number) {
    PENSTOCK_RETURN_IF_ARROW_ERROR(slice.Append(SliceText(of.slice)));
    if (of.is_cross) {
      PENSTOCK_RETURN_IF_ARROW_ERROR(baseline_slice.Append(SliceText(of.baseline_slice)));
    } else {
      PENSTOCK_RETURN_IF_ARROW_ERROR(baseline_slice.AppendNull());
    }
    PENSTOCK_RETURN_IF_ARROW_ERROR(model.Append(key.model));
    PENSTOCK_RETURN_IF_ARROW_ERROR(output.Append(key.output));
    PENSTOCK_RETURN_IF_ARROW_ERROR(sub_key.Append(key.SubKeyText()));
    PENSTOCK_RETURN_IF_ARROW_ERROR(metric.Append(key.name));
    PENSTOCK_RETURN_IF_ARROW_ERROR(is_weighted.Append(key.is_weighted));
    PENSTOCK_RETURN_IF_ARROW_ERROR(is_diff.Append(key.is_diff));
    PENSTOCK_RETURN_IF_ARROW_ERROR(num_examples.Append(of.num_examples));
    PENSTOCK_RETURN_IF_ARROW_ERROR(value.Append(number));
    const auto interval = of.intervals.find(key);
    const bool has = interval != of.intervals.end() && interval->second.lower.size() == 1;
    for (const auto& [builder, numbers] :
         {std::pair(&lower, has ? &interval->second.lower : nullptr),
          {&upper, has ? &interval->second.upper : nullptr},
          {&standard_error, has ? &interval->second.standard_error : nullptr}})
      PENSTOCK_RETURN_IF_ARROW_ERROR(numbers == nullptr ? builder->AppendNull()
                                                        : builder->Append((*numbers)[0]));
    return OkStatus();
  }
};

// The columns of `rows`, which are empty after it.
Result<data::Batch> TakeBatch(Rows& rows) {
  const std::pair<const char*, arrow::ArrayBuilder*> columns[] = {{"slice", &rows.slice},
                                                                  {"baseline_slice", &rows.baseline_slice},
                                                                  {"model", &rows.model},
                                                                  {"output", &rows.output},
                                                                  {"sub_key", &rows.sub_key},
                                                                  {"metric", &rows.metric},
                                                                  {"example_weighted", &rows.is_weighted},
                                                                  {"is_diff", &rows.is_diff},
                                                                  {"num_examples", &rows.num_examples},
                                                                  {"value", &rows.value},
                                                                  {"lower_bound", &rows.lower},
                                                                  {"upper_bound", &rows.upper},
                                                                  {"standard_error", &rows.standard_error}};
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, builder] : columns) {
    std::shared_ptr<arrow::Array> array;
    PENSTOCK_RETURN_IF_ARROW_ERROR(builder->Finish(&array));
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(std::move(array));
  }
  const int64_t num_rows = arrays[0]->length();
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), num_rows, std::move(arrays));
}

Status WriteParquet(const Evaluation& evaluation, const std::string& path) {
  Rows rows;
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch none, TakeBatch(rows));
  PENSTOCK_ASSIGN_OR_RETURN(const auto writer,
                            data::OpenExampleWriter(path, none->schema(), data::PayloadFormat::kParquet));
  for (const SliceResult& slice : evaluation.slices) {
    for (const auto& [key, value] : slice.metrics)
      if (const auto* number = std::get_if<double>(&value))
        PENSTOCK_RETURN_IF_ERROR(rows.Append(slice, key, *number));
    if (rows.value.length() < kMaxRowsAtOnce) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const data::Batch batch, TakeBatch(rows));
    PENSTOCK_RETURN_IF_ERROR(writer->Write(batch));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch last, TakeBatch(rows));
  PENSTOCK_RETURN_IF_ERROR(writer->Write(last));
  return writer->Close();
}

Status WriteSlices(const Evaluation& evaluation, const std::string& uri) {
  PENSTOCK_ASSIGN_OR_RETURN(MessageFile metrics, MessageFile::Open(fs::Join(uri, kMetrics)));
  PENSTOCK_ASSIGN_OR_RETURN(MessageFile plots, MessageFile::Open(fs::Join(uri, kPlots)));
  PENSTOCK_ASSIGN_OR_RETURN(MessageFile attributions, MessageFile::Open(fs::Join(uri, kAttributions)));
  for (const SliceResult& slice : evaluation.slices) {
    const tfma::AttributionsForSlice attributed = AttributionsProto(slice);
    if (!attributed.attributions_keys_and_values().empty())
      PENSTOCK_RETURN_IF_ERROR(attributions.Write(attributed));
    PENSTOCK_RETURN_IF_ERROR(metrics.Write(MetricsProto(slice)));
    if (!slice.plots.empty()) PENSTOCK_RETURN_IF_ERROR(plots.Write(PlotsProto(slice)));
  }
  for (MessageFile* file : {&metrics, &plots, &attributions}) PENSTOCK_RETURN_IF_ERROR(file->Close());
  return OkStatus();
}

}  // namespace

Status WriteEvaluationFiles(const Evaluation& evaluation, const std::string& uri) {
  PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(uri));
  PENSTOCK_RETURN_IF_ERROR(WriteSlices(evaluation, uri));
  if (evaluation.has_thresholds) {
    PENSTOCK_ASSIGN_OR_RETURN(MessageFile validations, MessageFile::Open(fs::Join(uri, kValidations)));
    PENSTOCK_RETURN_IF_ERROR(validations.Write(evaluation.validation));
    PENSTOCK_RETURN_IF_ERROR(validations.Close());
  }
  PENSTOCK_RETURN_IF_ERROR(WriteConfig(evaluation, uri));
  return WriteParquet(evaluation, fs::Join(uri, kParquet));
}

Result<StoredEvaluation> ReadEvaluationFiles(const std::string& uri) {
  StoredEvaluation stored;
  PENSTOCK_RETURN_IF_ERROR(ReadRecords<tfma::MetricsForSlice>(
      fs::Join(uri, kMetrics), [&](const tfma::MetricsForSlice& metrics) -> Status {
        PENSTOCK_ASSIGN_OR_RETURN(SliceResult slice, FromProtos(metrics));
        if (!stored.slices.empty()) slice.metrics.ShareKeys(stored.slices.front().metrics);
        stored.slices.push_back(std::move(slice));
        return OkStatus();
      }));
  PENSTOCK_RETURN_IF_ERROR(ReadAttributions(uri, stored));
  const std::string config = fs::Join(uri, kConfig);
  PENSTOCK_ASSIGN_OR_RETURN(const bool has_config, fs::Exists(config));
  if (has_config) {
    PENSTOCK_ASSIGN_OR_RETURN(stored.config, ReadEvalConfig(config));
  }
  const std::string validations = fs::Join(uri, kValidations);
  PENSTOCK_ASSIGN_OR_RETURN(stored.has_validation, fs::Exists(validations));
  if (!stored.has_validation) return stored;
  PENSTOCK_RETURN_IF_ERROR(
      ReadRecords<tfma::ValidationResult>(validations, [&](const tfma::ValidationResult& validation) {
        stored.validation.MergeFrom(validation);
        return OkStatus();
      }));
  return stored;
}

Result<std::vector<std::string>> ListStoredChecks(const StoredEvaluation& stored) {
  if (!stored.has_validation) return std::vector<std::string>();
  // Only names are looked up here; which columns they were measured on says nothing more.
  const TargetOf target_of = [](const tfma::ModelSpec& spec, const std::string&) -> Result<TargetColumns> {
    return TargetColumns{"label", "prediction of " + spec.name(), ""};
  };
  std::vector<std::string> attributed;
  for (const SliceResult& slice : stored.slices)
    for (const auto& [key, value] : slice.metrics)
      if (const auto* attributions = ValueAs<Attributions>(value))
        for (const auto& [feature, numbers] : attributions->by_feature)
          attributed.push_back(std::string(kAttributionPrefix) + feature);
  Validation validation;
  // Which rule was asked for is not stored; it is the one that gives the verdict that was.
  for (const Compatibility rule : {Compatibility::kDocumentation, Compatibility::kTfma}) {
    PENSTOCK_ASSIGN_OR_RETURN(const EvaluationPlan plan,
                              PlanEvaluation(stored.config, target_of, rule, attributed));
    PENSTOCK_ASSIGN_OR_RETURN(validation, ValidateSlices(plan, stored.slices));
    if (validation.result.validation_ok() == stored.validation.validation_ok()) break;
  }
  return ListChecks(validation);
}

}  // namespace penstock::evaluation
