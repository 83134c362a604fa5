#include "penstock/base/utf8.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(Utf8Test, MeasuresCharactersOfEveryLength) {
  EXPECT_EQ(Utf8CharacterLength("a€"), 1u);
  EXPECT_EQ(Utf8CharacterLength(std::string_view("\0", 1)), 1u);
  EXPECT_EQ(Utf8CharacterLength("é!"), 2u);
  EXPECT_EQ(Utf8CharacterLength("€"), 3u);
  EXPECT_EQ(Utf8CharacterLength("😀"), 4u);
  EXPECT_EQ(Utf8CharacterLength("\xF4\x8F\xBF\xBF"), 4u);
}

TEST(Utf8Test, FindsNoCharacterInBrokenOnes) {
  EXPECT_EQ(Utf8CharacterLength(""), 0u);
  for (const char* text :
       {"\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC3", "\xC3(", "\xE2\x82", "\xE2\x82(", "\xE0\x9F\xBF",
        "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"})
    EXPECT_EQ(Utf8CharacterLength(text), 0u) << testing::PrintToString(text);
}

TEST(IsUtf8Test, TakesWhatRfc3629Allows) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("plain text of some length"));
  EXPECT_TRUE(IsUtf8("caf\xc3\xa9"));
  EXPECT_TRUE(IsUtf8("\xf4\x8f\xbf\xbf")) << "U+10FFFF";
}

TEST(IsUtf8Test, RefusesOverlongSurrogateTruncatedAndTooLarge) {
  EXPECT_FALSE(IsUtf8("\xc0\x80"));
  EXPECT_FALSE(IsUtf8("\xe0\x80\x80"));
  EXPECT_FALSE(IsUtf8("\xed\xa0\x80"));
  EXPECT_FALSE(IsUtf8("text cut in a character \xe2\x82"));
  EXPECT_FALSE(IsUtf8("\xf4\x90\x80\x80"));
  EXPECT_FALSE(IsUtf8("\x80"));
}

}  // namespace
}  // namespace penstock
