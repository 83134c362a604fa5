#include "penstock/validation/sliced_validation.h"

#include "penstock/validation/anomaly_evidence.h"
#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using namespace testing_support;

tfmd::DatasetFeatureStatistics Slice(const std::string& name, int max) {
  auto slice = OneFeature("INT", "max: " + std::to_string(max));
  slice.set_name(name);
  return slice;
}

tfmd::DatasetFeatureStatisticsList Slices() {
  tfmd::DatasetFeatureStatisticsList list;
  *list.add_datasets() = Slice("All Examples", 5);
  *list.add_datasets() = Slice("kind_card", 9);
  *list.add_datasets() = Slice("kind_cash", 5);
  return list;
}

const char* const kSchema =
    "feature { name: 'f' type: INT int_domain { max: 7 } } dataset_constraints { min_examples_count: 5 "
    "max_examples_count: 8 }";

TEST(SlicedValidationTest, HoldsEverySliceAgainstTheSchema) {
  ValidateOptions options;
  options.explain = true;
  const auto sliced = ValidateSlices(Slices(), ParseSchema(kSchema), {}, options);
  ASSERT_TRUE(sliced.ok()) << sliced.status();
  ASSERT_EQ(sliced->slices_size(), 3);
  EXPECT_EQ(sliced->slices(0).name(), "All Examples");
  EXPECT_TRUE(sliced->slices(0).anomalies().has_dataset_anomaly_info());
  EXPECT_EQ(sliced->slices(0).anomalies().anomaly_info_size(), 0);
  EXPECT_THAT(ReasonTypes(sliced->slices(1).anomalies(), "f"), ElementsAre("INT_TYPE_BIG_INT"));
  EXPECT_FALSE(sliced->slices(1).anomalies().has_dataset_anomaly_info());
  EXPECT_EQ(sliced->slices(2).anomalies().anomaly_info_size(), 0);
  EXPECT_TRUE(HasErrors(*sliced));
}

TEST(SlicedValidationTest, ComparesASliceWithItsNamesake) {
  const auto schema = ParseSchema(
      "feature { name: 'f' type: INT drift_comparator { jensen_shannon_divergence { threshold: 0.1 } } }");
  auto now = Slices(), before = Slices();
  const auto set = [](double low, tfmd::DatasetFeatureStatistics& slice) {
    auto& histogram = *slice.mutable_features(0)->mutable_num_stats()->add_histograms();
    auto& bucket = *histogram.add_buckets();
    bucket.set_low_value(low);
    bucket.set_high_value(low + 1);
    bucket.set_sample_count(10);
  };
  for (int i = 0; i < 3; ++i) {
    set(0, *now.mutable_datasets(i));
    set(i == 1 ? 5 : 0, *before.mutable_datasets(i));
  }
  const auto sliced = ValidateSlices(now, schema, {&before, nullptr, nullptr}, {});
  ASSERT_TRUE(sliced.ok()) << sliced.status();
  EXPECT_EQ(sliced->slices(0).anomalies().anomaly_info_size(), 0);
  EXPECT_THAT(ReasonTypes(sliced->slices(1).anomalies(), "f"),
              ElementsAre("COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH"));
  before.mutable_datasets()->DeleteSubrange(1, 1);
  const auto without = ValidateSlices(now, schema, {&before, nullptr, nullptr}, {});
  EXPECT_FALSE(HasErrors(*without));
}

TEST(SlicedValidationTest, SaysAllOfItInOneMessageAndOneText) {
  ValidateOptions options;
  options.explain = true;
  const auto sliced = *ValidateSlices(Slices(), ParseSchema(kSchema), {}, options);
  const auto flat = Flatten(sliced);
  const auto& info = flat.anomaly_info().at("f");
  EXPECT_EQ(info.reason(0).short_description(), "kind_card: Out-of-range values");
  EXPECT_EQ(info.severity(), tfmd::AnomalyInfo::ERROR);
  EXPECT_THAT(ReadEvidence(info), ElementsAre(HasSubstr("is 9")));
  const std::string text = FormatSlicedAnomalies(sliced, false);
  EXPECT_THAT(text, HasSubstr("kind_card (10 examples):"));
  EXPECT_THAT(text, Not(HasSubstr("kind_cash")));
  EXPECT_THAT(text, HasSubstr("No anomalies in 1 other slices."));
}

}  // namespace
}  // namespace penstock::validation
