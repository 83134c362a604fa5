#include "penstock/model/foreign/saved_model.h"

#include <algorithm>
#include <cmath>

#include <arrow/api.h>
#include <arrow/compute/api.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/data/tfrecord/example_encoder.h"
#include "penstock/model/foreign/column_tensor.h"
#include "penstock/model/model_signature.h"
#include "penstock/model/saved_model/saved_model_export.h"
#include "penstock/transform/program.h"

namespace penstock::model::foreign {
namespace {

/// Examples asked about at once: what bounds the memory of the two processes.
constexpr int64_t kExamplesAtOnce = 4096;

Result<SignatureTensor> PredictionOf(const SavedModelSignature& signature, const std::string& path) {
  if (signature.outputs.size() == 1) return signature.outputs[0];
  std::vector<std::string> names;
  for (const SignatureTensor& output : signature.outputs) names.push_back(output.name);
  for (const std::string_view wanted :
       {kProbabilityColumn, std::string_view("probabilities"), std::string_view("predictions"),
        kPredictionColumn, std::string_view("logistic"), std::string_view("scores"),
        std::string_view("outputs"), std::string_view("output_0")}) {
    const auto found = std::find(names.begin(), names.end(), wanted);
    if (found != names.end()) return signature.outputs[static_cast<size_t>(found - names.begin())];
  }
  return InvalidArgument("{}: none of the outputs of the signature '{}' ({}) is called like a prediction",
                         path, signature.name, fmt::join(names, ", "));
}

/// What the model was trained behind, where it says so; else nothing.
Result<std::shared_ptr<const transform::TransformGraph>> TransformBeside(const std::string& folder) {
  const std::string path = fs::Join(folder, kTransformBeside);
  PENSTOCK_ASSIGN_OR_RETURN(const bool exists, fs::Exists(path));
  if (!exists) {
    return std::make_shared<const transform::TransformGraph>(std::make_shared<const transform::Program>());
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto graph, transform::LoadTransformGraph(fs::DirName(path)));
  return std::make_shared<const transform::TransformGraph>(std::move(graph));
}

/// Columns that a transform knows come as it knows them: CSV has no types of its own, tf.Examples do.
Result<Batch> AsDeclared(const Batch& examples, const std::vector<transform::InputColumn>& declared) {
  Batch batch = examples;
  for (const transform::InputColumn& column : declared) {
    const int place = batch->schema()->GetFieldIndex(column.name);
    if (place < 0 || column.is_list) continue;
    const auto type = column.type == transform::ValueType::kText     ? arrow::utf8()
                      : column.type == transform::ValueType::kNumber ? arrow::float32()
                                                                     : arrow::int64();
    if (batch->column(place)->type()->Equals(type)) continue;
    const auto cast =
        arrow::compute::Cast(*batch->column(place), type, arrow::compute::CastOptions::Unsafe());
    if (!cast.ok()) continue;  // TensorFlow will say what it wants.
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(batch, batch->SetColumn(place, arrow::field(column.name, type), *cast));
  }
  return batch;
}

}  // namespace

Result<std::shared_ptr<const SavedModel>> SavedModel::Load(const std::string& folder,
                                                           const std::string& signature) {
  const std::string path = fs::Join(folder, kSavedModelFileName);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string bytes, fs::ReadFile(path));
  PENSTOCK_ASSIGN_OR_RETURN(const auto signatures, ReadSignatures(bytes, path));
  std::shared_ptr<SavedModel> model(new SavedModel());
  model->folder_ = folder;
  PENSTOCK_ASSIGN_OR_RETURN(model->called_, ChooseSignature(signatures, signature, path));
  PENSTOCK_ASSIGN_OR_RETURN(model->output_, PredictionOf(model->called_, path));
  PENSTOCK_ASSIGN_OR_RETURN(model->transform_, TransformBeside(folder));
  const bool has_label = model->transform_->has_label();
  if (has_label) {
    PENSTOCK_ASSIGN_OR_RETURN(model->signature_, SignatureOf(*model->transform_));
    if (!model->signature_.class_names.empty())
      return Unimplemented("{}: SavedModels of several classes cannot be asked yet", path);
  } else {
    const bool classifies = model->output_.name.starts_with("prob") || model->output_.name == "logistic" ||
                            model->called_.method == "tensorflow/serving/classify";
    model->signature_.task = classifies ? Task::kBinaryClassification : Task::kRegression;
    model->signature_.prediction_column = std::string(classifies ? kProbabilityColumn : kPredictionColumn);
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const SignatureTensor& input : model->called_.inputs) {
      fields.push_back(arrow::field(input.name, input.type == kString ? arrow::utf8() : arrow::float64()));
    }
    model->signature_.inputs = arrow::schema(std::move(fields));
  }
  PENSTOCK_ASSIGN_OR_RETURN(model->process_, TensorFlowProcess::Start(folder));
  return std::shared_ptr<const SavedModel>(std::move(model));
}

