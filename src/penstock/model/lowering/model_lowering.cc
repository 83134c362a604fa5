#include "penstock/model/lowering/model_lowering.h"

#include "penstock/model/forest_model.h"
#include "penstock/model/lowering/network_lowering.h"
#include "penstock/model/lowering/transform_lowering.h"
#include "penstock/model/network_model.h"

namespace penstock::model {

Result<Tensor> LowerModel(const Model& model, TensorBuilder& builder, const ActivationRanges* ranges) {
  PENSTOCK_ASSIGN_OR_RETURN(const Tensor matrix, LowerToMatrix(model.transform(), builder));
  Tensor margins;
  if (const auto* forest = dynamic_cast<const ForestModel*>(&model)) {
    PENSTOCK_ASSIGN_OR_RETURN(margins, builder.Forest(forest->forest(), matrix));
  } else if (const auto* network = dynamic_cast<const NetworkModel*>(&model)) {
    PENSTOCK_ASSIGN_OR_RETURN(margins, LowerNetwork(network->network(), matrix, builder, ranges));
  } else {
    return Unimplemented("This kind of model cannot be exported to {}", builder.format());
  }
  const Tensor predictions = builder.Cast(margins, Element::kNumber);
  switch (model.signature().task) {
    case Task::kBinaryClassification:
    case Task::kMultilabelClassification:
      return builder.Apply(TensorOp::kSigmoid, predictions);
    case Task::kMulticlassClassification:
      return builder.Softmax(predictions);
    default:
      return predictions;
  }
}

}  // namespace penstock::model
