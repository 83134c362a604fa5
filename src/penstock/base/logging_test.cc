#include "penstock/base/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::logging {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

/// What `log` writes to stderr.
template <class Log>
std::string Written(Level level, bool as_json, const Log& log) {
  Configure(level, as_json);
  ::testing::internal::CaptureStderr();
  log();
  const std::string text = ::testing::internal::GetCapturedStderr();
  Configure(Level::kWarning, false);
  return text;
}

TEST(LoggingTest, WritesTimeLevelEventAndFieldsInOneLine) {
  const std::string line = Written(Level::kInfo, false, [] {
    Info("node finished", {{"node", "Trainer"}, {"seconds", 1.5}});
  });
  EXPECT_THAT(line, MatchesRegex("[0-9T:.-]+Z I node finished node=\"Trainer\" seconds=\"1.5\"\n"));
}

TEST(LoggingTest, DropsWhatIsBelowTheLevel) {
  EXPECT_EQ(Written(Level::kWarning, false, [] { Info("quiet"); }), "");
  EXPECT_EQ(Written(Level::kOff, false, [] { Error("quiet"); }), "");
  EXPECT_THAT(Written(Level::kWarning, false, [] { Warning("loud"); }), HasSubstr("W loud"));
}

TEST(LoggingTest, KeepsOneEventOnOneLine) {
  const std::string line = Written(Level::kInfo, false, [] { Info("a\nb", {{"c", "d\r\ne\"f\\"}}); });
  EXPECT_THAT(line, HasSubstr(R"(a\u000ab c="d\u000d\u000ae\"f\\")"));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(LoggingTest, WritesJsonThatParses) {
  const std::string line = Written(Level::kInfo, true, [] { Info("a\"b", {{"c", "d\n"}, {"n", 3}}); });
  EXPECT_THAT(line,
              MatchesRegex(R"(\{"time":"[0-9T:.-]+Z","level":"info","event":"a\\"b","c":"d\\u000a","n":"3"\})"
                           "\n"));
}

TEST(LoggingTest, LeavesNoInvalidUtf8InJson) {
  const std::string line = Written(Level::kInfo, true, [] { Info("x", {{"f", "a\xff\xc3(€"}}); });
  EXPECT_THAT(line, HasSubstr("\"f\":\"a\xEF\xBF\xBD\xEF\xBF\xBD(€\""));
}

TEST(LoggingTest, ReturnsFromJsonToText) {
  Written(Level::kInfo, true, [] { Info("json"); });
  EXPECT_THAT(Written(Level::kInfo, false, [] { Info("text"); }), Not(HasSubstr("{\"time\"")));
}

TEST(LoggingTest, TakesBracesAndPercentSignsAsTheyAre) {
  EXPECT_THAT(Written(Level::kInfo, false,
                      [] {
                        Info("{} %v", {{"f", "{0} %s"}});
                      }),
              HasSubstr("{} %v f=\"{0} %s\""));
}

}  // namespace
}  // namespace penstock::logging
