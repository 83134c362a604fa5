#include "penstock/statistics/utf8.h"

#include <gtest/gtest.h>

namespace penstock::statistics {
namespace {

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
}  // namespace penstock::statistics