Result<std::string> SavedModel::Encode() const {
  return Unimplemented("{} is a SavedModel made elsewhere, which has no model.pb", folder_);
}

bool SavedModel::TakesExamples(const Batch& examples) const {
  return called_.inputs.size() == 1 && called_.inputs[0].type == kString &&
         called_.inputs[0].dims.size() <= 1 && examples->schema()->GetFieldIndex(called_.inputs[0].name) < 0;
}

Result<TensorMessage> SavedModel::Question(const Batch& examples) const {
  TensorMessage question;
  question.wanted = {output_.tensor};
  if (TakesExamples(examples)) {
    TensorValue serialized{called_.inputs[0].tensor, kString, {examples->num_rows()}, "", {}};
    PENSTOCK_ASSIGN_OR_RETURN(const Batch declared, AsDeclared(examples, transform_->input_columns()));
    PENSTOCK_ASSIGN_OR_RETURN(const auto encoder, data::tfrecord::ExampleEncoder::Make(*declared->schema()));
    serialized.texts.resize(static_cast<size_t>(examples->num_rows()));
    for (int64_t row = 0; row < examples->num_rows(); ++row)
      PENSTOCK_RETURN_IF_ERROR(encoder.Encode(*declared, row, serialized.texts[static_cast<size_t>(row)]));
    question.tensors.push_back(std::move(serialized));
    return question;
  }
  for (const SignatureTensor& input : called_.inputs) {
    const auto column = examples->GetColumnByName(input.name);
    if (column == nullptr) {
      return InvalidArgument("{}: the signature '{}' wants the input '{}', which is no column{}", folder_,
                             called_.name, input.name,
                             DidYouMean(input.name, examples->schema()->field_names()));
    }
    auto tensor = ColumnTensor(*column, input);
    if (!tensor.ok()) return Annotate(tensor.status(), fmt::format("{}: input '{}'", folder_, input.name));
    question.tensors.push_back(*std::move(tensor));
  }
  return question;
}

Result<std::vector<double>> SavedModel::Answers(const TensorValue& tensor, int64_t num_examples) const {
  int64_t width = 1;
  for (size_t i = 1; i < tensor.dims.size(); ++i) width *= tensor.dims[i];
  if (tensor.dims.empty() || tensor.dims[0] != num_examples || width < 1 || width > 2) {
    return InvalidArgument(
        "{}: the output '{}' is of shape [{}] for {} examples; one number each, or two of a "
        "binary classification, can be used",
        folder_, output_.name, fmt::join(tensor.dims, ", "), num_examples);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> numbers, NumbersOf(tensor));
  std::vector<double> answers;
  for (int64_t row = 0; row < num_examples; ++row)
    answers.push_back(numbers[static_cast<size_t>(row * width + width - 1)]);
  return answers;
}

Result<Batch> SavedModel::Predict(const Batch& raw_examples) const {
  arrow::DoubleBuilder predictions;
  for (int64_t first = 0; first < raw_examples->num_rows(); first += kExamplesAtOnce) {
    const Batch some = raw_examples->Slice(first, kExamplesAtOnce);
    PENSTOCK_ASSIGN_OR_RETURN(const TensorMessage question, Question(some));
    auto computed = process_->Run(question);
    if (!computed.ok()) return Annotate(computed.status(), folder_);
    PENSTOCK_ASSIGN_OR_RETURN(const auto answers, Answers((*computed)[0], some->num_rows()));
    PENSTOCK_RETURN_IF_ERROR(FromArrow(predictions.AppendValues(answers)));
  }
  std::shared_ptr<arrow::Array> column;
  PENSTOCK_RETURN_IF_ERROR(FromArrow(predictions.Finish(&column)));
  return arrow::RecordBatch::Make(signature_.outputs(), raw_examples->num_rows(), {std::move(column)});
}

}  // namespace penstock::model::foreign
