#include "penstock/base/clock.h"

#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "penstock/base/ids.h"

namespace penstock {
namespace {

TEST(TimestampTest, PrintsUtcToTheMillisecond) {
  EXPECT_EQ(Timestamp{0}.ToIsoString(), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(Timestamp{1795444200123456}.ToIsoString(), "2026-11-23T14:30:00.123Z");
}

TEST(TimestampTest, RoundsDownBeforeTheEpochToo) {
  EXPECT_EQ(Timestamp{-1}.ToIsoString(), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(Timestamp{-1'000'000}.ToIsoString(), "1969-12-31T23:59:59.000Z");
}

TEST(TimestampTest, OrdersByTime) { EXPECT_LT(Timestamp{1}, Timestamp{2}); }

TEST(FakeClockTest, StandsStillUntilTold) {
  FakeClock clock(Timestamp{5});
  EXPECT_EQ(clock.Now(), Timestamp{5});
  EXPECT_EQ(clock.Now(), Timestamp{5});
  clock.Advance(7);
  EXPECT_EQ(clock.Now(), Timestamp{12});
}

TEST(SystemClockTest, IsInThisCentury) {
  EXPECT_GT(SystemClock().Now(), Timestamp{1'600'000'000'000'000});
  EXPECT_LT(SystemClock().Now(), Timestamp{4'102'444'800'000'000});
}

TEST(UuidTest, IsOfVersionFourAndNeverTheSame) {
  const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string uuid = NewUuid();
    EXPECT_TRUE(std::regex_match(uuid, form)) << uuid;
    EXPECT_TRUE(seen.insert(uuid).second) << uuid;
  }
}

}  // namespace
}  // namespace penstock
