#pragma once

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "penstock/data/batch.h"
#include "penstock/model/forest_model.h"
#include "penstock/model/interventional_contributions.h"
#include "penstock/model/tree_contributions.h"

namespace penstock::evaluation {

/// What each feature of a model of trees adds to the margin of an example (log odds of a classification,
/// the prediction of a regression): exact Shapley values, a feature of several columns their sum. Immutable;
/// any number of threads.
class ForestAttributions {
 public:
  /// What an absent feature is: what goes down the trees there by the shares of the background
  /// (model/tree_contributions.h), or the values of each background row
  /// (model/interventional_contributions.h), whose cost grows with the background.
  enum class Absence { kPathDependent, kInterventional };

  /// `background` says what is usual. The model must outlive it. kInvalidArgument where it is not of trees.
  static Result<std::shared_ptr<const ForestAttributions>> Make(const model::Model& model,
                                                                const data::Batch& background,
                                                                Absence absence = Absence::kPathDependent);
  /// The features of a model of trees; empty for another model.
  static std::vector<std::string> FeaturesOf(const model::Model& model);

  const std::vector<std::string>& features() const { return features_; }
  /// The margin where nothing is known: the mean over the background.
  double expected() const {
    return std::visit([](const auto& each) { return each.expected(); }, contributions_);
  }
  /// By feature, one number an example.
  Result<std::vector<std::vector<double>>> Attribute(const data::Batch& examples) const;

 private:
  using Contributions = std::variant<model::TreeContributions, model::InterventionalContributions>;

  ForestAttributions(const model::ForestModel& model, Contributions contributions);

  const model::ForestModel& model_;
  Contributions contributions_;
  std::vector<std::string> features_;
  std::vector<size_t> feature_of_column_;
};

}  // namespace penstock::evaluation
