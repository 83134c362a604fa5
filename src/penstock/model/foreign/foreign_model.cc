#include "penstock/model/foreign/foreign_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

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
constexpr int64_t kMaxClasses = 100'000;
/// Of the example of nothing that a model is asked about: what a model declares is not to be believed.
constexpr size_t kMaxProbeBytes = size_t{256} << 20;
constexpr std::array<std::string_view, 9> kPredictionNames = {
    kProbabilityColumn, "probabilities", "predictions", kPredictionColumn,   "logistic",
    "scores",           "outputs",       "output_0",    "output_probability"};

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

/// The description of a host as a signature.
SavedModelSignature SignatureFrom(const std::vector<TensorValue>& description) {
  SavedModelSignature signature{.name = "main", .method = "", .inputs = {}, .outputs = {}};
  for (const TensorValue& tensor : description) {
    const size_t colon = tensor.name.find(':');
    const std::string name = tensor.name.substr(colon + 1);
    auto& side = tensor.name.starts_with("input:") ? signature.inputs : signature.outputs;
    side.push_back({name, name, tensor.type, tensor.dims, true});
  }
  return signature;
}

bool IsFloat(const SignatureTensor& tensor) { return tensor.type == kFloat32 || tensor.type == kFloat64; }

/// One example of nothing: 0 and "". Takes what it needs of `bytes_left`; none where that is not enough.
std::optional<TensorValue> Nothing(const SignatureTensor& input, size_t& bytes_left) {
  TensorValue value{input.tensor, input.type, {1}, "", {}};
  const size_t size = input.type == kString ? sizeof(std::string) : SizeOf(input.type);
  size_t count = 1;
  for (size_t i = 1; i < input.dims.size(); ++i) {
    value.dims.push_back(std::clamp<int64_t>(input.dims[i], 1, 4096));
    count *= static_cast<size_t>(value.dims.back());
    if (count * size > bytes_left) return std::nullopt;
  }
  bytes_left -= std::min(bytes_left, count * size);
  if (input.type == kString) {
    value.texts.resize(count);
  } else {
    value.bytes.resize(count * SizeOf(input.type));
  }
  return value;
}

}  // namespace

bool IsModelFile(std::string_view path) { return path.ends_with(".onnx") || path.ends_with(".tflite"); }

Status ForeignModel::ChooseOutput() {
  const std::vector<SignatureTensor>& outputs = called_.outputs;
  if (outputs.size() == 1) return output_ = outputs[0], OkStatus();
  for (const std::string_view wanted : kPredictionNames) {
    for (const SignatureTensor& output : outputs) {
      if (output.name == wanted) return output_ = output, OkStatus();
    }
  }
  if (std::count_if(outputs.begin(), outputs.end(), IsFloat) == 1)
    return output_ = *std::find_if(outputs.begin(), outputs.end(), IsFloat), OkStatus();
  std::vector<std::string> names;
  for (const SignatureTensor& output : outputs) names.push_back(output.name);
  return InvalidArgument("{}: none of the outputs of the signature '{}' ({}) is called like a prediction",
                         path_, called_.name, fmt::join(names, ", "));
}

Status ForeignModel::DescribePredictions(int64_t width, const std::vector<std::string>& names) {
  if (transform_->has_label()) {
    PENSTOCK_ASSIGN_OR_RETURN(signature_, SignatureOf(*transform_));
    return OkStatus();
  }
  const bool classifies = output_.name.starts_with("prob") || output_.name.ends_with("probability") ||
                          output_.name == "logistic" || called_.method == "tensorflow/serving/classify" ||
                          width == 2;
  signature_.task = width > 2    ? Task::kMulticlassClassification
                    : classifies ? Task::kBinaryClassification
                                 : Task::kRegression;
  signature_.prediction_column = std::string(width > 2    ? kScoresColumn
                                             : classifies ? kProbabilityColumn
                                                          : kPredictionColumn);
  for (int64_t i = 0; i < width && width > 2; ++i) {
    const bool is_named = static_cast<int64_t>(names.size()) == width;
    signature_.class_names.push_back(is_named ? names[static_cast<size_t>(i)] : std::to_string(i));
  }
  std::vector<std::shared_ptr<arrow::Field>> fields;
  for (const SignatureTensor& input : called_.inputs)
    fields.push_back(arrow::field(input.name, input.type == kString ? arrow::utf8() : arrow::float64()));
  signature_.inputs = arrow::schema(std::move(fields));
  return OkStatus();
}

