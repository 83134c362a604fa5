#include "penstock/runtime/cron_expression.h"

#include <absl/time/time.h>
#include <gtest/gtest.h>

namespace penstock::runtime {
namespace {

int64_t Seconds(const std::string& text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime("%Y-%m-%dT%H:%M:%S%Ez", text, &time, &error)) << text << ": " << error;
  return absl::ToUnixSeconds(time);
}

struct Case {
  const char* after;
  const char* cron;
  const char* next;  ///< "": never.
};

void ExpectCases(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    const auto cron = CronExpression::Parse(one.cron);
    ASSERT_TRUE(cron.ok()) << cron.status();
    const auto next = cron->Next(Seconds(one.after));
    if (std::string(one.next).empty()) {
      EXPECT_FALSE(next.has_value()) << one.cron << " after " << one.after;
    } else {
      ASSERT_TRUE(next.has_value()) << one.cron << " after " << one.after;
      EXPECT_EQ(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(*next), absl::UTCTimeZone()),
                absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(Seconds(one.next)),
                                 absl::UTCTimeZone()))
          << one.cron << " after " << one.after;
    }
  }
}

TEST(CronExpressionTest, FindsTheNextTimeOfEachKindOfField) {
  ExpectCases({
      {"2012-07-09T14:45:00Z", "0 0/15 * * *", "2012-07-09T15:00:00Z"},
      {"2012-07-09T14:59:59Z", "0 0/15 * * *", "2012-07-09T15:00:00Z"},
      {"2012-07-09T15:45:00Z", "0 20-35/15 * * *", "2012-07-09T16:20:00Z"},
      {"2012-07-09T23:46:00Z", "0 */15 * * *", "2012-07-10T00:00:00Z"},
      {"2012-07-09T23:35:51Z", "15/35 20-35/15 * * *", "2012-07-10T00:20:15Z"},
      {"2012-07-09T23:35:51Z", "15/35 20-35/15 1/2 * *", "2012-07-10T01:20:15Z"},
      {"2012-07-09T23:35:51Z", "15/35 20-35/15 10-12 * *", "2012-07-10T10:20:15Z"},
      {"2012-07-09T23:35:51Z", "15/35 20-35/15 1/2 */2 * *", "2012-07-11T01:20:15Z"},
      {"2012-07-09T23:35:51Z", "15/35 20-35/15 * 9-20 Jul *", "2012-07-10T00:20:15Z"},
      {"2012-07-09T23:35:00Z", "0 0 0 9 Apr-Oct ?", "2012-08-09T00:00:00Z"},
      {"2012-07-09T23:35:00Z", "0 0 0 */5 Apr,Aug,Oct Mon", "2012-08-06T00:00:00Z"},
      {"2012-07-09T23:35:00Z", "0 0 0 */5 Oct Mon", "2012-10-01T00:00:00Z"},
      {"2012-07-09T23:35:00Z", "0 0 0 * Feb Mon", "2013-02-04T00:00:00Z"},
      {"2012-07-09T23:35:00Z", "0 0 0 * Feb Mon/2", "2013-02-01T00:00:00Z"},
      {"2012-07-09T23:59:45Z", "0 * * * *", "2012-07-10T00:00:00Z"},
      {"2012-12-31T23:59:45Z", "0 * * * *", "2013-01-01T00:00:00Z"},
      {"2012-07-09T14:45:00Z", "@every 1h30m", "2012-07-09T16:15:00Z"},
      {"2012-07-09T14:45:00Z", "@daily", "2012-07-10T00:00:00Z"},
      {"2012-07-09T14:45:00Z", "@weekly", "2012-07-15T00:00:00Z"},
      {"2012-07-09T14:45:00Z", "@yearly", "2013-01-01T00:00:00Z"},
  });
}

TEST(CronExpressionTest, TakesEitherDayWhereBothAreRestricted) {
  ExpectCases({{"2026-11-01T00:00:00Z", "0 0 0 13 * Fri", "2026-11-06T00:00:00Z"},
               {"2026-11-07T00:00:00Z", "0 0 0 13 * Fri", "2026-11-13T00:00:00Z"},
               {"2026-11-13T00:00:00Z", "0 0 0 15 * Fri", "2026-11-15T00:00:00Z"}});
}

TEST(CronExpressionTest, KnowsLeapDaysAndDaysThatNeverCome) {
  ExpectCases({{"2012-07-09T23:35:00Z", "0 0 0 29 Feb ?", "2016-02-29T00:00:00Z"},
               {"2096-03-01T00:00:00Z", "0 0 0 29 2 ?", "2104-02-29T00:00:00Z"},
               {"2012-07-09T23:35:00Z", "0 0 0 30 Feb ?", ""},
               {"2012-07-09T23:35:00Z", "0 0 0 31 Apr ?", ""},
               {"2026-02-28T23:59:59Z", "0 0 0 31 * ?", "2026-03-31T00:00:00Z"}});
}

