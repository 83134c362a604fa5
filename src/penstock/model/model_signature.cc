#include "penstock/model/model_signature.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <penstock/model.pb.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/proto_io.h"

namespace penstock::model {
namespace {

// So many rows are in the matrix at a time: it stays in the second-level cache.
constexpr int64_t kChunkRows = 1024;

std::shared_ptr<arrow::DataType> ArrowType(transform::ValueType type) {
  switch (type) {
    case transform::ValueType::kInteger:
      return arrow::int64();
    case transform::ValueType::kNumber:
      return arrow::float64();
    case transform::ValueType::kText:
      return arrow::utf8();
    case transform::ValueType::kBoolean:
      return arrow::boolean();
    case transform::ValueType::kVector:
      return arrow::list(arrow::float32());
    case transform::ValueType::kAny:
      break;
  }
  return arrow::null();
}

std::shared_ptr<arrow::Schema> InputsOf(const transform::TransformGraph& transform) {
  arrow::FieldVector fields;
  for (const transform::InputColumn& column : transform.input_columns()) {
    const auto type = ArrowType(column.type);
    fields.push_back(arrow::field(column.name, column.is_list ? arrow::list(type) : type));
  }
  return arrow::schema(std::move(fields));
}

v1::ModelTask EncodeTask(Task task) {
  switch (task) {
    case Task::kBinaryClassification:
      return v1::BINARY_CLASSIFICATION;
    case Task::kRegression:
      return v1::REGRESSION;
    case Task::kReconstruction:
      return v1::RECONSTRUCTION;
    case Task::kMulticlassClassification:
      return v1::MULTICLASS_CLASSIFICATION;
    case Task::kMultilabelClassification:
      return v1::MULTILABEL_CLASSIFICATION;
    case Task::kRanking:
      break;
  }
  return v1::RANKING;
}

double Logistic(double margin) { return 1 / (1 + std::exp(-margin)); }

void Softmax(std::span<double> values) {
  const double largest = *std::max_element(values.begin(), values.end());
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value - largest);
  for (double& value : values) value /= sum;
}

}  // namespace

void ApplyLink(Task task, int64_t width, std::span<const float> margins, double* predictions) {
  std::copy(margins.begin(), margins.end(), predictions);
  const std::span<double> values(predictions, margins.size());
  switch (task) {
    case Task::kBinaryClassification:
    case Task::kMultilabelClassification:
      for (double& value : values) value = Logistic(value);
      break;
    case Task::kMulticlassClassification:
      for (size_t first = 0; first < values.size(); first += width) Softmax(values.subspan(first, width));
      break;
    case Task::kRegression:
    case Task::kReconstruction:
    case Task::kRanking:
      break;
  }
}

Result<Batch> MakePredictions(const Signature& signature, int64_t num_rows,
                              std::shared_ptr<arrow::Buffer> scores) {
  const auto* values = reinterpret_cast<const double*>(scores->data());
  const int64_t width = NumOutputs(signature);
  const auto numbers = std::make_shared<arrow::DoubleArray>(num_rows * width, std::move(scores));
  if (signature.class_names.empty())
    return arrow::RecordBatch::Make(signature.outputs(), num_rows, {numbers});
  if (num_rows * width > std::numeric_limits<int32_t>::max())
    return InvalidArgument("{} examples of {} scores are too many for one batch", num_rows, width);
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(
      std::shared_ptr<arrow::Buffer> offsets,
      arrow::AllocateBuffer((num_rows + 1) * static_cast<int64_t>(sizeof(int32_t))));
  auto* ends = reinterpret_cast<int32_t*>(offsets->mutable_data());
  for (int64_t row = 0; row <= num_rows; ++row) ends[row] = static_cast<int32_t>(row * width);
  const auto lists = std::make_shared<arrow::ListArray>(arrow::list(arrow::float64()), num_rows,
                                                        std::move(offsets), numbers);
  if (signature.task != Task::kMulticlassClassification)
    return arrow::RecordBatch::Make(signature.outputs(), num_rows, {lists});
  arrow::StringBuilder likeliest;
  for (int64_t row = 0; row < num_rows; ++row) {
    const double* first = values + row * width;
    const auto best = std::max_element(first, first + width) - first;
    PENSTOCK_RETURN_IF_ARROW_ERROR(likeliest.Append(signature.class_names[static_cast<size_t>(best)]));
  }
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Array> names, likeliest.Finish());
  return arrow::RecordBatch::Make(signature.outputs(), num_rows, {std::move(names), lists});
}

