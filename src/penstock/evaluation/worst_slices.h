#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/data/dataset.h"
#include "penstock/evaluation/label_prediction_pairs.h"
#include "penstock/evaluation/slicing.h"

namespace penstock::evaluation {

struct WorstSliceOptions {
  TargetColumns target;
  /// Columns to look at; empty: all but those of the target.
  std::vector<std::string> columns;
  int64_t max_found = 10;
  /// Smaller slices are not looked at; 0: a thousandth of the examples, at least 20.
  int64_t min_examples = 0;
  /// Numbers of more distinct values than this are cut into ranges of equal counts; texts of more are left
  /// out.
  int max_values = 64;
  /// How likely, at most, it may be that any slice is found where the model errs alike everywhere.
  double significance = 0.05;
};

/// A slice on which the model is worse than on the other examples.
struct WorstSlice {
  /// Ranges of numbers are values like "[3, 7.5)".
  SliceFeatures slice;
  int64_t num_examples = 0;
  double loss = 0;        ///< Mean over the slice.
  double other_loss = 0;  ///< Mean over all other examples.
  double z = 0;           ///< Welch's statistic of their difference.
  double p_value = 0;     ///< One-sided, times the number of slices looked at (Bonferroni), at most 1.
};

struct WorstSlices {
  std::vector<WorstSlice> found;  ///< Surest first; none that a wider one before it explains.
  int64_t num_candidates = 0;     ///< Slices with enough examples.
  int64_t num_examples = 0;
  double loss = 0;        ///< Of all examples.
  std::string loss_name;  ///< "binary_crossentropy" where all labels are 0 or 1, else "squared_error".
  std::vector<std::string> left_out;  ///< Columns with too many values, or none that can be compared.
};

/// Looks at every value of every column and every pair of values of two columns, and tells those on which the
/// mean loss is higher than on the rest, beyond chance and with enough examples. Examples without label or
/// prediction are left out; a null is a value of its own. One pass over the data, then one over two bytes a
/// cell for each pair of columns; parallel over columns. Memory: two bytes a cell and one double an example.
Result<WorstSlices> FindWorstSlices(const data::Dataset& examples, const WorstSliceOptions& options,
                                    const ExecutionOptions& execution);

/// For people, as a table. Ends in a newline.
std::string FormatWorstSlices(const WorstSlices& worst);

}  // namespace penstock::evaluation
