#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/data/batch.h"
#include "penstock/model/forest_model.h"
#include "penstock/model/tree_contributions.h"

namespace penstock::evaluation {

/// What each feature of a model of trees adds to the margin of an example (log odds of a classification,
/// the prediction of a regression): exact Shapley values (model/tree_contributions.h), a feature of several
/// columns their sum. Immutable; any number of threads.
class ForestAttributions {
 public:
  /// `background` says what is usual. The model must outlive it. kInvalidArgument where it is not of trees.
  static Result<std::shared_ptr<const ForestAttributions>> Make(const model::Model& model,
                                                                const data::Batch& background);
  /// The features of a model of trees; empty for another model.
  static std::vector<std::string> FeaturesOf(const model::Model& model);

  const std::vector<std::string>& features() const { return features_; }
  /// The margin where nothing is known: the mean over the background.
  double expected() const { return contributions_.expected(); }
  /// By feature, one number an example.
  Result<std::vector<std::vector<double>>> Attribute(const data::Batch& examples) const;

 private:
  ForestAttributions(const model::ForestModel& model, model::TreeContributions contributions);

  const model::ForestModel& model_;
  model::TreeContributions contributions_;
  std::vector<std::string> features_;
  std::vector<size_t> feature_of_column_;
};

}  // namespace penstock::evaluation
