#include "penstock/evaluation/analysis/forest_attributions.h"

#include "penstock/transform/transform_graph.h"

namespace penstock::evaluation {

ForestAttributions::ForestAttributions(const model::ForestModel& model, Contributions contributions)
    : model_(model), contributions_(std::move(contributions)) {
  for (const transform::FeatureSchema& feature : model.transform().output_schema()) {
    feature_of_column_.insert(feature_of_column_.end(), static_cast<size_t>(feature.width), features_.size());
    features_.push_back(feature.name);
  }
}

std::vector<std::string> ForestAttributions::FeaturesOf(const model::Model& model) {
  std::vector<std::string> names;
  if (dynamic_cast<const model::ForestModel*>(&model) != nullptr)
    for (const transform::FeatureSchema& feature : model.transform().output_schema())
      names.push_back(feature.name);
  return names;
}

Result<std::shared_ptr<const ForestAttributions>> ForestAttributions::Make(const model::Model& model,
                                                                           const data::Batch& background,
                                                                           Absence absence) {
  const auto* forest = dynamic_cast<const model::ForestModel*>(&model);
  if (forest == nullptr)
    return InvalidArgument("Contributions of features are computed for models of trees only");
  if (forest->forest().num_outputs() > 1)
    return InvalidArgument("Contributions of features are computed for one output, and this model has {}",
                           forest->forest().num_outputs());
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<float> rows, forest->Rows(background));
  const auto make = [&](auto contributions) {
    return std::shared_ptr<const ForestAttributions>(
        new ForestAttributions(*forest, std::move(contributions)));
  };
  if (absence == Absence::kInterventional) {
    PENSTOCK_ASSIGN_OR_RETURN(auto contributions,
                              model::InterventionalContributions::Make(forest->forest(), std::move(rows)));
    return make(std::move(contributions));
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto contributions,
                            model::TreeContributions::FromBackground(forest->forest(), rows));
  return make(std::move(contributions));
}

Result<std::vector<std::vector<double>>> ForestAttributions::Attribute(const data::Batch& examples) const {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<float> rows, model_.Rows(examples));
  const auto width = feature_of_column_.size(), num_rows = static_cast<size_t>(examples->num_rows());
  std::vector<std::vector<double>> by_feature(features_.size(), std::vector<double>(num_rows));
  std::vector<double> of_columns(width);
  for (size_t row = 0; row < num_rows; ++row) {
    std::fill(of_columns.begin(), of_columns.end(), 0.0);
    std::visit([&](const auto& each) { each.Add(std::span(rows).subspan(row * width, width), of_columns); },
               contributions_);
    for (size_t column = 0; column < width; ++column)
      by_feature[feature_of_column_[column]][row] += of_columns[column];
  }
  return by_feature;
}

}  // namespace penstock::evaluation
