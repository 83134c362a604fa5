#include "penstock/statistics/format.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/proto_io.h"
#include "penstock/statistics/terminal_text.h"

namespace penstock::statistics {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using testing::HasSubstr;
using testing::Not;

DatasetFeatureStatisticsList Parse(const std::string& text) {
  DatasetFeatureStatisticsList list;
  const Status status = ParseTextProto(text, "test", list);
  EXPECT_TRUE(status.ok()) << status;
  return list;
}

constexpr const char* kTwoFeatures = R"pb(
  datasets {
    name: "train"
    num_examples: 4
    features {
      path { step: "fare" }
      type: FLOAT
      num_stats {
        common_stats { num_non_missing: 3 num_missing: 1 tot_num_values: 3 }
        mean: 2.125
        std_dev: 0.5
        num_zeros: 1
        min: -1.5
        median: 2
        max: 1408401220
        histograms {
          type: STANDARD
          buckets { sample_count: 0 }
          buckets { sample_count: 1 }
          buckets { sample_count: 8 }
        }
      }
    }
    features {
      path { step: "company" }
      type: STRING
      string_stats {
        common_stats { num_non_missing: 4 tot_num_values: 4 }
        unique: 2
        top_values { value: "Blue\nRibbon" frequency: 3 }
        rank_histogram {
          buckets { sample_count: 4 }
          buckets { sample_count: 2 }
        }
      }
    }
  })pb";

TEST(FormatStatisticsTest, AlignsOneLinePerFeature) {
  EXPECT_EQ(
      FormatStatistics(Parse(kTwoFeatures)),
      "train: 4 examples, 2 features\n"
      "feature  type    count  missing   mean  std dev  zeros   min  median         max  unique  top value"
      "         histogram\n"
      "fare     FLOAT       3    25.0%  2.125      0.5  33.3%  -1.5       2  1408401220       -"
      "                     ▁█\n"
      "company  STRING      4     0.0%      -        -      -     -       -           -       2  "
      "Blue\\nRibbon (3)  █▄\n");
}

TEST(FormatStatisticsTest, NeverLetsAValueControlTheTerminal) {
  DatasetFeatureStatisticsList list = Parse(kTwoFeatures);
  list.mutable_datasets(0)->mutable_features(1)->mutable_path()->set_step(0, "\x1b[2J");
  EXPECT_THAT(FormatStatistics(list), Not(HasSubstr("\x1b")));
}

TEST(FormatStatisticsTest, CutsLongNamesAndValues) {
  DatasetFeatureStatisticsList list = Parse(kTwoFeatures);
  list.mutable_datasets(0)->mutable_features(1)->mutable_path()->set_step(0, std::string(500, 'n'));
  list.mutable_datasets(0)->mutable_features(1)->mutable_string_stats()->mutable_top_values(0)->set_value(
      std::string(500, 'v'));
  EXPECT_LT(DisplayWidth(FormatStatistics(list)), 700);
  EXPECT_THAT(FormatStatistics(list), HasSubstr("nnn…"));
}

TEST(FormatStatisticsTest, NeverRoundsSomeToNoneOrMostToAll) {
  DatasetFeatureStatisticsList list = Parse(kTwoFeatures);
  auto& common =
      *list.mutable_datasets(0)->mutable_features(1)->mutable_string_stats()->mutable_common_stats();
  common.set_num_non_missing(999'999);
  common.set_num_missing(1);
  EXPECT_THAT(FormatStatistics(list), HasSubstr("<0.1%"));
  common.set_num_non_missing(1);
  common.set_num_missing(999'999);
  EXPECT_THAT(FormatStatistics(list), HasSubstr(">99.9%"));
}

TEST(FormatStatisticsTest, ShowsMissingValuesInRedWhereColoursAreWanted) {
  DatasetFeatureStatisticsList list = Parse(kTwoFeatures);
  auto& common =
      *list.mutable_datasets(0)->mutable_features(1)->mutable_string_stats()->mutable_common_stats();
  common.set_num_non_missing(3);
  common.set_num_missing(1);
  EXPECT_THAT(FormatStatistics(list, {.colour = true}), HasSubstr("\x1b[31m25.0%\x1b[0m"));
  EXPECT_THAT(FormatStatistics(list), Not(HasSubstr("\x1b")));
}

TEST(FormatStatisticsTest, SaysWhereThereIsNothing) {
  EXPECT_EQ(FormatStatistics(DatasetFeatureStatisticsList()), "No statistics\n");
}

}  // namespace
}  // namespace penstock::statistics