Result<std::shared_ptr<const ForeignModel>> ForeignModel::LoadSavedModel(const std::string& folder,
                                                                         const std::string& signature) {
  const std::string path = fs::Join(folder, kSavedModelFileName);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string bytes, fs::ReadFile(path));
  PENSTOCK_ASSIGN_OR_RETURN(const auto signatures, ReadSignatures(bytes, path));
  std::shared_ptr<ForeignModel> model(new ForeignModel());
  model->path_ = folder;
  PENSTOCK_ASSIGN_OR_RETURN(model->called_, ChooseSignature(signatures, signature, path));
  PENSTOCK_RETURN_IF_ERROR(model->ChooseOutput());
  PENSTOCK_ASSIGN_OR_RETURN(model->transform_, TransformBeside(folder));
  PENSTOCK_ASSIGN_OR_RETURN(model->process_, RuntimeProcess::Start(Runtime::kTensorFlow, folder));
  PENSTOCK_RETURN_IF_ERROR(model->ProbePredictions());
  return std::shared_ptr<const ForeignModel>(std::move(model));
}

Result<std::shared_ptr<const ForeignModel>> ForeignModel::LoadFile(const std::string& path) {
  std::shared_ptr<ForeignModel> model(new ForeignModel());
  model->path_ = path;
  model->transform_ =
      std::make_shared<const transform::TransformGraph>(std::make_shared<const transform::Program>());
  const Runtime runtime = path.ends_with(".onnx") ? Runtime::kOnnxRuntime : Runtime::kTensorFlowLite;
  PENSTOCK_ASSIGN_OR_RETURN(model->process_, RuntimeProcess::Start(runtime, path));
  model->called_ = SignatureFrom(model->process_->description());
  if (model->called_.outputs.empty()) return InvalidArgument("{}: the model has no outputs", path);
  PENSTOCK_RETURN_IF_ERROR(model->ChooseOutput());
  PENSTOCK_RETURN_IF_ERROR(model->ProbePredictions());
  return std::shared_ptr<const ForeignModel>(std::move(model));
}

Status ForeignModel::ProbePredictions() {
  const bool is_known =
      output_.has_known_rank && output_.dims.size() <= 2 && (output_.dims.size() < 2 || output_.dims[1] > 0);
  if (is_known) {
    const TensorValue declared{
        output_.tensor, output_.type, {1, output_.dims.size() < 2 ? 1 : output_.dims[1]}, "", {}};
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t width, WidthOf(declared, 1));
    return DescribePredictions(width, {});
  }
  TensorMessage question;
  question.wanted = {output_.tensor};
  size_t bytes_left = kMaxProbeBytes;
  for (const SignatureTensor& input : called_.inputs) {
    auto nothing = Nothing(input, bytes_left);
    if (!nothing.has_value()) return DescribePredictions(1, {});
    question.tensors.push_back(*std::move(nothing));
  }
  const auto answers = process_->Run(question);
  // Who refuses an example of nothing says no more than its signature.
  if (!answers.ok()) return DescribePredictions(1, {});
  const auto width = WidthOf((*answers)[0], 1);
  return DescribePredictions(width.ok() ? *width : 1, (*answers)[0].texts);
}

Result<std::string> ForeignModel::Encode() const {
  return Unimplemented("{} is a model made elsewhere, which has no model.pb", path_);
}

bool ForeignModel::TakesExamples(const Batch& examples) const {
  return called_.inputs.size() == 1 && called_.inputs[0].type == kString &&
         called_.inputs[0].dims.size() <= 1 && !IsModelFile(path_) &&
         examples->schema()->GetFieldIndex(called_.inputs[0].name) < 0;
}

