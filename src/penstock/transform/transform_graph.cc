#include "penstock/transform/transform_graph.h"

#include <algorithm>
#include <cmath>

#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/transform/analysis_report.h"
#include "penstock/transform/evaluation.h"
#include "penstock/transform/graph_codec.h"
#include "penstock/transform/label_columns.h"
#include "penstock/transform/program.h"
#include "penstock/transform/transformed_schema.h"

namespace penstock::transform {

namespace {

bool HasAllColumns(const Batch& examples, const std::vector<InputColumn>& columns) {
  return std::all_of(columns.begin(), columns.end(), [&](const InputColumn& column) {
    return examples->schema()->GetFieldIndex(column.name) >= 0;
  });
}

/// A column by itself: its nodes and what they read.
struct SideColumn {
  SideColumn() = default;
  SideColumn(const Program& program, int32_t node)
      : columns(ColumnsOf(program, {node})), order(program, {node}) {}
  std::vector<InputColumn> columns;
  EvaluationOrder order;
};

}  // namespace

struct TransformGraph::Shape {
  std::vector<FeatureSchema> features;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<InputColumn> feature_columns;
  EvaluationOrder feature_order;
  SideColumn label, weight, query;
  std::vector<std::string> class_names;
};

TransformGraph::TransformGraph(std::shared_ptr<const Program> program) : program_(std::move(program)) {
  auto shape = std::make_shared<Shape>();
  arrow::FieldVector fields;
  std::vector<int32_t> feature_nodes;
  for (const Program::Output& output : program_->features) {
    shape->features.push_back(SchemaOf(*program_, output));
    feature_nodes.push_back(output.node);
    const FeatureSchema& feature = shape->features.back();
    fields.push_back(arrow::field(output.name, ArrowTypeOf(feature.type, feature.is_list)));
  }
  shape->schema = arrow::schema(std::move(fields));
  shape->feature_columns = ColumnsOf(*program_, feature_nodes);
  shape->feature_order = EvaluationOrder(*program_, feature_nodes);
  if (has_label()) shape->label = SideColumn(*program_, program_->label);
  if (has_weight()) shape->weight = SideColumn(*program_, program_->weight);
  if (has_query()) shape->query = SideColumn(*program_, program_->query);
  shape->class_names = program_->class_names;
  if (const Analysis* vocabulary = LabelVocabulary(*program_); vocabulary != nullptr) {
    const Vocabulary& names = *std::get<VocabularyResult>(vocabulary->result);
    for (int64_t id = 0; id < names.size(); ++id) shape->class_names.emplace_back(names.token(id));
  }
  shape_ = std::move(shape);
}

bool TransformGraph::has_label() const { return program_->label >= 0; }
bool TransformGraph::has_weight() const { return program_->weight >= 0; }
bool TransformGraph::has_query() const { return program_->query >= 0; }
const std::vector<std::string>& TransformGraph::class_names() const { return shape_->class_names; }
Task TransformGraph::task() const { return program_->task; }
const std::vector<InputColumn>& TransformGraph::input_columns() const { return shape_->feature_columns; }
const std::vector<InputColumn>& TransformGraph::label_columns() const { return shape_->label.columns; }
const std::vector<InputColumn>& TransformGraph::weight_columns() const { return shape_->weight.columns; }
const std::vector<FeatureSchema>& TransformGraph::output_schema() const { return shape_->features; }
const std::shared_ptr<arrow::Schema>& TransformGraph::arrow_schema() const { return shape_->schema; }

Result<Batch> TransformGraph::ApplyFeatures(const Batch& examples) const {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<Column> columns,
                            shape_->feature_order.Evaluate(*program_, examples));
  arrow::ArrayVector arrays;
  for (const Column& column : columns) {
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> array, ToArrow(column));
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(shape_->schema, examples->num_rows(), std::move(arrays));
}

Result<Batch> TransformGraph::Apply(const Batch& examples) const {
  PENSTOCK_ASSIGN_OR_RETURN(const Batch features, ApplyFeatures(examples));
  arrow::FieldVector fields = features->schema()->fields();
  arrow::ArrayVector arrays = features->columns();
  const auto add = [&](std::string_view name, std::shared_ptr<arrow::Array> array) {
    fields.push_back(arrow::field(std::string(name), array->type()));
    arrays.push_back(std::move(array));
  };
  if (has_label() && HasAllColumns(examples, shape_->label.columns)) {
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> label, Label(examples));
    add(kLabelColumn, std::move(label));
  }
  if (has_weight() && HasAllColumns(examples, shape_->weight.columns)) {
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> weight, Weight(examples));
    add(kWeightColumn, std::move(weight));
  }
  if (has_query() && HasAllColumns(examples, shape_->query.columns)) {
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> query, Query(examples));
    add(kQueryColumn, std::move(query));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), examples->num_rows(), std::move(arrays));
}

