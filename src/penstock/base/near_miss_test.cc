#include "penstock/base/near_miss.h"

#include <gtest/gtest.h>

#include "penstock/base/catalog.h"

namespace penstock {
namespace {

const std::vector<std::string> kColumns = {"fare", "tips", "trip_miles", "trip_seconds"};

TEST(NearMissTest, FindsSwappedMissingAndWrongLetters) {
  EXPECT_EQ(NearestName("frae", kColumns), "fare");
  EXPECT_EQ(NearestName("trip_mile", kColumns), "trip_miles");
  EXPECT_EQ(NearestName("trip_secands", kColumns), "trip_seconds");
  EXPECT_EQ(NearestName("FARE", kColumns), "fare");
}

TEST(NearMissTest, SuggestsNothingThatIsFarOff) {
  EXPECT_EQ(NearestName("payment", kColumns), "");
  EXPECT_EQ(NearestName("", kColumns), "");
  EXPECT_EQ(NearestName("fare", {}), "");
}

TEST(NearMissTest, TakesTheNearestAndOfEquallyNearTheFirst) {
  EXPECT_EQ(NearestName("abcd", std::vector<std::string>{"abxx", "abcx", "abce"}), "abcx");
}

TEST(NearMissTest, StaysCheapForHugeWords) {
  EXPECT_EQ(NearestName(std::string(1 << 20, 'a'), std::vector<std::string>{std::string(1 << 20, 'a')}), "");
}

TEST(NearMissTest, EndsAMessage) {
  EXPECT_EQ(DidYouMean("tip", kColumns), "; did you mean 'tips'?");
  EXPECT_EQ(DidYouMean("payment", kColumns), "");
}

TEST(CatalogTest, FindsWhatWasRegistered) {
  Catalog<int> catalog("learner");
  ASSERT_TRUE(catalog.Register("trees", 1).ok());
  ASSERT_TRUE(catalog.Register("linear", 2).ok());
  EXPECT_EQ(**catalog.Find("trees"), 1);
  EXPECT_EQ(catalog.Names(), (std::vector<std::string>{"linear", "trees"}));
}

TEST(CatalogTest, SuggestsTheNameThatWasMeant) {
  Catalog<int> catalog("learner");
  ASSERT_TRUE(catalog.Register("trees", 1).ok());
  EXPECT_EQ(catalog.Find("tress").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(catalog.Find("tress").status().message(),
            "There is no learner named 'tress'; did you mean 'trees'?");
}

TEST(CatalogTest, RefusesANameTwiceAndKeepsTheFirst) {
  Catalog<int> catalog("learner");
  ASSERT_TRUE(catalog.Register("trees", 1).ok());
  EXPECT_EQ(catalog.Register("trees", 2).message(), "The learner is registered twice: trees");
  EXPECT_EQ(**catalog.Find("trees"), 1);
}

}  // namespace
}  // namespace penstock
