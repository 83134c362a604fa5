#include "penstock/model/network_model.h"

#include <penstock/model.pb.h>

#include "penstock/base/proto_io.h"
#include "penstock/model/model_signature.h"

namespace penstock::model {

NetworkLink LinkOf(Task task) {
  switch (task) {
    case Task::kBinaryClassification:
    case Task::kMultilabelClassification:
      return NetworkLink::kLogistic;
    case Task::kMulticlassClassification:
      return NetworkLink::kSoftmax;
    case Task::kReconstruction:
      return NetworkLink::kReconstructionError;
    case Task::kRegression:
    case Task::kRanking:
      break;
  }
  return NetworkLink::kIdentity;
}

NetworkModel::NetworkModel(Signature signature, std::shared_ptr<const transform::TransformGraph> transform,
                           FeatureMatrix matrix, Network network)
    : signature_(std::move(signature)),
      transform_(std::move(transform)),
      matrix_(std::move(matrix)),
      network_(std::move(network)) {}

Result<std::shared_ptr<const NetworkModel>> NetworkModel::Make(
    std::shared_ptr<const transform::TransformGraph> transform, Network network) {
  const NetworkLink link = network.shape().link;
  Signature signature;
  if (link == NetworkLink::kReconstructionError) {
    signature = ReconstructionSignatureOf(*transform);
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(signature, SignatureOf(*transform));
    if (link != LinkOf(signature.task) || network.num_margins() != NumOutputs(signature))
      return InvalidArgument("The network's link does not fit the model's task, {}",
                             TaskName(signature.task));
  }
  PENSTOCK_ASSIGN_OR_RETURN(FeatureMatrix matrix, FeatureMatrix::ForFeatures(transform->output_schema()));
  if (matrix.num_columns() != network.shape().num_columns) {
    return InvalidArgument("The network was trained on {} columns, but the transform's features take {}",
                           network.shape().num_columns, matrix.num_columns());
  }
  return std::shared_ptr<const NetworkModel>(
      new NetworkModel(std::move(signature), std::move(transform), std::move(matrix), std::move(network)));
}

Result<Batch> NetworkModel::Predict(const Batch& raw_examples) const {
  PENSTOCK_ASSIGN_OR_RETURN(const Batch features, transform_->ApplyFeatures(raw_examples));
  return PredictTransformed(features);
}

Result<Batch> NetworkModel::PredictTransformed(const Batch& features) const {
  return PredictInChunks(
      signature_, matrix_, features,
      [this](std::span<const float> rows, std::span<float> margins) { network_.Margins(rows, margins); });
}

Status NetworkModel::Observe(const Batch& raw_examples, ActivationRanges& seen) const {
  PENSTOCK_ASSIGN_OR_RETURN(const Batch features, transform_->ApplyFeatures(raw_examples));
  return PredictInChunks(signature_, matrix_, features,
                         [&](std::span<const float> rows, std::span<float> margins) {
                           network_.Margins(rows, margins, &seen);
                         })
      .status();
}

Result<std::string> NetworkModel::Encode() const {
  v1::ModelFile file;
  file.set_format_version(kModelFormatVersion);
  EncodeSignature(signature_, *file.mutable_signature());
  EncodeFeatures(*transform_, file);
  network_.Encode(*file.mutable_network());
  file.set_transform_graph(transform_->Serialize());
  return SerializeDeterministically(file);
}

Result<std::shared_ptr<const NetworkModel>> NetworkModel::FromFile(const v1::ModelFile& file) {
  PENSTOCK_ASSIGN_OR_RETURN(transform::TransformGraph graph,
                            transform::TransformGraph::Parse(file.transform_graph()));
  PENSTOCK_ASSIGN_OR_RETURN(Network network, Network::Decode(file.network()));
  const auto transform = std::make_shared<const transform::TransformGraph>(std::move(graph));
  auto model = Make(transform, std::move(network));
  if (!model.ok()) return DataLoss("{}", model.status().message());
  PENSTOCK_RETURN_IF_ERROR(CheckFileFitsTransform(file, (*model)->signature(), *transform));
  return model;
}

}  // namespace penstock::model
