#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/kill_moments.h"

namespace penstock::faults {
namespace {

/// Every step that a run takes on disk, and every line it says.
std::vector<Moment> AllMoments() {
  std::vector<Moment> moments;
  for (size_t num_lines = 1; num_lines <= 10; ++num_lines) moments.push_back(AfterLines(num_lines));
  for (const std::string glob :
       {".penstock/lock", ".penstock/metadata.sqlite", ".penstock/staging/1",
        ".penstock/staging/1/examples/Split-train/*", ".penstock/artifacts/ExampleGen/examples/*",
        ".penstock/artifacts/StatisticsGen/statistics/*", ".penstock/artifacts/Transform/transform_graph/*",
        ".penstock/artifacts/Transform/transformed_examples/*", ".penstock/logs/*/Trainer-1.log",
        ".penstock/staging/*/model/model.pb", ".penstock/artifacts/Trainer/model/*",
        ".penstock/artifacts/Trainer/model_run/*", ".penstock/staging/*/blessing.work/*",
        ".penstock/logs/*/Pusher-1.log", "serving/.[!.]*", "serving/[0-9]*",
        ".penstock/artifacts/Pusher/pushed_model/*"})
    moments.push_back(WhenThereIs(glob));
  return moments;
}

class KillSweepTest : public testing::TestWithParam<size_t> {};

TEST_P(KillSweepTest, SameCommandFinishesRunWithoutRepeatingPublishedWork) {
  KillAndRunAgain(AllMoments()[GetParam()]);
}

INSTANTIATE_TEST_SUITE_P(Moments, KillSweepTest, testing::Range(size_t{0}, AllMoments().size()));

}  // namespace
}  // namespace penstock::faults
