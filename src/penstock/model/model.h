#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type.h>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"

namespace penstock::transform {
class TransformGraph;
}

namespace penstock::model {

using data::Batch;

enum class Task {
  kBinaryClassification,
  kRegression,
  kReconstruction,            ///< No label: how unlike the examples learned from is this one.
  kMulticlassClassification,  ///< One of several classes an example.
  kMultilabelClassification,  ///< Any number of classes an example.
  kRanking,                   ///< A number by which the examples of one query are put in order.
};

/// "binary_classification", "regression", "reconstruction", "multiclass_classification",
/// "multilabel_classification" or "ranking".
std::string_view TaskName(Task task);
/// The task of that name; kNotFound with the nearest one there is.
Result<Task> TaskFromName(std::string_view name);

/// What the prediction column of a task is called: "probability" (of the positive class,
/// a double in [0, 1]), "prediction" (a double), "reconstruction_error" (a double from 0 on), or, of
/// kMulticlassClassification and kMultilabelClassification, "scores" (a list of doubles: the probability of
/// each class).
inline constexpr std::string_view kProbabilityColumn = "probability";
inline constexpr std::string_view kPredictionColumn = "prediction";
inline constexpr std::string_view kReconstructionErrorColumn = "reconstruction_error";
inline constexpr std::string_view kScoresColumn = "scores";
/// Beside kScoresColumn in what is written: the names that the scores are of, as in TF Serving's
/// Classifications.
inline constexpr std::string_view kClassesColumn = "classes";
/// Of kMulticlassClassification: the name of the likeliest class, the first of equals.
inline constexpr std::string_view kClassColumn = "class";

/// What goes into a model and what comes out.
struct Signature {
  Task task = Task::kBinaryClassification;
  /// The columns that raw examples must have, with their types (TransformGraph::input_columns says which
  /// other types will do); more columns do no harm. Those that
  /// only the label or the weight is computed from are not among them. Never null.
  std::shared_ptr<arrow::Schema> inputs;
  std::string prediction_column;
  /// What the scores are of, in their order; of classifications of several classes only.
  std::vector<std::string> class_names;

  /// The schema of what Predict returns, never null: the prediction column and, of
  /// kMulticlassClassification, kClassColumn.
  std::shared_ptr<arrow::Schema> outputs() const;
};

/// A trained model together with the transform it was trained on, so that what is computed
/// when serving is what was computed when training.
///
/// Immutable; every call is safe from any number of threads at once.
class Model {
 public:
  virtual ~Model() = default;

  virtual const Signature& signature() const = 0;

  /// One prediction an example, in the order of the examples: transforms the features, then
  /// asks the learned function. Labels need not be there. The same example gets the same bits in
  /// whatever batch it stands. kInvalidArgument names a column that is missing or of another type.
  virtual Result<Batch> Predict(const Batch& raw_examples) const = 0;

  /// The transform within: also says the label and the weight of raw examples.
  virtual const transform::TransformGraph& transform() const = 0;

  /// The bytes of `model.pb`: all there is to the model. Equal models, equal bytes.
  virtual Result<std::string> Encode() const = 0;
};

/// What model.pb says of itself; a reader refuses a later one.
inline constexpr uint32_t kModelFormatVersion = 1;
/// The file a model lies in, below its folder.
inline constexpr std::string_view kModelFileName = "model.pb";
/// Those of one file that were made elsewhere, where a folder holds no model.pb and no SavedModel.
inline constexpr std::string_view kForeignModelFileNames[] = {"model.onnx", "model.tflite"};

/// Writes `<uri>/model.pb`, atomically.
Status SaveModel(const Model& model, const std::string& uri);

/// Reads what SaveModel wrote, or a model made elsewhere: a SavedModel's folder, a file .onnx or .tflite, or
/// a folder that holds model.onnx or model.tflite. kNotFound where there is no model; kDataLoss, with what is
/// wrong in it, where the bytes are damaged or come from a later release.
Result<std::shared_ptr<const Model>> LoadModel(const std::string& uri);

/// The same from bytes in memory; `name` stands for the file in messages. The bytes may be
/// anything: sizes, depths and references are checked before they are used.
Result<std::shared_ptr<const Model>> DecodeModel(std::string_view bytes, std::string_view name);

}  // namespace penstock::model
