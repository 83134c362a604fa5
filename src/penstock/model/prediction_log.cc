#include "penstock/model/prediction_log.h"

#include <penstock/prediction_log.pb.h>

#include "penstock/base/proto_io.h"
#include "penstock/data/tfrecord/example_encoder.h"
#include "penstock/data/tfrecord/record_writer.h"
#include "penstock/model/prediction_values.h"

namespace penstock::model {
namespace {

constexpr char kSignatureName[] = "serving_default";

class FileWriter final : public PredictionLogWriter {
 public:
  FileWriter(std::unique_ptr<data::tfrecord::RecordWriter> records, data::tfrecord::ExampleEncoder encoder,
             const Signature& signature)
      : records_(std::move(records)), encoder_(std::move(encoder)), signature_(signature) {}

  Status Write(const Batch& examples, const Batch& predictions) override {
    PENSTOCK_ASSIGN_OR_RETURN(const PredictionNumbers numbers,
                              PredictionValues(predictions, signature_.prediction_column));
    const auto width = static_cast<size_t>(numbers.width);
    std::string example;
    for (int64_t row = 0; row < examples->num_rows(); ++row) {
      PENSTOCK_RETURN_IF_ERROR(encoder_.Encode(*examples, row, example));
      serving_log::PredictionLog log;
      log.mutable_log_metadata()->mutable_model_spec()->set_signature_name(kSignatureName);
      const auto values = numbers.values.subspan(static_cast<size_t>(row) * width, width);
      if (IsClassification()) {
        serving_log::ClassifyLog& classified = *log.mutable_classify_log();
        classified.mutable_request()->mutable_input()->mutable_example_list()->add_examples(example);
        AddClasses(values, *classified.mutable_response()->mutable_result()->add_classifications());
      } else {
        serving_log::RegressLog& regressed = *log.mutable_regress_log();
        regressed.mutable_request()->mutable_input()->mutable_example_list()->add_examples(example);
        regressed.mutable_response()->mutable_result()->add_regressions()->set_value(
            static_cast<float>(values[0]));
      }
      PENSTOCK_RETURN_IF_ERROR(records_->Write(SerializeDeterministically(log)));
    }
    return OkStatus();
  }

  Status Close() override { return records_->Close(); }

 private:
  bool IsClassification() const {
    return signature_.task == Task::kBinaryClassification || !signature_.class_names.empty();
  }

  void AddClasses(std::span<const double> scores, serving_log::Classifications& into) const {
    const auto add = [&](const std::string& label, double score) {
      serving_log::Class& entry = *into.add_classes();
      entry.set_label(label);
      entry.set_score(static_cast<float>(score));
    };
    if (signature_.class_names.empty()) {
      add("0", 1 - scores[0]);
      add("1", scores[0]);
      return;
    }
    for (size_t i = 0; i < scores.size(); ++i) add(signature_.class_names[i], scores[i]);
  }

  const std::unique_ptr<data::tfrecord::RecordWriter> records_;
  const data::tfrecord::ExampleEncoder encoder_;
  const Signature& signature_;
};

}  // namespace

Result<std::unique_ptr<PredictionLogWriter>> PredictionLogWriter::Open(const std::string& path,
                                                                       const arrow::Schema& examples,
                                                                       const Signature& signature) {
  PENSTOCK_ASSIGN_OR_RETURN(auto encoder, data::tfrecord::ExampleEncoder::Make(examples));
  PENSTOCK_ASSIGN_OR_RETURN(auto records, data::tfrecord::RecordWriter::Open(path, /*is_gzip=*/true));
  return std::make_unique<FileWriter>(std::move(records), std::move(encoder), signature);
}

}  // namespace penstock::model
