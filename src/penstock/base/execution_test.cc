#include "penstock/base/execution.h"

#include <algorithm>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace penstock {
namespace {

ExecutionOptions Threads(int num_threads) {
  ExecutionOptions options;
  options.num_threads = num_threads;
  return options;
}

TEST(ParallelForTest, DoesEveryItemOnce) {
  for (int num_threads : {1, 2, 8}) {
    std::vector<std::atomic<int>> done(100);
    EXPECT_TRUE(ParallelFor(100, Threads(num_threads), [&](int64_t item) {
                  ++done[item];
                  return OkStatus();
                }).ok());
    EXPECT_TRUE(std::all_of(done.begin(), done.end(), [](const auto& count) { return count == 1; }));
  }
}

TEST(ParallelForTest, DoesNothingOfNoItems) {
  const auto fail = [](int64_t) { return Internal("called"); };
  EXPECT_TRUE(ParallelFor(0, Threads(4), fail).ok());
  EXPECT_TRUE(ParallelFor(-1, Threads(4), fail).ok());
}

TEST(ParallelForTest, ReturnsTheErrorOfTheLowestItemThatFailsHoweverLongItTakes) {
  for (int num_threads : {1, 2, 8}) {
    std::atomic<bool> later_failed{false};
    const Status status = ParallelFor(50, Threads(num_threads), [&](int64_t item) -> Status {
      if (item < 3) return OkStatus();
      if (item == 3) {
        // Where another thread works too, let it fail first.
        for (int i = 0; num_threads > 1 && i < 1000000 && !later_failed; ++i) std::this_thread::yield();
        return InvalidArgument("item 3");
      }
      later_failed = true;
      return InvalidArgument("item {}", item);
    });
    EXPECT_EQ(status.message(), "item 3");
  }
}

TEST(ParallelForTest, StartsNothingAfterAFailure) {
  std::atomic<int> num_started{0};
  const Status status = ParallelFor(1000, Threads(1), [&](int64_t item) {
    ++num_started;
    return item == 4 ? Internal("four") : OkStatus();
  });
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(num_started, 5);
}

TEST(ParallelForTest, StopsWhenCancelled) {
  CancellationToken token;
  ExecutionOptions options = Threads(2);
  options.cancellation = &token;
  std::atomic<int> num_started{0};
  const Status status = ParallelFor(1000000, options, [&](int64_t) {
    if (++num_started == 10) token.Cancel();
    return OkStatus();
  });
  EXPECT_EQ(status.code(), StatusCode::kCancelled);
  EXPECT_LT(num_started, 1000);
}

TEST(ParallelForTest, UsesNoMoreThreadsThanAsked) {
  std::mutex mutex;
  std::set<std::thread::id> seen;
  EXPECT_TRUE(ParallelFor(64, Threads(3), [&](int64_t) {
                std::lock_guard lock(mutex);
                seen.insert(std::this_thread::get_id());
                return OkStatus();
              }).ok());
  EXPECT_LE(seen.size(), 3u);
}

TEST(ParallelForTest, WorksWithMoreThreadsThanTheMachineGives) {
  std::atomic<int64_t> sum{0};
  EXPECT_TRUE(ParallelFor(100000, Threads(1 << 30), [&](int64_t item) {
                sum += item;
                return OkStatus();
              }).ok());
  EXPECT_EQ(sum, int64_t{100000} * 99999 / 2);
}

TEST(ExecutionOptionsTest, ResolvesZeroToAtLeastOneThread) {
  EXPECT_GE(ExecutionOptions().ResolvedThreads(), 1);
  EXPECT_EQ(Threads(5).ResolvedThreads(), 5);
}

TEST(CancellationTokenTest, StaysCancelled) {
  CancellationToken token;
  EXPECT_TRUE(token.Check().ok());
  token.Cancel();
  token.Cancel();
  EXPECT_EQ(token.Check().code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace penstock
