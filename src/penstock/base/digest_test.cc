#include "penstock/base/digest.h"

#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(DigestTest, IsThatOfXxHashWhateverTheMachine) {
  // From xxhsum -H2 of the empty input and of "penstock"'s reference implementation: stored keys depend on
  // them.
  EXPECT_EQ(DigestOf("").ToHex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(Hash64(""), 0x2d06800538d394c2u);
}

TEST(DigestTest, SurvivesTheTripThroughHex) {
  const Digest digest = DigestOf("some content");
  EXPECT_EQ(*Digest::FromHex(digest.ToHex()), digest);
  EXPECT_EQ(*Digest::FromHex("0123456789ABCDEF0123456789abcdef"),
            *Digest::FromHex("0123456789abcdef0123456789abcdef"));
}

TEST(DigestTest, RefusesWhatIsNoHex) {
  EXPECT_EQ(Digest::FromHex("").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Digest::FromHex(std::string(31, '0')).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Digest::FromHex(std::string(32, 'g')).status().code(), StatusCode::kInvalidArgument);
}

TEST(DigestBuilderTest, KeepsFieldsApart) {
  EXPECT_NE(DigestBuilder().Add("ab").Add("c").Finish(), DigestBuilder().Add("a").Add("bc").Finish());
  EXPECT_NE(DigestBuilder().Add("").Finish(), DigestBuilder().Finish());
  EXPECT_NE(DigestBuilder().Add(int64_t{1}).Finish(), DigestBuilder().Add(1.0).Finish());
}

TEST(DigestBuilderTest, TakesRawBytesInAnyPieces) {
  EXPECT_EQ(DigestBuilder().AddRaw("abc").Finish(),
            DigestBuilder().AddRaw("a").AddRaw("").AddRaw("bc").Finish());
  EXPECT_EQ(DigestBuilder().AddRaw("abc").Finish(), DigestOf("abc"));
}

TEST(DigestBuilderTest, CanGoOnAfterFinish) {
  DigestBuilder builder;
  builder.Add("a");
  const Digest first = builder.Finish();
  EXPECT_EQ(builder.Finish(), first);
  EXPECT_NE(builder.Add("b").Finish(), first);
}

TEST(Hash64Test, DependsOnContentAndSeed) {
  EXPECT_EQ(Hash64("a"), Hash64("a"));
  EXPECT_NE(Hash64("a"), Hash64("b"));
  EXPECT_NE(Hash64("a", 1), Hash64("a", 2));
}

}  // namespace
}  // namespace penstock
