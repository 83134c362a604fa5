#include "penstock/learning/worker_team.h"

#include <gtest/gtest.h>

namespace penstock::learning {
namespace {

TEST(WorkerTeamTest, DoesEveryItemOnceInEveryRound) {
  for (int num_threads : {1, 2, 5}) {
    WorkerTeam team(num_threads);
    for (int64_t num_items : {0, 1, 2, 100}) {
      for (int round = 0; round < 200; ++round) {
        std::vector<std::atomic<int>> counts(num_items);
        team.Run(num_items, [&](int64_t item) { ++counts[item]; });
        for (const auto& count : counts) ASSERT_EQ(count, 1);
      }
    }
  }
}

}  // namespace
}  // namespace penstock::learning
