#include "penstock/model/row_predictor.h"

#include "penstock/model/model_signature.h"

namespace penstock::model {

RowPredictor::RowPredictor(std::shared_ptr<const ForestModel> model, transform::RowEvaluator transform)
    : model_(std::move(model)),
      transform_(std::move(transform)),
      row_(static_cast<size_t>(transform_.num_columns())),
      margins_(static_cast<size_t>(model_->forest().num_outputs())),
      predictions_(margins_.size()) {}

Result<RowPredictor> RowPredictor::Make(std::shared_ptr<const ForestModel> model) {
  PENSTOCK_ASSIGN_OR_RETURN(transform::RowEvaluator transform,
                            transform::RowEvaluator::Make(model->transform()));
  return RowPredictor(std::move(model), std::move(transform));
}

std::span<const double> RowPredictor::Predict(std::span<const transform::RowValue> values) {
  transform_.Evaluate(values, row_);
  model_->forest().Sum(row_, margins_);
  ApplyLink(model_->signature().task, std::ssize(margins_), margins_, predictions_.data());
  return predictions_;
}

}  // namespace penstock::model
