#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/array/array_primitive.h>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"
#include "penstock/transform/feature_schema.h"
#include "penstock/transform/transform_spec.h"

namespace penstock::transform {

struct Program;

using data::Batch;

/// A resolved transform: a pure function from a batch of raw examples to a batch of
/// features. The same object serves training, evaluation, batch inference and serving.
///
/// A cheap-to-copy, immutable value; every call is safe from any thread. Input columns
/// are found by name, others ignored; a missing one is kInvalidArgument that names it.
/// A column may arrive in another compatible type than at analysis: any width of
/// integer or float, integers for numbers and whole numbers for integers, integers for
/// text (as decimals), 0 and 1 for booleans, or all null.
class TransformGraph {
 public:
  /// Takes a checked program whose analyses are all resolved. For AnalyzeTransform and Parse.
  explicit TransformGraph(std::shared_ptr<const Program> program);

  /// The features in output_schema's order, then kLabelColumn, kWeightColumn and kQueryColumn
  /// where they are defined and all their input columns are in `examples`.
  Result<Batch> Apply(const Batch& examples) const;
  /// The features only: label and weight columns need not exist, as when serving.
  Result<Batch> ApplyFeatures(const Batch& examples) const;
  /// One value per example, a float64: 0 or 1 for kBinaryClassification, any finite number for kRegression,
  /// the class' place in class_names() for kMulticlassClassification, from 0 to 31 for kRanking. For
  /// kMultilabelClassification a list of floats, 0 or 1 for each class. Null where the label is missing, NaN,
  /// or a class that analysis did not see. Examples without a label (or weight, or query) take no part in
  /// training or evaluation; whoever drops them counts them. kFailedPrecondition without label.
  Result<std::shared_ptr<arrow::Array>> Label(const Batch& examples) const;
  /// One weight per example, finite and >= 0, null where missing. kFailedPrecondition without weight.
  Result<std::shared_ptr<arrow::DoubleArray>> Weight(const Batch& examples) const;

  /// One number per example, equal for those of one query, null where missing. kFailedPrecondition without
  /// query.
  Result<std::shared_ptr<arrow::Int64Array>> Query(const Batch& examples) const;

  /// One row: the `summaries` of the features file, in its order.
  Result<Batch> Summaries() const;

  bool has_label() const;
  bool has_weight() const;
  bool has_query() const;
  Task task() const;  ///< kNone without label.
  /// Of kMulticlassClassification and kMultilabelClassification; else none.
  const std::vector<std::string>& class_names() const;

  /// What ApplyFeatures reads, sorted by name.
  const std::vector<InputColumn>& input_columns() const;
  /// What Label (Weight) reads, sorted by name; may overlap with the features' columns.
  const std::vector<InputColumn>& label_columns() const;
  const std::vector<InputColumn>& weight_columns() const;
  /// What ApplyFeatures gives, in file order.
  const std::vector<FeatureSchema>& output_schema() const;
  /// The Arrow schema of what ApplyFeatures gives.
  const std::shared_ptr<arrow::Schema>& arrow_schema() const;

  /// The nodes and analysis results themselves, for exporters.
  const Program& program() const { return *program_; }

  /// proto/penstock/transform.proto, deterministic: equal graphs, equal bytes.
  std::string Serialize() const;
  /// kDataLoss for bytes that are not a graph that could have been made here: every
  /// index, type, length and size is checked.
  static Result<TransformGraph> Parse(std::string_view bytes);

 private:
  struct Shape;  // What follows from the program: schemas and node lists.

  std::shared_ptr<const Program> program_;
  std::shared_ptr<const Shape> shape_;
};

/// Writes <uri>/transform_graph.pb and, to be read by others, <uri>/vocabularies/<vocab_filename or
/// feature>.txt (a token a line, in id order) and <uri>/transformed_metadata/schema.pbtxt, as TFT does.
Status SaveTransformGraph(const TransformGraph& graph, const std::string& uri);
/// Reads <uri>/transform_graph.pb.
Result<TransformGraph> LoadTransformGraph(const std::string& uri);

}  // namespace penstock::transform