Result<std::shared_ptr<arrow::Array>> TransformGraph::Label(const Batch& examples) const {
  if (!has_label())
    return FailedPrecondition("The transform has no label; add 'label: EXPRESSION' to its features file");
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<Column> columns,
                            shape_->label.order.Evaluate(*program_, examples));
  return LabelArray(*program_, columns[0]);
}

Result<std::shared_ptr<arrow::DoubleArray>> TransformGraph::Weight(const Batch& examples) const {
  if (!has_weight())
    return FailedPrecondition("The transform has no weight; add 'weight: EXPRESSION' to its features file");
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<Column> columns,
                            shape_->weight.order.Evaluate(*program_, examples));
  return WeightArray(columns[0]);
}

Result<std::shared_ptr<arrow::Int64Array>> TransformGraph::Query(const Batch& examples) const {
  if (!has_query())
    return FailedPrecondition("The transform has no query; add 'query: EXPRESSION' to its features file");
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<Column> columns,
                            shape_->query.order.Evaluate(*program_, examples));
  return QueryArray(columns[0]);
}

Result<Batch> TransformGraph::Summaries() const {
  std::vector<int32_t> wanted;
  for (const Program::Output& summary : program_->summaries) wanted.push_back(summary.node);
  // They are the same for every example: so for one of which nothing is known.
  arrow::FieldVector input;
  arrow::ArrayVector nothing;
  for (const InputColumn& column : ColumnsOf(*program_, wanted)) {
    input.push_back(arrow::field(column.name, arrow::null()));
    nothing.push_back(std::make_shared<arrow::NullArray>(1));
  }
  const Batch example = arrow::RecordBatch::Make(arrow::schema(std::move(input)), 1, std::move(nothing));
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<Column> columns,
                            EvaluationOrder(*program_, wanted).Evaluate(*program_, example));
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (size_t i = 0; i < columns.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> array, ToArrow(columns[i]));
    fields.push_back(arrow::field(program_->summaries[i].name, array->type()));
    arrays.push_back(std::move(array));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), 1, std::move(arrays));
}

std::string TransformGraph::Serialize() const { return EncodeProgram(*program_); }

Result<TransformGraph> TransformGraph::Parse(std::string_view bytes) {
  PENSTOCK_ASSIGN_OR_RETURN(Program program, DecodeProgram(bytes));
  return TransformGraph(std::make_shared<const Program>(std::move(program)));
}

namespace {

/// A token a line; called as the features file says, or like its feature.
Status SaveVocabulary(const Program& program, const Analysis& analysis, const std::string& name,
                      const std::string& uri) {
  std::string lines;
  for (const std::string& line : VocabularyLines(program, analysis)) {
    lines += line;
    lines += '\n';
  }
  const std::string& given = analysis.vocabulary.file_name;
  const std::string path = fs::Join(fs::Join(uri, "vocabularies"), (given.empty() ? name : given) + ".txt");
  return fs::WriteFileAtomically(path, lines);
}

}  // namespace

Status SaveTransformGraph(const TransformGraph& graph, const std::string& uri) {
  PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(fs::Join(uri, "transform_graph.pb"), graph.Serialize()));
  const std::string schema = fs::Join(fs::Join(uri, "transformed_metadata"), "schema.pbtxt");
  PENSTOCK_RETURN_IF_ERROR(WriteProto(schema, TransformedSchema(graph)));
  const Program& program = graph.program();
  for (const Program::Output& feature : program.features) {
    const Node& node = program.nodes[static_cast<size_t>(feature.node)];
    if (node.op != Operator::kVocabulary) continue;
    PENSTOCK_RETURN_IF_ERROR(
        SaveVocabulary(program, program.analyses[static_cast<size_t>(node.analysis)], feature.name, uri));
  }
  const Analysis* classes = LabelVocabulary(program);
  return classes == nullptr ? OkStatus()
                            : SaveVocabulary(program, *classes, std::string(kClassVocabularyFile), uri);
}

Result<TransformGraph> LoadTransformGraph(const std::string& uri) {
  const std::string path = fs::Join(uri, "transform_graph.pb");
  PENSTOCK_ASSIGN_OR_RETURN(const std::string bytes, fs::ReadFile(path));
  Result<TransformGraph> graph = TransformGraph::Parse(bytes);
  if (!graph.ok()) return Annotate(graph.status(), path);
  return graph;
}

}  // namespace penstock::transform
