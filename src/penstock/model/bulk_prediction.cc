#include "penstock/model/bulk_prediction.h"

#include <algorithm>
#include <atomic>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/base/arrow_status.h"
#include "penstock/base/digest.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/data/example_writer.h"
#include "penstock/model/prediction_log.h"
#include "penstock/model/prediction_values.h"

namespace penstock::model {
namespace {

// Readers of splits pass over files that begin so.
constexpr char kProgressFile[] = "_progress.json";
constexpr char kPartialEnding[] = ".partial";

/// One shard's file, whatever its form.
class ShardFile {
 public:
  virtual ~ShardFile() = default;
  virtual Status Write(const Batch& examples, const Batch& predictions) = 0;
  virtual Status Close() = 0;
};

class LogFile final : public ShardFile {
 public:
  explicit LogFile(std::unique_ptr<PredictionLogWriter> log) : log_(std::move(log)) {}
  Status Write(const Batch& examples, const Batch& predictions) override {
    return log_->Write(examples, predictions);
  }
  Status Close() override { return log_->Close(); }

 private:
  const std::unique_ptr<PredictionLogWriter> log_;
};

class ExampleFile final : public ShardFile {
 public:
  ExampleFile(std::unique_ptr<data::ExampleWriter> examples, const Signature& signature)
      : examples_(std::move(examples)), signature_(signature) {}
  Status Write(const Batch& examples, const Batch& predictions) override {
    PENSTOCK_ASSIGN_OR_RETURN(const Batch named, WithClassNames(signature_, predictions));
    Batch both = examples;
    for (int i = 0; i < named->num_columns(); ++i) {
      PENSTOCK_ASSIGN_OR_RETURN_ARROW(
          both, both->AddColumn(both->num_columns(), named->schema()->field(i), named->column(i)));
    }
    return examples_->Write(both);
  }
  Status Close() override { return examples_->Close(); }