TEST(CronExpressionTest, LeavesOutTimesThatTheClocksSkip) {
  ExpectCases(
      {{"2012-03-11T00:00:00-05:00", "TZ=America/New_York 0 30 2 11 Mar ?", "2013-03-11T02:30:00-04:00"},
       {"2012-03-11T00:00:00-05:00", "TZ=America/New_York 0 0 * * * ?", "2012-03-11T01:00:00-05:00"},
       {"2012-03-11T01:00:00-05:00", "TZ=America/New_York 0 0 * * * ?", "2012-03-11T03:00:00-04:00"},
       {"2012-03-11T00:00:00-05:00", "TZ=America/New_York 0 0 2 * * ?", "2012-03-12T02:00:00-04:00"},
       {"2012-03-11T01:00:00-05:00", "TZ=America/New_York 0 0 1 * * ?", "2012-03-12T01:00:00-04:00"},
       {"2026-03-28T23:00:00+01:00", "TZ=Europe/Berlin 0 30 2 * * *", "2026-03-30T02:30:00+02:00"},
       // Midnight itself is skipped.
       {"2018-11-03T12:00:00-03:00", "TZ=America/Sao_Paulo 0 0 0 * * *", "2018-11-05T00:00:00-02:00"},
       {"2018-11-03T23:30:00-03:00", "TZ=America/Sao_Paulo 0 0 * * * *", "2018-11-04T01:00:00-02:00"}});
}

TEST(CronExpressionTest, IsDueTwiceWhereTheClocksRepeatAnHour) {
  ExpectCases(
      {{"2012-11-04T00:00:00-04:00", "TZ=America/New_York 0 30 2 04 Nov ?", "2012-11-04T02:30:00-05:00"},
       {"2012-11-04T01:45:00-04:00", "TZ=America/New_York 0 30 1 04 Nov ?", "2012-11-04T01:30:00-05:00"},
       {"2012-11-04T00:00:00-04:00", "TZ=America/New_York 0 0 1 * * ?", "2012-11-04T01:00:00-04:00"},
       {"2012-11-04T01:00:00-04:00", "TZ=America/New_York 0 0 1 * * ?", "2012-11-04T01:00:00-05:00"},
       {"2012-11-04T01:00:00-05:00", "TZ=America/New_York 0 0 1 * * ?", "2012-11-05T01:00:00-05:00"},
       {"2012-11-04T00:00:00-04:00", "TZ=America/New_York 0 0 3 * * ?", "2012-11-04T03:00:00-05:00"},
       {"2026-10-25T00:30:00Z", "CRON_TZ=Europe/Berlin 0 30 2 * * *", "2026-10-25T01:30:00Z"},
       // Half an hour back.
       {"2026-04-04T14:45:00Z", "TZ=Australia/Lord_Howe 0 45 1 * * *", "2026-04-04T15:15:00Z"}});
}

TEST(CronExpressionTest, FindsTheLatestDueTimeHoweverLongAgoItBegan) {
  const auto every_second = CronExpression::Parse("* * * * *");
  ASSERT_TRUE(every_second.ok());
  EXPECT_EQ(every_second->LatestDue(0, 1'800'000'000), 1'800'000'000);
  const auto yearly = CronExpression::Parse("@yearly");
  ASSERT_TRUE(yearly.ok());
  EXPECT_EQ(yearly->LatestDue(0, Seconds("2026-11-23T18:00:00Z")), Seconds("2026-01-01T00:00:00Z"));
  EXPECT_EQ(yearly->LatestDue(Seconds("2026-01-01T00:00:00Z"), Seconds("2026-11-23T18:00:00Z")),
            std::nullopt);
}

TEST(CronExpressionTest, RefusesWhatIsNoExpressionAndSaysWhy) {
  for (const char* text : {"",
                           "* * * *",
                           "* * * * * * *",
                           "60 * * * *",
                           "* * 24 * *",
                           "* * * 0 *",
                           "* * * * 13",
                           "* * * * * 7",
                           "5-1 * * * *",
                           "1-2-3 * * * *",
                           "*/0 * * * *",
                           "*/x * * * *",
                           "x * * * *",
                           "@never",
                           "@every",
                           "@every 0s",
                           "@every -5m",
                           "TZ=Nowhere/Land * * * * *",
                           "TZ=UTC",
                           "TZ=../../etc/passwd * * * * *",
                           "-1 * * * *"}) {
    const auto cron = CronExpression::Parse(text);
    EXPECT_EQ(cron.status().code(), StatusCode::kInvalidArgument) << text;
  }
  EXPECT_EQ(CronExpression::Parse("* 60 * * *").status().message(),
            "cron expression '* 60 * * *': The minute '60' is not within 0 to 59");
}

}  // namespace
}  // namespace penstock::runtime
