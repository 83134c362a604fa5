#pragma once

#include <span>
#include <vector>

#include "penstock/model/tree_ensemble.h"

namespace penstock::model {

/// What each column adds to an ensemble's sum: exact Shapley values of the game in which an absent column has
/// the values of a background row, averaged over all of these (interventional TreeSHAP, Lundberg et al. 2020,
/// algorithm 3; shap.TreeExplainer with data). Unlike TreeContributions it credits no column that the trees
/// never look at, however much it goes along with one that they do.
///
/// Contributions of a row and expected() add up to its sum. Immutable; any number of threads.
class InterventionalContributions {
 public:
  /// `background` is row-major. kInvalidArgument without a row or for an ensemble of several outputs.
  static Result<InterventionalContributions> Make(const TreeEnsemble& ensemble,
                                                  std::vector<float> background);

  /// The mean sum of the background.
  double expected() const { return expected_; }
  int32_t num_columns() const { return num_columns_; }

  /// Adds the contributions of one row to `contributions`, one a column. NaN is missing. Cost: for each
  /// background row and tree the leaves that a mixture of both rows can reach, times their depth.
  void Add(std::span<const float> row, std::span<double> contributions) const;

 private:
  InterventionalContributions() = default;

  std::vector<Tree> trees_;
  std::vector<float> background_;
  std::vector<std::vector<double>> weights_;  // a! b! / (a + b + 1)!
  double expected_ = 0;
  int32_t num_columns_ = 0;
};

}  // namespace penstock::model
