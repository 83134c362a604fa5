#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "penstock/base/digest.h"
#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"
#include "penstock/learning/loss.h"
#include "penstock/learning/row_reader.h"
#include "penstock/learning/training_matrix.h"

namespace penstock::learning {

/// Mean and spread of a column of the feature matrix over the rows that have a value.
struct ColumnSummary {
  int64_t count = 0;
  double mean = 0;
  double squares = 0;  ///< Sum of squared differences to the mean.
  bool has_missing = false;

  double deviation() const;  ///< Of the population; 0 without values.
  void Add(float value);
  /// Chan, Golub, LeVeque 1983.
  void Merge(const ColumnSummary& other);
};

/// What the labels of a split come to, weighted.
struct LabelSummary {
  int64_t num_rows = 0;
  double total_weight = 0;
  std::vector<double> means;  ///< Of the label; of several classes, how common each is.
  double deviation = 0;       ///< Of the first label.
  double least = 0;
  double largest = 0;
  int64_t num_positive = 0;  ///< Rows whose (first) label is 1.

  static LabelSummary Of(const TrainingMatrix& matrix, const Loss& loss);
};

/// What one pass over a split tells.
struct SplitSummary {
  int64_t num_unlabeled = 0;
  LabelSummary labels;
  std::vector<ColumnSummary> columns;
  /// Rows chosen by their place alone, in their order: all where there are at most kMaxSampledRows, else from
  /// half of that to all of it.
  TrainingMatrix sample;
  Digest digest;  ///< Of all rows.
  /// All rows, where there are not more than was asked for.
  std::optional<TrainingMatrix> rows;

  static constexpr int64_t kMaxSampledRows = 100'000;
};

/// Reads all shards, several at a time; the answer is bit-equal on any number of threads. Memory: the sample,
/// `max_rows` rows and a batch a thread. Errors as ReadTrainingMatrix's. Not of rankings.
Result<SplitSummary> SummariseSplit(const data::Dataset& dataset, const std::string& split_name,
                                    const RowReader& reader, const Loss& loss, int64_t max_rows,
                                    const ExecutionOptions& execution);

}  // namespace penstock::learning
