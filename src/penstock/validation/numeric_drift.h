#pragma once

#include <optional>
#include <string>
#include <vector>

#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"

namespace penstock::validation {

/// Values of one sample, rising and distinct, with how often each occurs.
struct WeightedValues {
  std::vector<double> values;
  std::vector<double> counts;  ///< Above 0.
  double total() const;
};

/// How far two samples lie apart. Those of the whole distribution are as scipy computes them of two samples
/// (wasserstein_distance, energy_distance, ks_2samp, cramervonmises_2samp, anderson_ksamp); those of counts
/// by bin as of two histograms.
struct DistributionDrift {
  std::string feature;  ///< Its path, steps joined by dots.
  double num_values = 0, num_baseline_values = 0;
  // Of numeric features.
  std::optional<double> kolmogorov_smirnov;  ///< Greatest distance of the distribution functions.
  std::optional<double> wasserstein;         ///< Area between them, in units of the feature.
  std::optional<double> cramer_von_mises;    ///< The statistic T.
  std::optional<double> anderson_darling;    ///< The normalised k-sample statistic (midranks).
  std::optional<double> energy;
  // Of numeric features over deciles of the baseline, of categorical ones over their values.
  double population_stability = 0;  ///< PSI; a share below 0.0001 counts as that.
  double hellinger = 0;
  double chi_squared = 0;  ///< Pearson's statistic of the table of both.
  double total_variation = 0;
};

/// Both not empty.
double KolmogorovSmirnov(const WeightedValues& a, const WeightedValues& b);
double WassersteinDistance(const WeightedValues& a, const WeightedValues& b);
double EnergyDistance(const WeightedValues& a, const WeightedValues& b);
double CramerVonMises(const WeightedValues& a, const WeightedValues& b);
/// 0 where all values are equal.
double AndersonDarling(const WeightedValues& a, const WeightedValues& b);

/// `counts` and `baseline` of the same bins, neither all 0.
double PopulationStability(const std::vector<double>& counts, const std::vector<double>& baseline);
double HellingerDistance(const std::vector<double>& counts, const std::vector<double>& baseline);
double ChiSquared(const std::vector<double>& counts, const std::vector<double>& baseline);
double TotalVariation(const std::vector<double>& counts, const std::vector<double>& baseline);

/// Of every feature that both describe, in the order of `statistics`. Numeric features need the custom
/// statistic "numeric_sketch" (the statistics option numeric_sketch_size); those without it are left out and
/// named in `without_sketch`. Categorical ones are compared by their rank histograms. Features without
/// values in one of the two are left out.
struct DriftReport {
  std::vector<DistributionDrift> features;
  std::vector<std::string> without_sketch;
};
DriftReport MeasureDrift(const tensorflow::metadata::v0::DatasetFeatureStatistics& statistics,
                         const tensorflow::metadata::v0::DatasetFeatureStatistics& baseline);

/// Measures each dataset of `statistics` against its namesake of `baseline` (the whole of either, whatever it
/// is called) and puts what was measured into the features: custom_stats "drift", an Any of
/// penstock.validation.proto.DistributionDrift, Penstock's extension of the message. An entry that is there
/// is replaced.
inline constexpr const char* kDriftStatisticName = "drift";
void AddDrift(const tensorflow::metadata::v0::DatasetFeatureStatisticsList& baseline,
              tensorflow::metadata::v0::DatasetFeatureStatisticsList& statistics);

/// As an aligned table, the features that moved most (by PSI) first.
std::string FormatDrift(const DriftReport& report);
/// As JSON, in the features' order.
std::string DriftJson(const DriftReport& report);

}  // namespace penstock::validation
