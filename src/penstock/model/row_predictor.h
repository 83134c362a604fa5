#pragma once

#include <memory>
#include <span>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/model/forest_model.h"
#include "penstock/transform/row_evaluator.h"

namespace penstock::model {

/// Asks a model of trees about one example at a time: what Model::Predict gives for it, without batches.
///
/// Nothing is allocated once it was asked a few times. Cost: about 0.3 us for the transform of a dozen
/// features and 10 ns a tree (benchmarks/README.md). Not for concurrent use: one a thread; the model may be
/// shared.
class RowPredictor {
 public:
  /// kUnimplemented where the transform has operators that only go by whole batches (RowEvaluator::Make).
  static Result<RowPredictor> Make(std::shared_ptr<const ForestModel> model);

  /// Which values Predict takes, in which order.
  const std::vector<transform::InputColumn>& inputs() const { return transform_.inputs(); }

  /// The prediction, or one number a class; they live until the next call.
  std::span<const double> Predict(std::span<const transform::RowValue> values);

 private:
  RowPredictor(std::shared_ptr<const ForestModel> model, transform::RowEvaluator transform);

  std::shared_ptr<const ForestModel> model_;
  transform::RowEvaluator transform_;
  std::vector<float> row_;
  std::vector<float> margins_;
  std::vector<double> predictions_;
};

}  // namespace penstock::model
