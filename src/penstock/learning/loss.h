#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "penstock/model/model.h"

namespace penstock::learning {

/// What a training minimises.
enum class LossKind : uint8_t {
  kLogLoss,         ///< Of one output or, on average, of several: binary and multilabel classification.
  kSoftmaxLogLoss,  ///< Of several outputs of which one is right.
  kSquaredError,
  kAbsoluteError,
  kHuber,            ///< Half the square up to huber_delta, from there on linear (Huber 1964).
  kPairwiseRanking,  ///< Mean log loss of which of two examples of a query is the more relevant one.
  kNdcg,             ///< 1 - NDCG, by LambdaMART's gradients (Burges 2010).
  kReconstruction,   ///< The error itself.
};
/// "log_loss", "mean_squared_error", "mean_absolute_error", "huber_loss", "pairwise_log_loss",
/// "one_minus_ndcg" or "reconstruction_error".
std::string_view NameOf(LossKind kind);

/// A loss with its parameters and the number of margins it takes an example. A plain value.
struct Loss {
  LossKind kind = LossKind::kSquaredError;
  int32_t num_outputs = 1;
  /// Where kHuber becomes linear. Of kAbsoluteError: the usual size of an error, by which derivatives are
  /// multiplied, so that penalties on leaves mean what they mean for squared errors.
  double huber_delta = 1;
};

/// What hyperparameters "loss" (of a regression: squared_error, absolute_error, huber; of a ranking: ndcg,
/// pairwise; empty: the first of these) and "huber_delta" mean for a task. kInvalidArgument where the loss is
/// not one of the task's.
Result<Loss> LossOf(model::Task task, int64_t num_classes, std::string_view name, double huber_delta);

/// Fills in the huber_delta that was left to the labels: of kHuber where it is 0, 1.345 deviations (as the
/// median absolute deviation estimates them), where Huber's estimate is as good as the mean for normal errors
/// to 95 %; of kAbsoluteError the median absolute deviation.
void FitLossToLabels(std::span<const double> labels, Loss& loss);

/// Of one example: its loss and, where `gradient` is not empty, the derivatives by each margin. Second
/// derivatives are upper bounds where the loss has none that a Newton step could trust: of softmax (as
/// XGBoost's) and of robust losses (so that a step never overshoots).
/// `labels`: one number, the place of the right class, or one number a class. Not for ranking losses.
double ExampleLoss(const Loss& loss, std::span<const float> margins, std::span<const double> labels,
                   std::span<double> gradient, std::span<double> hessian);

/// What ExampleLoss's gradient has to be multiplied with to be that of the loss it gives.
double GradientFactor(const Loss& loss);

/// The same for the examples of one query; gradients are added to. The mean over pairs, or over nothing but
/// the query, of the loss; 0 where all examples are equally relevant.
double QueryLoss(const Loss& loss, std::span<const float> margins, std::span<const double> labels,
                 std::span<double> gradient, std::span<double> hessian);

}  // namespace penstock::learning
