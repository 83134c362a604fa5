#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/model/foreign/runtime_process.h"
#include "penstock/model/foreign/saved_model_reader.h"
#include "penstock/model/model.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::model::foreign {

/// Where, below a SavedModel, the transform lies whose features it was trained on: so that labels and weights
/// of raw examples are known. TensorFlow leaves that folder alone.
inline constexpr std::string_view kTransformBeside = "assets.extra/transform_graph.pb";

/// Whether `path` is called like a model of one file: .onnx or .tflite.
bool IsModelFile(std::string_view path);

/// A model made elsewhere, run by its own runtime in a process of its own: a SavedModel, ONNX or TensorFlow
/// Lite.
///
/// Inputs. A signature of a SavedModel with one input of texts that is no column of the examples gets them as
/// serialized tf.Examples; else each input gets the column of its name, as [n] or [n, 1], or [n, k] from
/// lists of k values. A single input [n, k] that is no column gets k columns of numbers: all there are, in
/// their order, where these are k. Missing text is "" there, a missing float NaN; a missing integer has no
/// form and is an error.
///
/// Predictions. The only output, or the first of probability, probabilities, predictions, prediction,
/// logistic, scores, outputs, output_0, output_probability, or else the only one of floats. [n], [n, 1], or
/// [n, 2], whose second is that of the positive class, are one number each; [n, k] are scores of k classes,
/// called as the model says, else "0", "1" and so on.
///
/// Any number of threads; they wait for each other.
class ForeignModel final : public Model {
 public:
  /// kFailedPrecondition says how to install the runtime. kDataLoss and kInvalidArgument for a model that
  /// cannot be asked. `signature` "": ChooseSignature's choice.
  static Result<std::shared_ptr<const ForeignModel>> LoadSavedModel(const std::string& folder,
                                                                    const std::string& signature = "");
  /// Of one file: IsModelFile. Errors as above.
  static Result<std::shared_ptr<const ForeignModel>> LoadFile(const std::string& path);

  const Signature& signature() const override { return signature_; }
  Result<Batch> Predict(const Batch& raw_examples) const override;
  /// Without features, and without label or weight too, but for a model that carries one.
  const transform::TransformGraph& transform() const override { return *transform_; }
  /// kUnimplemented: it is no model.pb.
  Result<std::string> Encode() const override;

 private:
  ForeignModel() = default;
  Status ChooseOutput();
  /// How many numbers an example gets: from the shape of the output, else from an example of nothing.
  Status ProbePredictions();
  /// What the signature says of the predictions, given how many an example has.
  Status DescribePredictions(int64_t width, const std::vector<std::string>& names);
  bool TakesExamples(const Batch& examples) const;
  Result<TensorMessage> Question(const Batch& examples) const;
  Result<TensorValue> Matrix(const Batch& examples, const SignatureTensor& input) const;
  /// How many numbers an example gets; kInvalidArgument for a shape that is none of predictions.
  Result<int64_t> WidthOf(const TensorValue& answer, int64_t num_examples) const;

  std::string path_;
  Signature signature_;
  SavedModelSignature called_;
  SignatureTensor output_;
  std::shared_ptr<const transform::TransformGraph> transform_;
  std::unique_ptr<RuntimeProcess> process_;
};

}  // namespace penstock::model::foreign
