#pragma once

#include <span>
#include <vector>

#include "penstock/model/tree_ensemble.h"

namespace penstock::model {

/// What each column adds to an ensemble's sum: exact Shapley values of the game in which a tree whose split
/// looks at an absent column takes both ways, by the shares of the examples behind it (path-dependent
/// TreeSHAP, Lundberg et al. 2018, algorithm 2; XGBoost's pred_contribs).
///
/// Contributions of a row and expected() add up to its sum. Immutable; any number of threads.
class TreeContributions {
 public:
  /// `covers[t][n]`: how many examples (or how much weight) went through node n of tree t. A node that
  /// nothing went through sends halves both ways. kInvalidArgument where the trees are none
  /// (TreeEnsemble::Make) or the covers do not fit them or are negative.
  static Result<TreeContributions> Make(std::vector<Tree> trees, std::vector<std::vector<double>> covers,
                                        float base_margin, int32_t num_columns);
  /// Of an ensemble, with the covers of some background rows (row-major). kInvalidArgument without a row.
  static Result<TreeContributions> FromBackground(const TreeEnsemble& ensemble, std::span<const float> rows);

  /// The sum where every column is absent: the mean over the background.
  double expected() const { return expected_; }
  int32_t num_columns() const { return num_columns_; }

  /// Adds the contributions of one row to `contributions`, one a column. NaN is missing.
  /// Cost: leaves x depth^2.
  void Add(std::span<const float> row, std::span<double> contributions) const;

 private:
  TreeContributions() = default;

  std::vector<Tree> trees_;
  std::vector<std::vector<double>> shares_;  // Of each node: its share of what goes through its parent.
  double expected_ = 0;
  int32_t num_columns_ = 0;
};

}  // namespace penstock::model
