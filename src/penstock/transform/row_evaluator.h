#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/transform/feature_schema.h"
#include "penstock/transform/program.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::transform {

/// One raw value of one example. Text is not owned.
struct RowValue {
  bool is_present = false;
  int64_t integer = 0;  ///< Of kInteger, and 0 or 1 of kBoolean.
  double number = 0;    ///< Of kNumber.
  std::string_view text;

  static RowValue Missing() { return {}; }
  static RowValue Integer(int64_t value) { return {.is_present = true, .integer = value}; }
  static RowValue Number(double value) { return {.is_present = true, .number = value}; }
  static RowValue Text(std::string_view value) { return {.is_present = true, .text = value}; }
};

/// A transform for one example at a time, as serving wants it: the features as a row of float32 (missing:
/// NaN), the same bits that TransformGraph::ApplyFeatures and model::FeatureMatrix give. No memory is
/// allocated once it was called a few times, and none at all without text functions. Not for concurrent use:
/// one a thread.
class RowEvaluator {
 public:
  /// kUnimplemented names the first operator that only goes by whole batches: lists, text and time functions,
  /// statistics by key.
  static Result<RowEvaluator> Make(const TransformGraph& graph);

  /// Which columns, in which order and of which types; as TransformGraph::input_columns().
  const std::vector<InputColumn>& inputs() const { return inputs_; }
  int64_t num_columns() const { return num_columns_; }

  /// One value for each of inputs(), of its type; writes num_columns() numbers.
  void Evaluate(std::span<const RowValue> values, std::span<float> row);

 private:
  struct Step {
    const Node* node = nullptr;
    const Analysis* analysis = nullptr;
    int32_t input = -1;  // Of kColumn: the place among inputs().
    int32_t first = 0;   // Of the node's own inputs: places of slots.
    int32_t second = 0;
    int32_t third = 0;
    std::vector<int32_t> parts;           // Of kCross.
    std::string characters;               // Of made text.
    ValueType type = ValueType::kNumber;  // Of the first input.
  };
  struct Feature {
    int32_t slot = 0;
    int64_t width = 1;
    ValueType type = ValueType::kNumber;
  };
  RowEvaluator() = default;
  static Status CheckStep(const Program& program, const Node& node);
  void Run(Step& step, std::span<const RowValue> values, RowValue& result);
  void RunNumbers(const Step& step, RowValue& result) const;
  void RunIntegers(const Step& step, RowValue& result) const;
  void RunLogic(const Step& step, RowValue& result) const;
  void RunAnalyzed(const Step& step, RowValue& result) const;
  void RunTokens(Step& step, RowValue& result);
  const RowValue& At(int32_t slot) const { return slots_[static_cast<size_t>(slot)]; }

  std::shared_ptr<const Program> program_;
  std::vector<InputColumn> inputs_;
  std::vector<Step> steps_;
  std::vector<Feature> features_;
  int64_t num_columns_ = 0;
  std::vector<RowValue> slots_;  // One a step.
};

}  // namespace penstock::transform