Result<TensorValue> ForeignModel::Matrix(const Batch& examples, const SignatureTensor& input) const {
  std::vector<std::string> names;
  std::vector<std::vector<double>> columns;
  for (int i = 0; i < examples->num_columns(); ++i) {
    const arrow::DataType& type = *examples->column(i)->type();
    if (!arrow::is_numeric(type.id()) && type.id() != arrow::Type::BOOL) continue;
    const SignatureTensor one{input.name, input.tensor, kFloat64, {-1}, true};
    PENSTOCK_ASSIGN_OR_RETURN(const TensorValue tensor, ColumnTensor(*examples->column(i), one));
    PENSTOCK_ASSIGN_OR_RETURN(columns.emplace_back(), NumbersOf(tensor));
    names.push_back(examples->column_name(i));
  }
  if (static_cast<int64_t>(columns.size()) != input.dims[1] || !IsFloat(input)) {
    return InvalidArgument(
        "{}: the input '{}' takes {} numbers an example and is no column; the examples have {} columns of "
        "numbers "
        "({}). Give a column '{}' of lists, or just the columns it was trained on, in their order",
        path_, input.name, input.dims[1], columns.size(), fmt::join(names, ", "), input.name);
  }
  TensorValue matrix{input.tensor, input.type, {examples->num_rows(), input.dims[1]}, "", {}};
  for (size_t row = 0; row < static_cast<size_t>(examples->num_rows()); ++row) {
    for (const std::vector<double>& column : columns) {
      const auto narrow = static_cast<float>(column[row]);
      input.type == kFloat32
          ? matrix.bytes.append(reinterpret_cast<const char*>(&narrow), sizeof(float))
          : matrix.bytes.append(reinterpret_cast<const char*>(&column[row]), sizeof(double));
    }
  }
  return matrix;
}

Result<TensorMessage> ForeignModel::Question(const Batch& examples) const {
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
    const bool is_matrix = called_.inputs.size() == 1 && input.dims.size() == 2 && input.dims[1] > 1;
    if (column == nullptr && !is_matrix) {
      return InvalidArgument("{}: the signature '{}' wants the input '{}', which is no column{}", path_,
                             called_.name, input.name,
                             DidYouMean(input.name, examples->schema()->field_names()));
    }
    auto tensor = column == nullptr ? Matrix(examples, input) : ColumnTensor(*column, input);
    if (!tensor.ok()) return Annotate(tensor.status(), fmt::format("{}: input '{}'", path_, input.name));
    question.tensors.push_back(*std::move(tensor));
  }
  return question;
}

Result<int64_t> ForeignModel::WidthOf(const TensorValue& answer, int64_t num_examples) const {
  int64_t width = 1;
  bool is_bounded = true;
  for (size_t i = 1; i < answer.dims.size() && is_bounded; ++i) {
    is_bounded = answer.dims[i] >= 1 && answer.dims[i] <= kMaxClasses / width;
    if (is_bounded) width *= answer.dims[i];
  }
  if (answer.dims.empty() || answer.dims[0] != num_examples || !is_bounded) {
    return InvalidArgument(
        "{}: the output '{}' is of shape [{}] for {} examples; one number each, two of a binary "
        "classification, or "
        "one for each class can be used",
        path_, output_.name, fmt::join(answer.dims, ", "), num_examples);
  }
  return width;
}

Result<Batch> ForeignModel::Predict(const Batch& raw_examples) const {
  std::vector<double> predictions;
  const int64_t num_wanted = NumOutputs(signature_);
  for (int64_t first = 0; first < raw_examples->num_rows(); first += kExamplesAtOnce) {
    const Batch some = raw_examples->Slice(first, kExamplesAtOnce);
    PENSTOCK_ASSIGN_OR_RETURN(const TensorMessage question, Question(some));
    auto computed = process_->Run(question);
    if (!computed.ok()) return Annotate(computed.status(), path_);
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t width, WidthOf((*computed)[0], some->num_rows()));
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> numbers, NumbersOf((*computed)[0]));
    if (width != num_wanted && !(num_wanted == 1 && width == 2)) {
      return InvalidArgument("{}: the output '{}' gives {} numbers an example, where {} {} wanted", path_,
                             output_.name, width, num_wanted, num_wanted == 1 ? "is" : "are");
    }
    // Of two the second: that of the positive class.
    for (int64_t row = 0; row < some->num_rows(); ++row) {
      const auto end = numbers.begin() + static_cast<std::ptrdiff_t>((row + 1) * width);
      predictions.insert(predictions.end(), end - static_cast<std::ptrdiff_t>(num_wanted), end);
    }
  }
  return MakePredictions(signature_, raw_examples->num_rows(),
                         arrow::Buffer::FromVector(std::move(predictions)));
}

}  // namespace penstock::model::foreign
