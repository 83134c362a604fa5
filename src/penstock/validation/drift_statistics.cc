#include <map>

#include <google/protobuf/any.pb.h>
#include <penstock/validation/distribution_drift.pb.h>

#include "penstock/validation/feature_path.h"
#include "penstock/validation/numeric_drift.h"
#include "penstock/validation/schema_inference.h"

namespace penstock::validation {

namespace {

namespace tfmd = tensorflow::metadata::v0;

proto::DistributionDrift ToProto(const DistributionDrift& drift) {
  proto::DistributionDrift message;
  message.set_num_values(drift.num_values);
  message.set_num_baseline_values(drift.num_baseline_values);
  if (drift.kolmogorov_smirnov) message.set_kolmogorov_smirnov(*drift.kolmogorov_smirnov);
  if (drift.wasserstein) message.set_wasserstein(*drift.wasserstein);
  if (drift.cramer_von_mises) message.set_cramer_von_mises(*drift.cramer_von_mises);
  if (drift.anderson_darling) message.set_anderson_darling(*drift.anderson_darling);
  if (drift.energy) message.set_energy(*drift.energy);
  message.set_population_stability(drift.population_stability);
  message.set_hellinger(drift.hellinger);
  message.set_chi_squared(drift.chi_squared);
  message.set_total_variation(drift.total_variation);
  return message;
}

void Attach(const DriftReport& report, tfmd::DatasetFeatureStatistics& dataset) {
  std::map<std::string, const DistributionDrift*> measured;
  for (const DistributionDrift& drift : report.features) measured[drift.feature] = &drift;
  for (tfmd::FeatureNameStatistics& feature : *dataset.mutable_features()) {
    auto& customs = *feature.mutable_custom_stats();
    for (int i = customs.size() - 1; i >= 0; --i)
      if (customs[i].name() == kDriftStatisticName) customs.DeleteSubrange(i, 1);
    const auto found =
        measured.find(feature.has_path() ? FeaturePath(feature.path()).Serialize() : feature.name());
    if (found == measured.end()) continue;
    tfmd::CustomStatistic& custom = *customs.Add();
    custom.set_name(kDriftStatisticName);
    custom.mutable_any()->PackFrom(ToProto(*found->second));
  }
}

}  // namespace

void AddDrift(const tfmd::DatasetFeatureStatisticsList& baseline,
              tfmd::DatasetFeatureStatisticsList& statistics) {
  const auto whole = WholeDataset(baseline), current_whole = WholeDataset(statistics);
  for (tfmd::DatasetFeatureStatistics& dataset : *statistics.mutable_datasets()) {
    const tfmd::DatasetFeatureStatistics* other = nullptr;
    for (const auto& each : baseline.datasets())
      if (each.name() == dataset.name()) other = &each;
    if (current_whole.ok() && *current_whole == &dataset && whole.ok()) other = *whole;
    if (other != nullptr) Attach(MeasureDrift(dataset, *other), dataset);
  }
}

}  // namespace penstock::validation
