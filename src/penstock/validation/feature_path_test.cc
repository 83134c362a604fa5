#include "penstock/validation/feature_path.h"

#include <gtest/gtest.h>

namespace penstock::validation {
namespace {

TEST(FeaturePathTest, JoinsPlainStepsWithDots) {
  EXPECT_EQ(FeaturePath({"trip", "fare"}).Serialize(), "trip.fare");
}

TEST(FeaturePathTest, QuotesStepsThatHoldDotsQuotesOrParentheses) {
  EXPECT_EQ(FeaturePath({"a.b"}).Serialize(), "'a.b'");
  EXPECT_EQ(FeaturePath({"it's"}).Serialize(), "'it''s'");
  EXPECT_EQ(FeaturePath({"f(x)"}).Serialize(), "'f(x)'");
  EXPECT_EQ(FeaturePath({""}).Serialize(), "''");
}

TEST(FeaturePathTest, LeavesOnePairOfParenthesesAroundAllUnquoted) {
  EXPECT_EQ(FeaturePath({"(ext.name)"}).Serialize(), "(ext.name)");
  EXPECT_EQ(FeaturePath({"((x))"}).Serialize(), "'((x))'");
  EXPECT_EQ(FeaturePath({"("}).Serialize(), "'('");
}

TEST(FeaturePathTest, SerializesDifferentPathsDifferently) {
  EXPECT_NE(FeaturePath({"a", "b"}).Serialize(), FeaturePath({"a.b"}).Serialize());
}

TEST(FeaturePathTest, OrdersStepByStep) {
  EXPECT_LT(FeaturePath({"a"}), FeaturePath({"a", "b"}));
  EXPECT_LT(FeaturePath({"a", "z"}), FeaturePath({"b"}));
}

TEST(FeaturePathTest, SurvivesTheTripThroughItsProto) {
  const FeaturePath path({"a.b", "", "c"});
  EXPECT_EQ(FeaturePath(path.ToProto()), path);
  EXPECT_EQ(path.Parent().Child("c"), path);
}

}  // namespace
}  // namespace penstock::validation
