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
#include "penstock/transform/program.h"
#include "penstock/transform/transformed_schema.h"

namespace penstock::transform {

struct TransformGraph::Shape {
  std::vector<FeatureSchema> features;
  std::shared_ptr<arrow::Schema> schema;
  std::vector<InputColumn> feature_columns;
  std::vector<InputColumn> label_columns;
  std::vector<InputColumn> weight_columns;
  std::vector<int32_t> feature_nodes;
  EvaluationOrder feature_order;
  EvaluationOrder label_order;
  EvaluationOrder weight_order;
};

namespace {

bool HasAllColumns(const Batch& examples, const std::vector<InputColumn>& columns) {
  return std::all_of(columns.begin(), columns.end(), [&](const InputColumn& column) {
    return examples->schema()->GetFieldIndex(column.name) >= 0;
  });
}

/// `column` with NaN as missing, held against what a label or weight may be.
template <class IsAllowed>
Result<std::shared_ptr<arrow::DoubleArray>> CheckedNumbers(const Column& column, IsAllowed&& is_allowed,
                                                           std::string_view rule) {
  PENSTOCK_ASSIGN_OR_RETURN(Column checked, Column::Allocate(ValueType::kNumber, column.size()));
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, checked.AllocatePresence(1));
  auto* const values = checked.MutableValues<double>();
  for (int64_t i = 0; i < column.size(); ++i) {
    const double value = column.numbers()[i];
    const bool is_present = column.IsPresent(i) && !std::isnan(value);
    presence[i] = is_present ? 1 : 0;
    values[i] = is_present ? value : 0;
    if (is_present && !is_allowed(value)) {
      return InvalidArgument("{}, but it is {} for example {} of a batch", rule, value, i + 1);
    }
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> array, ToArrow(checked));
  return std::static_pointer_cast<arrow::DoubleArray>(array);
}

}  // namespace

TransformGraph::TransformGraph(std::shared_ptr<const Program> program) : program_(std::move(program)) {
  auto shape = std::make_shared<Shape>();
  arrow::FieldVector fields;
  for (const Program::Output& output : program_->features) {
    shape->features.push_back(SchemaOf(*program_, output));
    shape->feature_nodes.push_back(output.node);
    const FeatureSchema& feature = shape->features.back();
    fields.push_back(arrow::field(output.name, ArrowTypeOf(feature.type, feature.is_list)));
  }
  shape->schema = arrow::schema(std::move(fields));
  shape->feature_columns = ColumnsOf(*program_, shape->feature_nodes);
  shape->feature_order = EvaluationOrder(*program_, shape->feature_nodes);
  if (has_label()) {
    shape->label_columns = ColumnsOf(*program_, {program_->label});
    shape->label_order = EvaluationOrder(*program_, {program_->label});
  }
  if (has_weight()) {
    shape->weight_columns = ColumnsOf(*program_, {program_->weight});
    shape->weight_order = EvaluationOrder(*program_, {program_->weight});
  }
  shape_ = std::move(shape);
}

bool TransformGraph::has_label() const { return program_->label >= 0; }
bool TransformGraph::has_weight() const { return program_->weight >= 0; }
Task TransformGraph::task() const { return program_->task; }
const std::vector<InputColumn>& TransformGraph::input_columns() const { return shape_->feature_columns; }
const std::vector<InputColumn>& TransformGraph::label_columns() const { return shape_->label_columns; }
const std::vector<InputColumn>& TransformGraph::weight_columns() const { return shape_->weight_columns; }
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
  if (has_label() && HasAllColumns(examples, shape_->label_columns)) {
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::DoubleArray> label, Label(examples));
    fields.push_back(arrow::field(std::string(kLabelColumn), arrow::float64()));
    arrays.push_back(std::move(label));
  }
  if (has_weight() && HasAllColumns(examples, shape_->weight_columns)) {
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::DoubleArray> weight, Weight(examples));
    fields.push_back(arrow::field(std::string(kWeightColumn), arrow::float64()));
    arrays.push_back(std::move(weight));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), examples->num_rows(), std::move(arrays));
}

Result<std::shared_ptr<arrow::DoubleArray>> TransformGraph::Label(const Batch& examples) const {
  if (!has_label())
    return FailedPrecondition("The transform has no label; add 'label: EXPRESSION' to its features file");
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<Column> columns,
                            shape_->label_order.Evaluate(*program_, examples));
  if (task() == Task::kBinaryClassification) {
    return CheckedNumbers(
        columns[0], [](double value) { return value == 0 || value == 1; },
        "The label of a binary classification must be 0 or 1");
  }
  return CheckedNumbers(
      columns[0], [](double value) { return std::isfinite(value); }, "The label must be finite");
}

Result<std::shared_ptr<arrow::DoubleArray>> TransformGraph::Weight(const Batch& examples) const {
  if (!has_weight())
    return FailedPrecondition("The transform has no weight; add 'weight: EXPRESSION' to its features file");
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<Column> columns,
                            shape_->weight_order.Evaluate(*program_, examples));
  return CheckedNumbers(
      columns[0], [](double value) { return std::isfinite(value) && value >= 0; },
      "An example's weight must be finite and at least 0");
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

Status SaveTransformGraph(const TransformGraph& graph, const std::string& uri) {
  PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(fs::Join(uri, "transform_graph.pb"), graph.Serialize()));
  const std::string schema = fs::Join(fs::Join(uri, "transformed_metadata"), "schema.pbtxt");
  PENSTOCK_RETURN_IF_ERROR(WriteProto(schema, TransformedSchema(graph)));
  const Program& program = graph.program();
  for (const Program::Output& feature : program.features) {
    const Node& node = program.nodes[static_cast<size_t>(feature.node)];
    if (node.op != Operator::kVocabulary) continue;
    const Analysis& analysis = program.analyses[static_cast<size_t>(node.analysis)];
    std::string lines;
    for (const std::string& line : VocabularyLines(analysis)) {
      lines += line;
      lines += '\n';
    }
    const std::string& given = analysis.vocabulary.file_name;
    const std::string path =
        fs::Join(fs::Join(uri, "vocabularies"), (given.empty() ? feature.name : given) + ".txt");
    PENSTOCK_RETURN_IF_ERROR(fs::WriteFileAtomically(path, lines));
  }
  return OkStatus();
}

Result<TransformGraph> LoadTransformGraph(const std::string& uri) {
  const std::string path = fs::Join(uri, "transform_graph.pb");
  PENSTOCK_ASSIGN_OR_RETURN(const std::string bytes, fs::ReadFile(path));
  Result<TransformGraph> graph = TransformGraph::Parse(bytes);
  if (!graph.ok()) return Annotate(graph.status(), path);
  return graph;
}

}  // namespace penstock::transform