 private:
  const std::unique_ptr<data::ExampleWriter> examples_;
  const Signature& signature_;
};

/// The columns of the examples and those of the predictions.
Result<std::shared_ptr<arrow::Schema>> OutputSchema(const Signature& signature,
                                                    const arrow::Schema& examples) {
  arrow::FieldVector fields = examples.fields();
  // By value: its fields are looped over.
  const std::shared_ptr<arrow::Schema> predictions = OutputsWithClassNames(signature);
  for (const auto& field : predictions->fields()) {
    if (examples.GetFieldIndex(field->name()) >= 0)
      return InvalidArgument(
          "The examples already have a column '{}', which is what the prediction is called", field->name());
    fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

class Run {
 public:
  Run(const Model& model, const data::Dataset& dataset, std::string folder, BulkFormat format,
      const ExecutionOptions& execution)
      : model_(model),
        dataset_(dataset),
        folder_(std::move(folder)),
        format_(format),
        execution_(execution) {}

  Result<BulkPrediction> Predict(const std::string& source) {
    if (format_ != BulkFormat::kPredictionLog) {
      PENSTOCK_ASSIGN_OR_RETURN(schema_, OutputSchema(model_.signature(), *dataset_.schema()));
    }
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(folder_));
    PENSTOCK_RETURN_IF_ERROR(Begin(source));
    const int64_t num_shards = dataset_.num_shards();
    num_rows_.assign(static_cast<size_t>(num_shards), 0);
    PENSTOCK_RETURN_IF_ERROR(
        ParallelFor(num_shards, execution_, [&](int64_t shard) { return PredictShard(shard); }));
    BulkPrediction done{.num_shards = num_shards, .num_resumed = num_resumed_};
    for (const int64_t count : num_rows_) done.num_rows += count;
    PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(fs::Join(folder_, kProgressFile)));
    return done;
  }

 private:
  std::string PathOf(int64_t shard) const {
    const bool is_log = format_ == BulkFormat::kPredictionLog;
    return fs::Join(folder_, fmt::format("{}-{:05}-of-{:05}.{}", is_log ? "prediction_logs" : "predictions",
                                         shard, dataset_.num_shards(),
                                         is_log                            ? "gz"
                                         : format_ == BulkFormat::kParquet ? "parquet"
                                                                           : "tfrecord.gz"));
  }

  Result<Digest> Fingerprint(const std::string& source) const {
    DigestBuilder digest;
    PENSTOCK_ASSIGN_OR_RETURN(const std::string model, model_.Encode());
    digest.Add("bulk_prediction/1").Add(model).Add(source).Add(static_cast<int64_t>(format_));
    digest.Add(dataset_.schema()->ToString());
    for (int64_t shard = 0; shard < dataset_.num_shards(); ++shard) digest.Add(dataset_.ShardBytes(shard));
    return digest.Finish();
  }

  /// What another attempt at something else left is removed; of this one, what is whole stays.
  Status Begin(const std::string& source) {
    PENSTOCK_ASSIGN_OR_RETURN(const Digest fingerprint, Fingerprint(source));
    const std::string path = fs::Join(folder_, kProgressFile);
    const Result<std::string> text = fs::ReadFile(path);
    if (text.ok()) {
      const auto progress = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
      resumes_ = progress.is_object() && progress.value("fingerprint", "") == fingerprint.ToHex();
    }
    PENSTOCK_ASSIGN_OR_RETURN(const auto entries, fs::List(folder_));
    for (const fs::FileEntry& entry : entries) {
      const std::string name = entry.path.substr(entry.path.rfind('/') + 1);
      const bool is_ours = name.starts_with("predictions-") || name.starts_with("prediction_logs-");
      if (is_ours && (!resumes_ || name.ends_with(kPartialEnding)))
        PENSTOCK_RETURN_IF_ERROR(fs::RemoveAll(entry.path));
    }
    return fs::WriteFileAtomically(path,
                                   nlohmann::json({{"fingerprint", fingerprint.ToHex()}}).dump() + "\n");
  }

  Result<std::unique_ptr<ShardFile>> Open(const std::string& path) const {
    if (format_ == BulkFormat::kPredictionLog) {
      PENSTOCK_ASSIGN_OR_RETURN(auto log,
                                PredictionLogWriter::Open(path, *dataset_.schema(), model_.signature()));
      return std::make_unique<LogFile>(std::move(log));
    }
    PENSTOCK_ASSIGN_OR_RETURN(
        auto examples,
        data::OpenExampleWriter(path, schema_,
                                format_ == BulkFormat::kParquet ? data::PayloadFormat::kParquet
                                                                : data::PayloadFormat::kTfRecordGzip));
    return std::make_unique<ExampleFile>(std::move(examples), model_.signature());
  }

  Status PredictShard(int64_t shard) {
    const std::string path = PathOf(shard);
    PENSTOCK_ASSIGN_OR_RETURN(const bool is_there, fs::Exists(path));
    const bool is_done = resumes_ && is_there;
    if (is_done) ++num_resumed_;
    PENSTOCK_ASSIGN_OR_RETURN(const auto reader, dataset_.ReadShard(shard));
    std::unique_ptr<ShardFile> file;
    if (!is_done) {
      PENSTOCK_ASSIGN_OR_RETURN(file, Open(path + kPartialEnding));
    }
    while (true) {
      PENSTOCK_RETURN_IF_ERROR(execution_.CheckCancelled());
      PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
      if (!batch) break;
      num_rows_[static_cast<size_t>(shard)] += (*batch)->num_rows();
      if (is_done) continue;  // Only counted.
      PENSTOCK_ASSIGN_OR_RETURN(const Batch predictions, model_.Predict(*batch));
      PENSTOCK_RETURN_IF_ERROR(file->Write(*batch, predictions));
    }
    if (is_done) return OkStatus();
    PENSTOCK_RETURN_IF_ERROR(file->Close());
    return fs::Rename(path + kPartialEnding, path);
  }

  const Model& model_;
  const data::Dataset& dataset_;
  const std::string folder_;
  const BulkFormat format_;
  const ExecutionOptions& execution_;
  std::shared_ptr<arrow::Schema> schema_;
  bool resumes_ = false;
  std::atomic<int64_t> num_resumed_{0};
  std::vector<int64_t> num_rows_;  // Of each shard, written by who predicts it.
};

}  // namespace

Result<BulkFormat> BulkFormatOf(std::string_view name) {
  const std::vector<std::string> names = {"parquet", "tfrecord_gzip", "prediction_log"};
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<BulkFormat>(i);
  return InvalidArgument("Predictions can be written as {}, not '{}'{}", fmt::join(names, ", "), name,
                         DidYouMean(name, names));
}

Result<BulkPrediction> PredictShards(const Model& model, const data::Dataset& dataset,
                                     const std::string& source, const std::string& folder, BulkFormat format,
                                     const ExecutionOptions& execution) {
  return Run(model, dataset, folder, format, execution).Predict(source);
}

}  // namespace penstock::model
