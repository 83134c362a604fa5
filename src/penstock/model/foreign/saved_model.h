#pragma once

#include <memory>
#include <string>

#include "penstock/base/status.h"
#include "penstock/model/foreign/saved_model_reader.h"
#include "penstock/model/foreign/tensorflow_process.h"
#include "penstock/model/model.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::model::foreign {

/// Where, below a SavedModel, the transform lies whose features it was trained on: so that labels and weights
/// of raw examples are known. TensorFlow leaves that folder alone.
inline constexpr std::string_view kTransformBeside = "assets.extra/transform_graph.pb";

/// A SavedModel made elsewhere, run by TensorFlow in a process of its own.
///
/// A signature with one input of texts that is no column of the examples gets them as serialized tf.Examples;
/// else each input gets the column of its name, as [n] or [n, 1], or [n, k] from lists of k values. Missing
/// text is "" there, a missing float NaN; a missing integer has no form and is an error. The prediction is
/// the only output, or the first of probability, probabilities, predictions, logistic, scores, outputs,
/// output_0: of [n], [n, 1], or [n, 2], whose second is that of the positive class.
///
/// Any number of threads; they wait for each other.
class SavedModel final : public Model {
 public:
  /// Starts TensorFlow: kFailedPrecondition says how to install it. kDataLoss and kInvalidArgument for a
  /// model that cannot be asked. `signature` "": ChooseSignature's choice.
  static Result<std::shared_ptr<const SavedModel>> Load(const std::string& folder,
                                                        const std::string& signature = "");

  const Signature& signature() const override { return signature_; }
  Result<Batch> Predict(const Batch& raw_examples) const override;
  /// Without features, and without label or weight too, but for a model that carries one.
  const transform::TransformGraph& transform() const override { return *transform_; }
  /// kUnimplemented: it is no model.pb.
  Result<std::string> Encode() const override;

 private:
  SavedModel() = default;
  bool TakesExamples(const Batch& examples) const;
  Result<TensorMessage> Question(const Batch& examples) const;
  Result<std::vector<double>> Answers(const TensorValue& tensor, int64_t num_examples) const;

  std::string folder_;
  Signature signature_;
  SavedModelSignature called_;
  SignatureTensor output_;
  std::shared_ptr<const transform::TransformGraph> transform_;
  std::unique_ptr<TensorFlowProcess> process_;
};

}  // namespace penstock::model::foreign
