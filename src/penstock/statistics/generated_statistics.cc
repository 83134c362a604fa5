#include "penstock/statistics/generated_statistics.h"

#include <map>
#include <string>
#include <utility>

#include "penstock/statistics/composite_features.h"
#include "penstock/statistics/cross_features.h"
#include "penstock/statistics/language_statistics.h"
#include "penstock/statistics/lift_statistics.h"
#include "penstock/statistics/mutual_information.h"

namespace penstock::statistics {

namespace v0 = tensorflow::metadata::v0;

Result<combine::CombinerSet> MakeGeneratedStatistics(const arrow::Schema& data,
                                                     const StatisticsOptions& options) {
  combine::CombinerSet set;
  if (options.schema != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(auto composites, CompositeFeatures::Make(*options.schema));
    if (!composites.empty()) set.Insert(std::move(composites));
    PENSTOCK_ASSIGN_OR_RETURN(auto language, LanguageStatistics::Make(data, options));
    if (!language.empty()) set.Insert(std::move(language));
  }
  if (options.cross_features.has_value()) {
    PENSTOCK_ASSIGN_OR_RETURN(auto crosses, CrossFeatures::Make(data, *options.cross_features));
    set.Insert(std::move(crosses));
  }
  std::vector<LiftOptions> lifts = options.lift;
  if (!options.label_feature.empty() && options.schema != nullptr) {
    LiftOptions& on_label = lifts.emplace_back();
    on_label.y_path = options.label_feature;
    on_label.output_custom_stats = true;
  }
  for (const LiftOptions& one : lifts) {
    PENSTOCK_ASSIGN_OR_RETURN(auto lift, LiftStatistics::Make(data, one, options));
    set.Insert(std::move(lift));
  }
  for (const MutualInformationOptions& one : options.mutual_information) {
    PENSTOCK_ASSIGN_OR_RETURN(auto mutual, MutualInformation::Make(data, one, options));
    set.Insert(std::move(mutual));
  }
  return set;
}

void MergeGenerated(const v0::DatasetFeatureStatistics& from, v0::DatasetFeatureStatistics& into) {
  std::map<std::string, v0::FeatureNameStatistics*> by_path;
  for (v0::FeatureNameStatistics& feature : *into.mutable_features())
    by_path[feature.path().SerializeAsString()] = &feature;
  for (const v0::FeatureNameStatistics& feature : from.features()) {
    v0::FeatureNameStatistics*& known = by_path[feature.path().SerializeAsString()];
    if (known == nullptr) {
      known = into.add_features();
      *known->mutable_path() = feature.path();
    }
    known->mutable_custom_stats()->MergeFrom(feature.custom_stats());
  }
  into.mutable_cross_features()->MergeFrom(from.cross_features());
}

}  // namespace penstock::statistics
