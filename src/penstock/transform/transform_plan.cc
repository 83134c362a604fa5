#include "penstock/transform/transform_plan.h"

#include <algorithm>
#include <set>
#include <string>

#include "penstock/transform/expression_planner.h"
#include "penstock/transform/program.h"
#include "penstock/transform/program_builder.h"

namespace penstock::transform {
namespace {

using Value = ExpressionPlanner::Value;

Result<int32_t> PlanFeature(const Definition& definition, ProgramBuilder& builder) {
  ExpressionPlanner planner(definition.source, builder);
  PENSTOCK_ASSIGN_OR_RETURN(const Value value, planner.Plan(definition.expression));
  if (builder.program().allows_any_output && value.type != ValueType::kAny) return value.node;
  if (value.node >= 0 && builder.node(value.node).is_list) {
    return definition.source.ErrorAt(
        definition.expression.begin, definition.expression.end,
        "a feature must be one number an example, and this is a list; make one of it with list_size(..), "
        "list_mean(..) or only(..)");
  }
  if (value.type == ValueType::kText) {
    return definition.source.ErrorAt(
        definition.expression.begin, definition.expression.end,
        "a feature must be a number, and this is text; use "
        "compute_and_apply_vocabulary(..) or hash_strings(.., hash_buckets=1000)");
  }
  if (value.type != ValueType::kAny) return value.node;
  return planner.As(ValueType::kNumber, value, definition.expression, "a feature");
}

/// The label or weight as a number; `type` is what the expression itself gives.
Result<int32_t> PlanNumber(const Definition& definition, std::string_view hint, ProgramBuilder& builder,
                           ValueType& type) {
  ExpressionPlanner planner(definition.source, builder);
  PENSTOCK_ASSIGN_OR_RETURN(const Value value, planner.Plan(definition.expression));
  type = value.type;
  if (value.node >= 0 && builder.node(value.node).is_list) {
    return definition.source.ErrorAt(definition.expression.begin, definition.expression.end,
                                     fmt::format("this is a list; {}", hint));
  }
  if (value.type == ValueType::kText || value.type == ValueType::kVector) {
    return definition.source.ErrorAt(
        definition.expression.begin, definition.expression.end,
        fmt::format("this is {}{}; {}", value.type == ValueType::kVector ? "a " : "", NameOf(value.type),
                    hint));
  }
  if (value.type == ValueType::kBoolean) {
    return builder.Add({.op = Operator::kCast, .type = ValueType::kNumber, .inputs = {value.node}});
  }
  return planner.As(ValueType::kNumber, value, definition.expression, definition.source.what());
}

}  // namespace

int TransformPlan::num_passes() const {
  int passes = 0;
  for (const int stage : StagesOf(*program_)) passes = std::max(passes, stage);
  return passes;
}

std::vector<InputColumn> TransformPlan::input_columns() const {
  std::vector<int32_t> wanted;
  for (const Program::Output& feature : program_->features) wanted.push_back(feature.node);
  for (const Program::Output& summary : program_->summaries) wanted.push_back(summary.node);
  if (program_->label >= 0) wanted.push_back(program_->label);
  if (program_->weight >= 0) wanted.push_back(program_->weight);
  return ColumnsOf(*program_, wanted);
}

Result<TransformPlan> PlanTransform(const TransformSpec& spec, const arrow::Schema& input) {
  ProgramBuilder builder(input);
  builder.program().is_tft_compatible = spec.is_tft_compatible;
  builder.program().allows_any_output = spec.allows_any_output;
  for (const Definition& feature : spec.features) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t node, PlanFeature(feature, builder));
    builder.program().features.push_back({feature.name, node});
  }
  for (const Definition& summary : spec.summaries) {
    ExpressionPlanner planner(summary.source, builder);
    PENSTOCK_ASSIGN_OR_RETURN(const Value value, planner.Plan(summary.expression));
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t node,
                              value.type != ValueType::kAny
                                  ? Result<int32_t>(value.node)
                                  : planner.As(ValueType::kNumber, value, summary.expression, "a summary"));
    builder.program().summaries.push_back({summary.name, node});
  }
  if (spec.label.has_value()) {
    ValueType type = ValueType::kAny;
    PENSTOCK_ASSIGN_OR_RETURN(
        builder.program().label,
        PlanNumber(*spec.label, "compare it with the class to find, as in company == 'Yellow Cab'", builder,
                   type));
    const bool is_binary = type == ValueType::kBoolean;
    builder.program().task = spec.task.value_or(is_binary ? Task::kBinaryClassification : Task::kRegression);
  }
  if (spec.weight.has_value()) {
    ValueType type = ValueType::kAny;
    PENSTOCK_ASSIGN_OR_RETURN(builder.program().weight,
                              PlanNumber(*spec.weight, "a weight must be a number", builder, type));
  }
  PENSTOCK_RETURN_IF_ERROR(CheckProgram(builder.program(), false));
  return TransformPlan(std::make_shared<const Program>(std::move(builder.program())));
}

namespace {

void CollectColumns(const Expression& expression, std::set<std::string>& columns) {
  if (expression.kind == Expression::Kind::kColumn) columns.insert(expression.text);
  for (const auto& argument : expression.arguments) CollectColumns(argument.value, columns);
}

}  // namespace

Status CheckTransformSpec(const TransformSpec& spec) {
  std::set<std::string> columns;
  for (const auto& feature : spec.features) CollectColumns(feature.expression, columns);
  for (const auto& summary : spec.summaries) CollectColumns(summary.expression, columns);
  if (spec.label) CollectColumns(spec.label->expression, columns);
  if (spec.weight) CollectColumns(spec.weight->expression, columns);
  // A column without any value fits wherever some type would.
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(arrow::field(column, arrow::null()));
  return PlanTransform(spec, arrow::Schema(std::move(fields))).status();
}

}  // namespace penstock::transform
