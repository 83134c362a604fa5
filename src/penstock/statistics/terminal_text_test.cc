#include "penstock/statistics/terminal_text.h"

#include <gtest/gtest.h>

namespace penstock::statistics {
namespace {

TEST(EscapeForTerminalTest, EscapesControlCharactersAndBrokenUtf8) {
  EXPECT_EQ(EscapeForTerminal("a\nb\tc\r"), "a\\nb\\tc\\r");
  EXPECT_EQ(EscapeForTerminal(std::string_view("\x1b[31m\0", 6)), "\\x1b[31m\\x00");
  EXPECT_EQ(EscapeForTerminal("caf\xc3\xa9 \xff\xc3"), "caf\xc3\xa9 \\xff\\xc3");
  EXPECT_EQ(EscapeForTerminal("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate is not UTF-8";
  EXPECT_EQ(EscapeForTerminal("\xc2\x9b"), "\\xc2\\x9b") << "CSI as one code point is a control character";
}

TEST(DisplayWidthTest, CountsWideCharactersTwiceAndCombiningOnesNever) {
  EXPECT_EQ(DisplayWidth(""), 0);
  EXPECT_EQ(DisplayWidth("taxi"), 4);
  EXPECT_EQ(DisplayWidth("日本"), 4);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1);
}

TEST(TruncateToWidthTest, CutsBetweenCharactersAndMarksTheCut) {
  EXPECT_EQ(TruncateToWidth("short", 5), "short");
  EXPECT_EQ(TruncateToWidth("longer", 5), "long…");
  EXPECT_EQ(TruncateToWidth("日本語", 5), "日本…");
  EXPECT_EQ(TruncateToWidth("日本語", 4), "日…");
}

}  // namespace
}  // namespace penstock::statistics
