#include "penstock/validation/numeric_drift.h"

#include <cmath>
#include <map>

#include <google/protobuf/any.pb.h>
#include <penstock/validation/distribution_drift.pb.h>

#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace testing_support;

WeightedValues Sample(const std::vector<double>& values) {
  std::map<double, double> counts;
  for (const double value : values) ++counts[value];
  WeightedValues sample;
  for (const auto& [value, count] : counts) {
    sample.values.push_back(value);
    sample.counts.push_back(count);
  }
  return sample;
}

struct Case {
  std::vector<double> a, b;
  double kolmogorov_smirnov, wasserstein, energy, cramer_von_mises, anderson_darling;
};

/// The figures are scipy 1.13.1's: tests/parity/drift_reference.py prints them.
std::vector<Case> Cases() {
  std::vector<double> long_a, long_b;
  for (int i = 0; i < 500; ++i) long_a.push_back(i * 7919 % 1009 / 10.0);
  for (int i = 0; i < 400; ++i) long_b.push_back(static_cast<double>(int64_t{i} * 104729 % 1013) / 9 + 3);
  return {
      {{1, 2, 3, 4, 5}, {6, 7, 8, 9}, 1.0, 4.5, 2.4799193535274493, 0.7592592592592593, 4.1746697222380575},
      {{1, 1, 2, 2, 2, 3, 5, 8},
       {1, 2, 3, 3, 3, 4, 9, 9, 10},
       0.4027777777777778,
       1.888888888888889,
       0.9797328938082445,
       0.26021241830065334,
       0.7646525419322896},
      {long_a, long_b, 0.1335, 8.818144444444444, 1.257990447764476, 1.5601206481481427, 14.646338983129583}};
}

TEST(NumericDriftTest, DistancesOfSamplesAreScipys) {
  for (const Case& one : Cases()) {
    const WeightedValues a = Sample(one.a), b = Sample(one.b);
    EXPECT_NEAR(KolmogorovSmirnov(a, b), one.kolmogorov_smirnov, 1e-12);
    EXPECT_NEAR(WassersteinDistance(a, b), one.wasserstein, 1e-12);
    EXPECT_NEAR(EnergyDistance(a, b), one.energy, 1e-12);
    EXPECT_NEAR(CramerVonMises(a, b), one.cramer_von_mises, 1e-10);
    EXPECT_NEAR(AndersonDarling(a, b), one.anderson_darling, 1e-10);
  }
}

TEST(NumericDriftTest, DistancesOfBinsAreScipys) {
  const std::vector<double> counts = {10, 20, 30, 0, 5}, baseline = {12, 18, 25, 4, 9};
  EXPECT_NEAR(PopulationStability(counts, baseline), 0.4354949056358971, 1e-12);
  EXPECT_NEAR(HellingerDistance(counts, baseline), 0.19238346136742748, 1e-12);
  EXPECT_NEAR(ChiSquared(counts, baseline), 5.819775812422871, 1e-12);
  EXPECT_NEAR(TotalVariation(counts, baseline), 0.13687782805429866, 1e-12);
}

TEST(NumericDriftTest, NothingLiesBetweenASampleAndItself) {
  const WeightedValues sample = Sample(Cases()[1].a);
  EXPECT_EQ(KolmogorovSmirnov(sample, sample), 0);
  EXPECT_EQ(WassersteinDistance(sample, sample), 0);
  EXPECT_EQ(EnergyDistance(sample, sample), 0);
  EXPECT_EQ(AndersonDarling(Sample({3, 3}), Sample({3, 3, 3})), 0);
}

tfmd::FeatureNameStatistics Sketched(const std::string& name, const std::string& buckets) {
  return Parse<tfmd::FeatureNameStatistics>(
      "path { step: '" + name +
      "' } num_stats { common_stats { tot_num_values: 4 } } custom_stats { name: "
      "'numeric_sketch' histogram { " +
      buckets + " } }");
}

TEST(MeasureDriftTest, ComparesSketchesAndRankHistograms) {
  tfmd::DatasetFeatureStatistics statistics, baseline;
  *statistics.add_features() = Sketched("x", "buckets { low_value: 1 high_value: 1 sample_count: 4 }");
  *baseline.add_features() = Sketched("x", "buckets { low_value: 3 high_value: 3 sample_count: 4 }");
  const std::string word =
      "path { step: 'word' } type: STRING string_stats { rank_histogram { buckets { label: ";
  *statistics.add_features() = Parse<tfmd::FeatureNameStatistics>(word + "'a' sample_count: 4 } } }");
  *baseline.add_features() = Parse<tfmd::FeatureNameStatistics>(word + "'b' sample_count: 2 } } }");
  for (auto* dataset : {&statistics, &baseline})
    *dataset->add_features() = Parse<tfmd::FeatureNameStatistics>(
        "path { step: 'plain' } num_stats { common_stats { tot_num_values: 1 } }");
  const DriftReport report = MeasureDrift(statistics, baseline);
  ASSERT_EQ(report.features.size(), 2u);
  EXPECT_EQ(report.features[0].kolmogorov_smirnov, 1);
  EXPECT_EQ(report.features[0].wasserstein, 2);
  EXPECT_EQ(report.features[1].total_variation, 1);
  EXPECT_FALSE(report.features[1].wasserstein.has_value());
  EXPECT_THAT(report.without_sketch, ElementsAre("plain"));
  EXPECT_THAT(FormatDrift(report), HasSubstr("Wasserstein"));
  EXPECT_THAT(DriftJson(report), HasSubstr("\"wasserstein\": 2.0"));
}

TEST(AddDriftTest, PutsAnExtensionIntoTheFeaturesOfEachDataset) {
  tfmd::DatasetFeatureStatisticsList statistics, baseline;
  for (const char* name : {"All Examples", "kind_cash"}) {
    auto& now = *statistics.add_datasets();
    now.set_name(name);
    *now.add_features() = Sketched("x", "buckets { low_value: 1 high_value: 1 sample_count: 4 }");
  }
  auto& before = *baseline.add_datasets();
  *before.add_features() = Sketched("x", "buckets { low_value: 3 high_value: 3 sample_count: 4 }");
  AddDrift(baseline, statistics);
  AddDrift(baseline, statistics);
  const auto& customs = statistics.datasets(0).features(0).custom_stats();
  ASSERT_EQ(customs.size(), 2);
  EXPECT_EQ(customs[1].name(), kDriftStatisticName);
  proto::DistributionDrift drift;
  ASSERT_TRUE(customs[1].any().UnpackTo(&drift));
  EXPECT_EQ(drift.wasserstein(), 2);
  EXPECT_EQ(drift.kolmogorov_smirnov(), 1);
  EXPECT_EQ(statistics.datasets(1).features(0).custom_stats_size(), 1) << "has no namesake";
}

}  // namespace
}  // namespace penstock::validation
