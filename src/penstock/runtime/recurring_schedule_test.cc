#include "penstock/runtime/recurring_schedule.h"

#include <gtest/gtest.h>

#include "penstock/base/clock.h"

namespace penstock::runtime {
namespace {

constexpr int64_t kNoon = 1'800'000'000 / 86400 * 86400 + 43200;
constexpr int64_t kHour = 3600;

RecurringSchedule Hourly() {
  auto schedule = MakeSchedule("0 0 * * * *", 0, "");
  EXPECT_TRUE(schedule.ok());
  return *schedule;
}

RecurringSchedule Every(int64_t seconds) {
  auto schedule = MakeSchedule("", seconds, "");
  EXPECT_TRUE(schedule.ok());
  return *schedule;
}

/// The times at which runs are started when the decision is asked for each minute.
std::vector<int64_t> StartsOver(const RecurringSchedule& schedule, RecurrenceState state, int64_t from,
                                int64_t until) {
  FakeClock clock(Timestamp{from * 1'000'000});
  std::vector<int64_t> starts;
  while (clock.Now().micros <= until * 1'000'000) {
    while (const auto due = DecideStart(schedule, state, clock.Now().micros / 1'000'000)) {
      starts.push_back(*due);
      state.last_scheduled_seconds = *due;
    }
    clock.Advance(60'000'000);
  }
  return starts;
}

TEST(RecurringScheduleTest, StartsAtEachFullHourAfterItsCreation) {
  EXPECT_EQ(StartsOver(Hourly(), {.created_seconds = kNoon}, kNoon, kNoon + 3 * kHour),
            (std::vector<int64_t>{kNoon + kHour, kNoon + 2 * kHour, kNoon + 3 * kHour}));
}

TEST(RecurringScheduleTest, CatchesUpWithEveryMissedTime) {
  const RecurrenceState state{.created_seconds = kNoon, .last_scheduled_seconds = kNoon};
  EXPECT_EQ(StartsOver(Hourly(), state, kNoon + 4 * kHour, kNoon + 4 * kHour).size(), 4u);
}

TEST(RecurringScheduleTest, StartsOnceForAllMissedTimesWithoutCatchup) {
  RecurringSchedule schedule = Hourly();
  schedule.has_catchup = false;
  const RecurrenceState state{.created_seconds = kNoon, .last_scheduled_seconds = kNoon};
  EXPECT_EQ(StartsOver(schedule, state, kNoon + 4 * kHour + 60, kNoon + 4 * kHour + 60),
            std::vector<int64_t>{kNoon + 4 * kHour});
}

TEST(RecurringScheduleTest, KeepsToItsStartAndItsEnd) {
  RecurringSchedule schedule = Hourly();
  schedule.start_seconds = kNoon + kHour + 1;
  schedule.end_seconds = kNoon + 3 * kHour;
  EXPECT_EQ(StartsOver(schedule, {.created_seconds = kNoon}, kNoon, kNoon + 10 * kHour),
            (std::vector<int64_t>{kNoon + 2 * kHour, kNoon + 3 * kHour}));
  RecurrenceState done{.created_seconds = kNoon, .last_scheduled_seconds = kNoon + 3 * kHour};
  EXPECT_EQ(NextDue(schedule, done, kNoon), std::nullopt);
}

TEST(RecurringScheduleTest, StartsPeriodicallyFromTheCreationOrTheStart) {
  EXPECT_EQ(StartsOver(Every(1800), {.created_seconds = kNoon}, kNoon, kNoon + kHour),
            (std::vector<int64_t>{kNoon + 1800, kNoon + 3600}));
  RecurringSchedule later = Every(1800);
  later.start_seconds = kNoon + 600;
  EXPECT_EQ(StartsOver(later, {.created_seconds = kNoon}, kNoon, kNoon + kHour),
            std::vector<int64_t>{kNoon + 600 + 1800});
}

TEST(RecurringScheduleTest, RunsOncePeriodicallyForWhatWasMissedWithoutCatchup) {
  RecurringSchedule schedule = Every(60);
  schedule.has_catchup = false;
  const RecurrenceState state{.created_seconds = kNoon};
  EXPECT_EQ(DecideStart(schedule, state, kNoon + 1000), kNoon + 1000);
  schedule.end_seconds = kNoon + 500;
  EXPECT_EQ(DecideStart(schedule, state, kNoon + 1000), kNoon + 500);
}

TEST(RecurringScheduleTest, WaitsWhileAsManyAsMayBeAreAtWork) {
  RecurringSchedule schedule = Every(60);
  schedule.max_concurrency = 2;
  RecurrenceState state{.created_seconds = kNoon, .num_active_runs = 2};
  EXPECT_EQ(DecideStart(schedule, state, kNoon + 60), std::nullopt);
  state.num_active_runs = 1;
  EXPECT_EQ(DecideStart(schedule, state, kNoon + 60), kNoon + 60);
}

TEST(RecurringScheduleTest, RefusesAnIntervalBelowASecond) {
  EXPECT_EQ(MakeSchedule("", 0, "").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(MakeSchedule("* * *", 0, "").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(MakeSchedule("0 0 2 * * *", 0, "Mars/Olympus").status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penstock::runtime
