#include "penstock/pages/page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "penstock/pages/bounded_json.h"

namespace penstock::pages {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(EscapeForScriptTest, LetsNoTextEndTheScript) {
  const std::string hostile = "</script><!-- <script>alert(1)</script> & \xE2\x80\xA8";
  const std::string escaped = EscapeForScript({{"value", hostile}});
  EXPECT_THAT(escaped, Not(testing::ContainsRegex("[<>&]")));
  EXPECT_THAT(escaped, HasSubstr("\\u2028"));
  EXPECT_EQ(nlohmann::json::parse(escaped)["value"], hostile);
}

TEST(EscapeForScriptTest, IsAsciiAndReplacesBytesThatAreNotUtf8) {
  const std::string escaped = EscapeForScript({{"value", "\xC3\xA4\xFF"}});
  for (const char c : escaped) EXPECT_LT(static_cast<unsigned char>(c), 128);
  EXPECT_EQ(nlohmann::json::parse(escaped)["value"], "\xC3\xA4\xEF\xBF\xBD");
}

TEST(RenderPageTest, HoldsTitleAndDataOnceAndLoadsNothing) {
  if (!HasPage()) GTEST_SKIP() << "built without pages: run `make setup` where npm can be reached";
  const auto page = RenderPage("Statistics: <b>.pb", {{"files", {"a"}}});
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_THAT(*page, HasSubstr("<title>Statistics: &lt;b&gt;.pb</title>"));
  EXPECT_THAT(*page, HasSubstr(R"({"files":["a"]})"));
  EXPECT_THAT(*page, Not(HasSubstr("__PENSTOCK_")));
  EXPECT_THAT(*page, HasSubstr("default-src 'none'"));
  EXPECT_THAT(*page, Not(testing::ContainsRegex("<(script|link|img)[^>]* (src|href)=")));
}

TEST(RenderPageTest, SaysWhatToDoWhereItWasBuiltWithoutPages) {
  if (HasPage()) GTEST_SKIP() << "built with pages";
  EXPECT_THAT(RenderPage("x", {}).status().message(), HasSubstr("make setup"));
}

TEST(CutTextTest, CutsBetweenCharacters) {
  EXPECT_EQ(CutText("abc", 3), "abc");
  EXPECT_EQ(CutText("abcd", 3), "abc…");
  EXPECT_EQ(CutText("a\xE2\x82\xAC\xE2\x82\xAC", 5), "a\xE2\x82\xAC…");
  EXPECT_EQ(CutText("\xFF\xFF\xFF", 2), "\xFF\xFF…");
}

TEST(NumberJsonTest, WritesNumbersThatJsonCannotHoldAsTexts) {
  EXPECT_EQ(NumberJson(1.5).dump(), "1.5");
  EXPECT_EQ(NumberJson(3).dump(), "3");
  EXPECT_EQ(NumberJson(std::nan("")).dump(), "\"NaN\"");
  EXPECT_EQ(NumberJson(-HUGE_VAL).dump(), "\"-Infinity\"");
}

}  // namespace
}  // namespace penstock::pages
