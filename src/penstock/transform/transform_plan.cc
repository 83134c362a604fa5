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

/// An expression that has to be one number an example; `type` is what it gives by itself.
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

/// The ids of the label's classes, which are named by a vocabulary of the label alone: as a number an
/// example, or as a list of integers (kMultilabelClassification).
Result<int32_t> PlanClasses(const Definition& label, bool is_multilabel, ProgramBuilder& builder) {
  ExpressionPlanner planner(label.source, builder);
  PENSTOCK_ASSIGN_OR_RETURN(const Value value, planner.Plan(label.expression));
  const auto refuse = [&](std::string_view sentence) {
    return label.source.ErrorAt(label.expression.begin, label.expression.end, std::string(sentence));
  };
  const bool is_list = value.node >= 0 && builder.node(value.node).is_list;
  if (is_list != is_multilabel) {
    return refuse(is_multilabel ? "a label of several classes is a list, such as split(tags, ' '), or a "
                                  "condition for each class: 'label: {late: delay > 15, far: miles > 5}'"
                                : "this is a list; an example has one class, so take only(..) of it, or say "
                                  "'task: multilabel_classification'");
  }
  if (value.type != ValueType::kText && value.type != ValueType::kInteger && value.type != ValueType::kAny)
    return refuse(fmt::format("classes are named by text or integers, and this is a {}", NameOf(value.type)));
  int32_t ids = value.node;
  if (ids < 0 || builder.node(ids).op != Operator::kVocabulary) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t names, planner.AsTokens(value, label.expression, "label"));
    Analysis classes{.kind = AnalysisKind::kVocabulary, .input = names};
    classes.vocabulary.file_name = kClassVocabularyFile;
    Node node{.op = Operator::kVocabulary, .inputs = {names}, .integer = -1};
    node.analysis = builder.AddAnalysis(std::move(classes));
    PENSTOCK_ASSIGN_OR_RETURN(ids, builder.Add(std::move(node)));
  }
  if (is_multilabel) return ids;
  return builder.Add({.op = Operator::kCast, .type = ValueType::kNumber, .inputs = {ids}});
}

/// A condition for each class, side by side.
Result<int32_t> PlanConditions(const std::vector<Definition>& labels, ProgramBuilder& builder) {
  Node stack{.op = Operator::kStack};
  for (const Definition& label : labels) {
    ValueType type = ValueType::kAny;
    PENSTOCK_ASSIGN_OR_RETURN(
        const int32_t condition,
        PlanNumber(label, "a class needs a condition, as in delay > 15", builder, type));
    stack.inputs.push_back(condition);
    builder.program().class_names.push_back(label.name);
  }
  return builder.Add(std::move(stack));
}

Status PlanLabel(const TransformSpec& spec, ProgramBuilder& builder) {
  Program& program = builder.program();
  if (!spec.labels.empty()) {
    program.task = Task::kMultilabelClassification;
    PENSTOCK_ASSIGN_OR_RETURN(program.label, PlanConditions(spec.labels, builder));
    return OkStatus();
  }
  if (!spec.label.has_value()) return OkStatus();
  const bool is_multilabel = spec.task == Task::kMultilabelClassification;
  if (is_multilabel || spec.task == Task::kMulticlassClassification) {
    program.task = *spec.task;
    PENSTOCK_ASSIGN_OR_RETURN(program.label, PlanClasses(*spec.label, is_multilabel, builder));
    return OkStatus();
  }
  ValueType type = ValueType::kAny;
  PENSTOCK_ASSIGN_OR_RETURN(
      program.label, PlanNumber(*spec.label,
                                "compare it with the class to find, as in company == 'Yellow Cab', or learn "
                                "all classes with 'task: multiclass_classification'",
                                builder, type));
  const bool is_binary = type == ValueType::kBoolean;
  program.task = spec.task.value_or(is_binary ? Task::kBinaryClassification : Task::kRegression);
  if (!spec.query.has_value()) return OkStatus();
  ExpressionPlanner planner(spec.query->source, builder);
  PENSTOCK_ASSIGN_OR_RETURN(const Value query, planner.Plan(spec.query->expression));
  if (query.type == ValueType::kInteger && !builder.node(query.node).is_list) {
    program.query = query.node;
    return OkStatus();
  }
  PENSTOCK_ASSIGN_OR_RETURN(program.query, planner.AsTokens(query, spec.query->expression, "query"));
  if (!builder.node(program.query).is_list) return OkStatus();
  return spec.query->source.ErrorAt(spec.query->expression.begin, spec.query->expression.end,
                                    "this is a list; a query is one value an example");
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
  if (program_->query >= 0) wanted.push_back(program_->query);
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
  PENSTOCK_RETURN_IF_ERROR(PlanLabel(spec, builder));
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
  for (const auto& label : spec.labels) CollectColumns(label.expression, columns);
  if (spec.weight) CollectColumns(spec.weight->expression, columns);
  if (spec.query) CollectColumns(spec.query->expression, columns);
  // A column without any value fits wherever some type would.
  arrow::FieldVector fields;
  for (const auto& column : columns) fields.push_back(arrow::field(column, arrow::null()));
  return PlanTransform(spec, arrow::Schema(std::move(fields))).status();
}

}  // namespace penstock::transform