Result<Signature> SignatureOf(const transform::TransformGraph& transform) {
  Signature signature;
  switch (transform.task()) {
    case transform::Task::kBinaryClassification:
      signature.task = Task::kBinaryClassification;
      signature.prediction_column = kProbabilityColumn;
      break;
    case transform::Task::kRegression:
      signature.task = Task::kRegression;
      signature.prediction_column = kPredictionColumn;
      break;
    case transform::Task::kMulticlassClassification:
      signature.task = Task::kMulticlassClassification;
      signature.prediction_column = kScoresColumn;
      break;
    case transform::Task::kMultilabelClassification:
      signature.task = Task::kMultilabelClassification;
      signature.prediction_column = kScoresColumn;
      break;
    case transform::Task::kRanking:
      signature.task = Task::kRanking;
      signature.prediction_column = kPredictionColumn;
      break;
    case transform::Task::kNone:
      return InvalidArgument(
          "The transform defines no label, so there is nothing to learn: add `label:` to the features file");
  }
  signature.inputs = InputsOf(transform);
  signature.class_names = transform.class_names();
  return signature;
}

Signature ReconstructionSignatureOf(const transform::TransformGraph& transform) {
  Signature signature;
  signature.task = Task::kReconstruction;
  signature.prediction_column = kReconstructionErrorColumn;
  signature.inputs = InputsOf(transform);
  return signature;
}

void EncodeSignature(const Signature& signature, v1::ModelSignature& out) {
  out.set_task(EncodeTask(signature.task));
  out.set_prediction_column(signature.prediction_column);
  for (const std::string& name : signature.class_names) out.add_class_names(name);
  for (const std::shared_ptr<arrow::Field>& field : signature.inputs->fields()) {
    v1::InputColumn& column = *out.add_inputs();
    column.set_name(field->name());
    column.set_type(field->type()->ToString());
  }
}

void EncodeFeatures(const transform::TransformGraph& transform, v1::ModelFile& out) {
  for (const transform::FeatureSchema& feature : transform.output_schema()) {
    v1::FeatureColumns& columns = *out.add_features();
    columns.set_name(feature.name);
    columns.set_width(static_cast<uint32_t>(feature.width));
  }
}

Status CheckFileFitsTransform(const v1::ModelFile& file, const Signature& signature,
                              const transform::TransformGraph& transform) {
  v1::ModelFile expected;
  EncodeSignature(signature, *expected.mutable_signature());
  EncodeFeatures(transform, expected);
  if (SerializeDeterministically(expected.signature()) != SerializeDeterministically(file.signature()))
    return DataLoss("The model's signature is not that of its transform");
  const bool same_features =
      std::equal(expected.features().begin(), expected.features().end(), file.features().begin(),
                 file.features().end(), [](const v1::FeatureColumns& a, const v1::FeatureColumns& b) {
                   return a.name() == b.name() && a.width() == b.width();
                 });
  return same_features ? OkStatus() : DataLoss("The model's features are not those of its transform");
}

Result<Batch> PredictInChunks(const Signature& signature, const FeatureMatrix& matrix, const Batch& features,
                              const MarginFunction& margins_of) {
  const int64_t num_rows = features->num_rows();
  const int64_t width = NumOutputs(signature);
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(
      std::shared_ptr<arrow::Buffer> buffer,
      arrow::AllocateBuffer(num_rows * width * static_cast<int64_t>(sizeof(double))));
  auto* predictions = reinterpret_cast<double*>(buffer->mutable_data());
  std::vector<float> values(std::min(num_rows, kChunkRows) * matrix.num_columns());
  std::vector<float> margins(std::min(num_rows, kChunkRows) * width);
  for (int64_t start = 0; start < num_rows; start += kChunkRows) {
    const int64_t size = std::min(kChunkRows, num_rows - start);
    const std::span<float> rows(values.data(), size * matrix.num_columns());
    PENSTOCK_RETURN_IF_ERROR(matrix.Fill(size == num_rows ? features : features->Slice(start, size), rows));
    margins_of(rows, std::span<float>(margins.data(), size * width));
    ApplyLink(signature.task, width, std::span(margins).first(size * width), predictions + start * width);
  }
  return MakePredictions(signature, num_rows, std::move(buffer));
}

}  // namespace penstock::model
