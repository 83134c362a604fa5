#pragma once

#include <memory>
#include <string>

#include "penstock/model/feature_matrix.h"
#include "penstock/model/model.h"
#include "penstock/model/network/network.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::model {

namespace v1 {
class ModelFile;
}

/// What a network's outputs have to go through to be predictions of that task.
NetworkLink LinkOf(Task task);

/// A transform and a network over its features. With NetworkLink::kReconstructionError it predicts how badly
/// the network copies an example, and needs no label.
class NetworkModel final : public Model {
 public:
  /// The transform's task is the model's. kInvalidArgument where it has none (no label), where the network
  /// was trained on another number of columns than the features take, or its link is not the task's.
  static Result<std::shared_ptr<const NetworkModel>> Make(
      std::shared_ptr<const transform::TransformGraph> transform, Network network);

  const Signature& signature() const override { return signature_; }
  Result<Batch> Predict(const Batch& raw_examples) const override;
  const transform::TransformGraph& transform() const override { return *transform_; }
  Result<std::string> Encode() const override;

  /// The same from examples that are transformed already.
  Result<Batch> PredictTransformed(const Batch& features) const;
  /// Adds what goes through the network's layers where it predicts these examples. Errors as Predict's.
  Status Observe(const Batch& raw_examples, ActivationRanges& seen) const;
  /// For exporters and for warm starts.
  const Network& network() const { return network_; }

  /// From a parsed model.pb; anything wrong within is kDataLoss.
  static Result<std::shared_ptr<const NetworkModel>> FromFile(const v1::ModelFile& file);

 private:
  NetworkModel(Signature signature, std::shared_ptr<const transform::TransformGraph> transform,
               FeatureMatrix matrix, Network network);

  Signature signature_;
  std::shared_ptr<const transform::TransformGraph> transform_;
  FeatureMatrix matrix_;
  Network network_;
};

}  // namespace penstock::model
