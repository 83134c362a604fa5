#include <algorithm>
#include <utility>

#include "penstock/transform/function_table.h"

namespace penstock::transform {

using Value = ExpressionPlanner::Value;

void ExpressionPlanner::AddBucketFunctions(std::vector<Function>& functions) {
  using P = ExpressionPlanner;
  // The sketches are more exact than any epsilon in use; it is taken so that TFT's calls can stay.
  const Parameter epsilon = Option("epsilon");
  const std::vector<Function> own = {
      {"bucketize",
       "bucketize(x, num_buckets, weights=.., elementwise=false)",
       {{"x"}, {"num_buckets"}, epsilon, Option("weights"), Option("elementwise")},
       &P::PlanBucketize,
       false,
       "tft.bucketize"},
      {"bucketize_per_key",
       "bucketize_per_key(x, key, num_buckets, weights=..)",
       {{"x"}, {"key"}, {"num_buckets"}, epsilon, Option("weights")},
       &P::PlanBucketizePerKey,
       false,
       "tft.bucketize_per_key"},
      {"quantiles",
       "quantiles(x, num_buckets, weights=.., reduce_instance_dims=true)",
       {{"x"}, {"num_buckets"}, epsilon, Option("weights"), Option("reduce_instance_dims")},
       &P::PlanQuantiles,
       false,
       "tft.quantiles"},
      {"apply_buckets",
       "apply_buckets(x, [1.0, 2.5]) or apply_buckets(x, quantiles(..))",
       {{"x"}, {"bucket_boundaries"}},
       &P::PlanApplyBuckets,
       false,
       "tft.apply_buckets"},
      {"apply_buckets_with_interpolation",
       "apply_buckets_with_interpolation(x, [1.0, 2.5]) or apply_buckets_with_interpolation(x, "
       "quantiles(..))",
       {{"x"}, {"bucket_boundaries"}},
       &P::PlanApplyBuckets,
       false,
       "tft.apply_buckets_with_interpolation"},
  };
  functions.insert(functions.end(), own.begin(), own.end());
}

/// num_buckets, epsilon, weights, elementwise (of quantiles, its opposite).
Result<Value> ExpressionPlanner::PlanBucketize(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  Analysis quantiles{.kind = AnalysisKind::kQuantiles};
  PENSTOCK_ASSIGN_OR_RETURN(quantiles.num_buckets,
                            IntegerLiteral(arguments[1], "num_buckets", 0, 2, kMaxQuantileBuckets));
  if (arguments[3] != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(quantiles.weight, PlanAs(ValueType::kNumber, *arguments[3], "weights"));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_elementwise, BooleanLiteral(arguments[4], "elementwise", false));
  Node node{.op = Operator::kBucketize, .inputs = {x}};
  if (is_elementwise && builder_.node(x).is_list) {
    node.op = Operator::kBucketizePerKey;
    quantiles.kind = AnalysisKind::kKeyedQuantiles;
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t key, PlanPositionKey(x, call));
    node.inputs.push_back(key);
  }
  return MakeAnalyzed(std::move(node), std::move(quantiles), call);
}

Result<Value> ExpressionPlanner::PlanBucketizePerKey(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t key, PlanAsTokens(*arguments[1], call.text));
  Analysis quantiles{.kind = AnalysisKind::kKeyedQuantiles};
  PENSTOCK_ASSIGN_OR_RETURN(quantiles.num_buckets,
                            IntegerLiteral(arguments[2], "num_buckets", 0, 2, kMaxQuantileBuckets));
  if (arguments[4] != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(quantiles.weight, PlanAs(ValueType::kNumber, *arguments[4], "weights"));
  }
  Node node{.op = Operator::kBucketizePerKey, .inputs = {x, key}};
  node.integer = is_tft() ? 1 : 0;
  return MakeAnalyzed(std::move(node), std::move(quantiles), call);
}

Result<Value> ExpressionPlanner::PlanQuantiles(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  Analysis quantiles{.kind = AnalysisKind::kQuantiles};
  PENSTOCK_ASSIGN_OR_RETURN(quantiles.num_buckets,
                            IntegerLiteral(arguments[1], "num_buckets", 0, 2, kMaxQuantileBuckets));
  if (arguments[3] != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(quantiles.weight, PlanAs(ValueType::kNumber, *arguments[3], "weights"));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_reduced,
                            BooleanLiteral(arguments[4], "reduce_instance_dims", true));
  Node node{.op = Operator::kBoundaries, .inputs = {x}};
  node.is_narrow = is_tft();
  if (!is_reduced && builder_.node(x).is_list) {
    node.op = Operator::kBoundariesByPosition;
    quantiles.kind = AnalysisKind::kKeyedQuantiles;
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t key, PlanPositionKey(x, call));
    node.inputs.push_back(key);
  }
  return MakeAnalyzed(std::move(node), std::move(quantiles), call);
}

Result<Value> ExpressionPlanner::PlanApplyBuckets(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  const bool is_interpolated = call.text == "apply_buckets_with_interpolation";
  const Expression& boundaries = *arguments[1];
  if (!IsListLiteral(boundaries)) {
    PENSTOCK_ASSIGN_OR_RETURN(const Value value, Plan(boundaries));
    if (value.node < 0 || builder_.node(value.node).op != Operator::kBoundaries)
      return Error(boundaries, "bucket_boundaries must be a list such as [1.0, 2.5], or quantiles(..)");
    Node node{.op = is_interpolated ? Operator::kInterpolateQuantiles : Operator::kBucketize, .inputs = {x}};
    node.analysis = builder_.node(value.node).analysis;
    node.is_narrow = is_tft() && is_interpolated && builder_.node(x).is_narrow;
    return Make(std::move(node), call);
  }
  Node node{.op = is_interpolated ? Operator::kInterpolate : Operator::kApplyBuckets, .inputs = {x}};
  PENSTOCK_ASSIGN_OR_RETURN(node.numbers, NumbersLiteral(&boundaries, "bucket_boundaries"));
  if (is_tft() && builder_.node(x).is_narrow) {
    for (double& boundary : node.numbers) boundary = static_cast<float>(boundary);
  }
  const auto is_finite = [](double boundary) { return boundary - boundary == 0; };
  // Interpolation leaves out what is not finite, of which NaN has no order either.
  if (is_interpolated) std::erase_if(node.numbers, [](double boundary) { return boundary != boundary; });
  if (node.numbers.empty()) return Error(boundaries, "bucket_boundaries has no number");
  if (!std::is_sorted(node.numbers.begin(), node.numbers.end()))
    return Error(boundaries, "bucket_boundaries must rise");
  if (is_interpolated && std::none_of(node.numbers.begin(), node.numbers.end(), is_finite))
    return Error(boundaries, "bucket_boundaries has no finite number");
  return Make(std::move(node), call);
}

}  // namespace penstock::transform
