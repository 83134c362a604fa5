#include "penstock/evaluation/metric_values.h"

#include <gtest/gtest.h>

namespace penstock::evaluation {
namespace {

MetricKey Key(const std::string& name) {
  MetricKey key;
  key.name = name;
  return key;
}

TEST(MetricValuesTest, ReadsLikeTheMapItWasMadeOf) {
  const std::map<MetricKey, MetricValue> map = {
      {Key("b"), 2.0}, {Key("a"), std::vector<double>{1, 2}}, {Key("c"), std::string("text")}};
  const MetricValues values(map);
  std::vector<std::string> names;
  for (const auto& [key, value] : values) {
    names.push_back(key.name);
    EXPECT_EQ(value.index(), map.at(key).index());
  }
  EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(std::get<double>(values.find(Key("b"))->second), 2.0);
  EXPECT_EQ(values.find(Key("d")), values.end());
  EXPECT_EQ(values.count(Key("c")), 1u);
}

TEST(MetricValuesTest, FindsNothingWhereThereIsNothing) {
  const MetricValues none;
  EXPECT_EQ(none.begin(), none.end());
  EXPECT_EQ(none.find(Key("a")), none.end());
  EXPECT_TRUE(MetricValues(std::map<MetricKey, MetricValue>()).empty());
}

TEST(MetricValuesTest, SharesOnlyKeysThatAreEqual) {
  MetricValues first({{Key("a"), 1.0}, {Key("b"), 2.0}}), same({{Key("a"), 3.0}, {Key("b"), 4.0}}),
      other({{Key("a"), 5.0}});
  same.ShareKeys(first);
  other.ShareKeys(first);
  EXPECT_EQ(&same.begin()->first, &first.begin()->first);
  EXPECT_NE(&other.begin()->first, &first.begin()->first);
  EXPECT_EQ(std::get<double>(same.find(Key("b"))->second), 4.0);
}

TEST(MetricValuesTest, SetsOneSliceWithoutTouchingThoseThatShareItsKeys) {
  MetricValues first({{Key("b"), 1.0}}), second({{Key("b"), 2.0}});
  second.ShareKeys(first);
  second.Set(Key("a"), 7.0);
  second.Set(Key("b"), 8.0);
  EXPECT_EQ(first.size(), 1u);
  EXPECT_EQ(second.size(), 2u);
  EXPECT_EQ(std::get<double>(second.begin()->second), 7.0);
  EXPECT_EQ(std::get<double>(second.find(Key("b"))->second), 8.0);
}

TEST(MetricValuesTest, ANumberIsNotAsLargeAsTheLargestKindOfValue) { EXPECT_LE(sizeof(MetricValue), 40u); }

TEST(MetricValuesTest, LargeKindsAreCopiedWhole) {
  ConfusionMatrices matrices;
  matrices.thresholds = {0.5};
  matrices.tp = {3};
  const MetricValue value = matrices;
  const MetricValue copy = value;
  ASSERT_NE(ValueAs<ConfusionMatrices>(copy), nullptr);
  EXPECT_EQ(ValueAs<ConfusionMatrices>(copy)->tp, matrices.tp);
  EXPECT_NE(ValueAs<ConfusionMatrices>(copy), ValueAs<ConfusionMatrices>(value));
  EXPECT_EQ(ValueAs<Attributions>(copy), nullptr);
  EXPECT_EQ(ValueAs<double>(copy), nullptr);
}

}  // namespace
}  // namespace penstock::evaluation
