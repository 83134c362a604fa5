#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"
#include "penstock/learning/training_matrix.h"
#include "penstock/model/feature_matrix.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::learning {

/// A value that cannot be learned from, with its row among those that its reader was given.
struct RefusedRow {
  int64_t row = 0;
  std::string what;
};

/// Turns batches of transformed examples into rows of a TrainingMatrix. Immutable; any number of threads.
class RowReader {
 public:
  /// `split_name` is for messages. kInvalidArgument where the features are too many.
  static Result<RowReader> Make(const transform::TransformGraph& transform, std::string split_name,
                                Labels wanted);

  int32_t num_columns() const { return layout_.num_columns(); }
  int32_t num_labels() const { return num_labels_; }
  bool has_query() const { return has_query_; }
  /// A matrix without rows.
  TrainingMatrix Empty() const;

  /// Appends those rows that have a label (and weight, and query), and counts the others. Of queries the
  /// numbers go to `queries`, one a row. Tells of the first value that is refused; what stands before it was
  /// appended. kInvalidArgument for a missing column.
  Result<std::optional<RefusedRow>> Append(const data::Batch& batch, TrainingMatrix& into,
                                           std::vector<int64_t>& queries) const;

 private:
  RowReader(model::FeatureMatrix layout, std::string split_name)
      : layout_(std::move(layout)), split_name_(std::move(split_name)) {}
  struct Columns;
  Result<Columns> Find(const data::Batch& batch) const;
  std::string Fault(std::span<const double> labels, double weight) const;

  model::FeatureMatrix layout_;
  std::string split_name_;
  transform::Task task_ = transform::Task::kNone;  // kNone: no label is read.
  int32_t num_labels_ = 1;
  int64_t num_classes_ = 0;
  bool has_weight_ = false;
  bool has_query_ = false;
};

}  // namespace penstock::learning
