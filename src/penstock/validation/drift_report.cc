#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "penstock/validation/feature_path.h"
#include "penstock/validation/numeric_drift.h"
#include "penstock/validation/text_table_internal.h"

namespace penstock::validation {

namespace {

namespace tfmd = tensorflow::metadata::v0;

constexpr int kNumBins = 10;
constexpr const char* kSketchName = "numeric_sketch";

/// None where the statistics hold no sketch.
std::optional<WeightedValues> SketchOf(const tfmd::FeatureNameStatistics& feature) {
  for (const tfmd::CustomStatistic& custom : feature.custom_stats()) {
    if (custom.name() != kSketchName) continue;
    WeightedValues sketch;
    for (const auto& bucket : custom.histogram().buckets()) {
      if (!std::isfinite(bucket.low_value()) || !(bucket.sample_count() > 0)) continue;
      sketch.values.push_back(bucket.low_value());
      sketch.counts.push_back(bucket.sample_count());
    }
    return sketch;
  }
  return std::nullopt;
}

/// The values at the tenths of the baseline, but the last: bin i ends with cuts[i].
std::vector<double> CutsOf(const WeightedValues& baseline) {
  std::vector<double> cuts;
  const double total = baseline.total();
  double up_to = 0;
  for (size_t i = 0; i < baseline.values.size(); ++i) {
    up_to += baseline.counts[i];
    const bool ends_bin = up_to * kNumBins >= total * static_cast<double>(cuts.size() + 1);
    if (ends_bin && static_cast<int>(cuts.size()) < kNumBins - 1) {
      cuts.push_back(baseline.values[i]);
      while (static_cast<int>(cuts.size()) < kNumBins - 1 &&
             up_to * kNumBins >= total * static_cast<double>(cuts.size() + 1))
        cuts.push_back(baseline.values[i]);
    }
  }
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

std::vector<double> BinCounts(const WeightedValues& values, const std::vector<double>& cuts) {
  std::vector<double> counts(cuts.size() + 1, 0);
  for (size_t i = 0; i < values.values.size(); ++i) {
    const auto bin = std::lower_bound(cuts.begin(), cuts.end(), values.values[i]) - cuts.begin();
    counts[static_cast<size_t>(bin)] += values.counts[i];
  }
  return counts;
}

void CompareBins(const std::vector<double>& counts, const std::vector<double>& baseline,
                 DistributionDrift& drift) {
  drift.population_stability = PopulationStability(counts, baseline);
  drift.hellinger = HellingerDistance(counts, baseline);
  drift.chi_squared = ChiSquared(counts, baseline);
  drift.total_variation = TotalVariation(counts, baseline);
}

void CompareNumbers(const WeightedValues& values, const WeightedValues& baseline, DistributionDrift& drift) {
  drift.num_values = values.total();
  drift.num_baseline_values = baseline.total();
  drift.kolmogorov_smirnov = KolmogorovSmirnov(values, baseline);
  drift.wasserstein = WassersteinDistance(values, baseline);
  drift.cramer_von_mises = CramerVonMises(values, baseline);
  drift.anderson_darling = AndersonDarling(values, baseline);
  drift.energy = EnergyDistance(values, baseline);
  const std::vector<double> cuts = CutsOf(baseline);
  CompareBins(BinCounts(values, cuts), BinCounts(baseline, cuts), drift);
}

/// False where one of the two has no value.
bool CompareCategories(const tfmd::RankHistogram& values, const tfmd::RankHistogram& baseline,
                       DistributionDrift& drift) {
  std::map<std::string, std::pair<double, double>> by_label;
  for (const auto& bucket : values.buckets()) by_label[bucket.label()].first += bucket.sample_count();
  for (const auto& bucket : baseline.buckets()) by_label[bucket.label()].second += bucket.sample_count();
  std::vector<double> counts, baseline_counts;
  for (const auto& [label, both] : by_label) {
    counts.push_back(both.first);
    baseline_counts.push_back(both.second);
    drift.num_values += both.first;
    drift.num_baseline_values += both.second;
  }
  if (!(drift.num_values > 0 && drift.num_baseline_values > 0)) return false;
  CompareBins(counts, baseline_counts, drift);
  return true;
}

std::string Shown(const std::optional<double>& value) { return value ? fmt::format("{:.4g}", *value) : "-"; }

}  // namespace

DriftReport MeasureDrift(const tfmd::DatasetFeatureStatistics& statistics,
                         const tfmd::DatasetFeatureStatistics& baseline) {
  const auto path_of = [](const tfmd::FeatureNameStatistics& feature) {
    return feature.path().step().empty() ? feature.name() : FeaturePath(feature.path()).Serialize();
  };
  std::map<std::string, const tfmd::FeatureNameStatistics*> in_baseline;
  for (const auto& feature : baseline.features()) in_baseline[path_of(feature)] = &feature;
  DriftReport report;
  for (const auto& feature : statistics.features()) {
    const auto other = in_baseline.find(path_of(feature));
    if (other == in_baseline.end()) continue;
    DistributionDrift drift;
    drift.feature = other->first;
    if (feature.has_num_stats() && other->second->has_num_stats()) {
      const auto sketch = SketchOf(feature), baseline_sketch = SketchOf(*other->second);
      const bool has_values = feature.num_stats().common_stats().tot_num_values() > 0 &&
                              other->second->num_stats().common_stats().tot_num_values() > 0;
      if (has_values && (!sketch.has_value() || !baseline_sketch.has_value()))
        report.without_sketch.push_back(drift.feature);
      const bool is_comparable = sketch.has_value() && baseline_sketch.has_value() &&
                                 !sketch->values.empty() && !baseline_sketch->values.empty();
      if (!is_comparable) continue;
      CompareNumbers(*sketch, *baseline_sketch, drift);
    } else if (!feature.has_string_stats() || !other->second->has_string_stats() ||
               !CompareCategories(feature.string_stats().rank_histogram(),
                                  other->second->string_stats().rank_histogram(), drift)) {
      continue;
    }
    report.features.push_back(std::move(drift));
  }
  return report;
}

std::string FormatDrift(const DriftReport& report) {
  std::vector<DistributionDrift> sorted = report.features;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return a.population_stability > b.population_stability;
  });
  TextTable table({"feature", "PSI", "KS", "Wasserstein", "Hellinger", "total variation", "chi-squared",
                   "Cramer-von Mises", "Anderson-Darling", "energy"});
  for (const DistributionDrift& drift : sorted) {
    table.Add({OneLine(drift.feature), Shown(drift.population_stability), Shown(drift.kolmogorov_smirnov),
               Shown(drift.wasserstein), Shown(drift.hellinger), Shown(drift.total_variation),
               Shown(drift.chi_squared), Shown(drift.cramer_von_mises), Shown(drift.anderson_darling),
               Shown(drift.energy)});
  }
  return table.empty() ? "No feature can be compared.\n" : table.Print();
}

std::string DriftJson(const DriftReport& report) {
  nlohmann::json features = nlohmann::json::array();
  for (const DistributionDrift& drift : report.features) {
    nlohmann::json feature = {{"feature", drift.feature},
                              {"num_values", drift.num_values},
                              {"num_baseline_values", drift.num_baseline_values},
                              {"population_stability", drift.population_stability},
                              {"hellinger", drift.hellinger},
                              {"chi_squared", drift.chi_squared},
                              {"total_variation", drift.total_variation}};
    const auto add = [&](const char* name, const std::optional<double>& value) {
      if (value.has_value()) feature[name] = *value;
    };
    add("kolmogorov_smirnov", drift.kolmogorov_smirnov);
    add("wasserstein", drift.wasserstein);
    add("cramer_von_mises", drift.cramer_von_mises);
    add("anderson_darling", drift.anderson_darling);
    add("energy", drift.energy);
    features.push_back(std::move(feature));
  }
  const nlohmann::json all = {{"features", features}, {"without_sketch", report.without_sketch}};
  return all.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace penstock::validation
