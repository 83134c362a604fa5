#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "penstock/base/proto_io.h"
#include "penstock/statistics/statistics.h"
#include "statistics_comparison.h"

namespace penstock::parity {
namespace {

using tensorflow::metadata::v0::DatasetFeatureStatisticsList;
using testing::IsEmpty;

constexpr double kEpsilon = 0.01;

Result<std::unique_ptr<data::Dataset>> Open(const std::string& pattern) {
  const std::vector<std::string> patterns = {pattern};
  return data::OpenDataset(patterns, {}, {});
}

/// The statistics that TFX 1.21's wheel carries, against ours of the examples beside them.
class TfxStatisticsTest : public testing::TestWithParam<std::string> {};

TEST_P(TfxStatisticsTest, AreOurs) {
  const std::string testdata =
      std::string(PENSTOCK_SOURCE_DIR) + "/.deps/wheels/tfx/tfx/components/testdata/";
  if (!std::filesystem::exists(testdata)) GTEST_SKIP() << "Run `make setup` first: there is no " << testdata;
  const auto dataset = Open(testdata + "csv_example_gen/Split-" + GetParam() + "/*.gz");
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  DatasetFeatureStatisticsList expected;
  const Status read =
      ReadProto(testdata + "statistics_gen/Split-" + GetParam() + "/FeatureStats.pb", expected);
  ASSERT_TRUE(read.ok()) << read;
  const auto actual = statistics::ComputeStatistics(**dataset, {}, {});
  ASSERT_TRUE(actual.ok()) << actual.status();
  const auto truth = ReadSortedColumns(**dataset);
  ASSERT_TRUE(truth.ok()) << truth.status();
  EXPECT_THAT(CompareStatistics(expected.datasets(0), actual->datasets(0), *truth, kEpsilon, false),
              IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Splits, TfxStatisticsTest, testing::Values("train", "eval"),
                         [](const auto& info) { return info.param; });

/// Sets what of TFDV's StatsOptions we have; false where a case needs more.
bool SetOptions(const nlohmann::json& json, statistics::StatisticsOptions& options) {
  for (const auto& [name, value] : json.items()) {
    if (name == "num_top_values") {
      options.num_top_values = value;
    } else if (name == "frequency_threshold") {
      options.frequency_threshold = value;
    } else if (name == "num_rank_histogram_buckets") {
      options.num_rank_histogram_buckets = value;
    } else if (name == "num_values_histogram_buckets") {
      options.num_values_histogram_buckets = value;
    } else if (name == "num_histogram_buckets") {
      options.num_histogram_buckets = value;
    } else if (name == "num_quantiles_histogram_buckets") {
      options.num_quantiles_histogram_buckets = value;
    } else if (name == "epsilon") {
      options.epsilon = value;
    } else if (name == "feature_allowlist") {
      options.feature_allowlist = value;
    } else {
      return false;
    }
  }
  return true;
}

std::filesystem::path ConformanceDirectory() {
  const char* configured = std::getenv("PENSTOCK_TEST_DATA");
  const std::filesystem::path shared = configured != nullptr
                                           ? std::filesystem::path(configured)
                                           : std::filesystem::path(PENSTOCK_SOURCE_DIR) / "../shared";
  return shared / "conformance/tfdv";
}

/// Empty where TFDV's answer and ours agree; "skipped" where the case needs options we do not have.
std::vector<std::string> RunCase(const std::filesystem::path& directory) {
  const auto description = nlohmann::json::parse(std::ifstream(directory / "options.json"), nullptr, false);
  if (description.is_discarded()) return {"options.json does not parse"};
  statistics::StatisticsOptions options;
  if (!SetOptions(description["stats_options"], options)) return {"skipped"};
  const std::string format = description["format"];
  const auto dataset = Open((directory / ("input." + format)).string());
  if (!dataset.ok()) return {dataset.status().ToString()};
  const auto actual = statistics::ComputeStatistics(**dataset, options, {});
  if (!actual.ok()) return {actual.status().ToString()};
  DatasetFeatureStatisticsList expected;
  const Status read = ReadProto((directory / "expected_stats.pb").string(), expected);
  if (!read.ok()) return {read.ToString()};
  const auto truth = ReadSortedColumns(**dataset);
  if (!truth.ok()) return {truth.status().ToString()};
  return CompareStatistics(expected.datasets(0), actual->datasets(0), *truth, options.epsilon, true);
}

TEST(TfdvConformanceTest, PlainCasesAgree) {
  if (!std::filesystem::exists(ConformanceDirectory())) {
    GTEST_SKIP() << "No conformance cases: set PENSTOCK_TEST_DATA (looked in " << ConformanceDirectory()
                 << ")";
  }
  std::set<std::filesystem::path> cases;
  for (const auto& entry : std::filesystem::directory_iterator(ConformanceDirectory())) {
    if (std::filesystem::exists(entry.path() / "options.json")) cases.insert(entry.path());
  }
  int num_compared = 0;
  for (const std::filesystem::path& directory : cases) {
    const std::vector<std::string> differences = RunCase(directory);
    if (differences == std::vector<std::string>{"skipped"}) continue;
    ++num_compared;
    EXPECT_THAT(differences, IsEmpty()) << directory.filename();
  }
  EXPECT_GT(num_compared, 0);
}

}  // namespace
}  // namespace penstock::parity
