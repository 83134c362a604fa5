#include "penstock/combine/frequencies.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/combine/batches_testing.h"

namespace penstock::combine {
namespace {

using testing::ElementsAre;

std::vector<std::string> KeysOf(const std::vector<Frequencies::Entry>& entries) {
  std::vector<std::string> keys;
  for (const auto& entry : entries) keys.emplace_back(entry.key);
  return keys;
}

TEST(FrequenciesTest, RanksByCountThenByBytes) {
  Frequencies frequencies;
  for (const char* value : {"b", "a", "c", "c", "\xc3\xa9", ""}) frequencies.Add(value);
  EXPECT_THAT(KeysOf(frequencies.TopK(-1)), ElementsAre("c", "", "a", "b", "\xc3\xa9"));
  EXPECT_THAT(KeysOf(frequencies.TopK(3, TieOrder::kDescending)), ElementsAre("c", "\xc3\xa9", "b"));
  EXPECT_EQ(frequencies.num_distinct(), 5);
  EXPECT_EQ(frequencies.total_count(), 6);
}

TEST(FrequenciesTest, RanksByWeightWhereAsked) {
  Frequencies frequencies;
  frequencies.Add("often", 3, 0.3);
  frequencies.Add("heavy", 1, 5);
  EXPECT_THAT(KeysOf(frequencies.TopK(1)), ElementsAre("often"));
  EXPECT_THAT(KeysOf(frequencies.TopK(1, TieOrder::kAscending, RankBy::kWeight)), ElementsAre("heavy"));
  EXPECT_DOUBLE_EQ(frequencies.total_weight(), 5.3);
}

TEST(FrequenciesTest, CopiesAreDeep) {
  std::optional<Frequencies> original(std::in_place);
  original->Add(std::string(100, 'x'));
  const Frequencies copy = *original;
  original.reset();
  EXPECT_THAT(KeysOf(copy.TopK(-1)), ElementsAre(std::string(100, 'x')));
}

TEST(FrequenciesTest, CountsIntegersNumerically) {
  IntFrequencies frequencies;
  for (int64_t value : {5, -3, 5, 12}) frequencies.Add(value);
  const auto top = frequencies.TopK(-1);
  ASSERT_EQ(top.size(), 3u);
  EXPECT_EQ(top[0].key, 5);
  EXPECT_EQ(top[1].key, -3);
  EXPECT_EQ(frequencies.Find(12)->count, 1);
  EXPECT_FALSE(frequencies.Find(13).has_value());
}

TEST(FrequenciesTest, IsExactUpToItsLimit) {
  Frequencies frequencies({.max_distinct = 1000});
  for (int i = 0; i < 3000; ++i) frequencies.Add(std::to_string(i % 1000));
  EXPECT_TRUE(frequencies.is_exact());
  EXPECT_EQ(frequencies.num_distinct(), 1000);
  EXPECT_EQ(frequencies.max_undercount(), 0);
  frequencies.Add("one more");
  EXPECT_FALSE(frequencies.is_exact());
}

// Zipf-like values, with the truth beside them.
struct Drawn {
  std::vector<std::string> values;
  std::map<std::string, int64_t> counts;
};
Drawn DrawZipf(int64_t count) {
  TestRandom random(3);
  Drawn drawn;
  for (int64_t i = 0; i < count; ++i) {
    drawn.values.push_back("v" + std::to_string(static_cast<int64_t>(std::exp(random.Uniform() * 11))));
    ++drawn.counts[drawn.values.back()];
  }
  return drawn;
}

void ExpectWithinBounds(const Frequencies& sketch, const Drawn& drawn, int64_t num_kept) {
  EXPECT_FALSE(sketch.is_exact());
  EXPECT_LE(sketch.num_kept(), sketch.limits().max_distinct);
  EXPECT_EQ(sketch.total_count(), static_cast<int64_t>(drawn.values.size()));
  EXPECT_LE(sketch.max_undercount(), 2 * sketch.total_count() / num_kept);
  const auto distinct = static_cast<double>(drawn.counts.size());
  EXPECT_NEAR(static_cast<double>(sketch.num_distinct()), distinct,
              3 * DistinctSketch::kRelativeStandardError * distinct);
  for (const auto& [value, count] : drawn.counts) {
    const auto found = sketch.Find(value);
    const int64_t told = found.has_value() ? found->count : 0;
    ASSERT_LE(told, count) << value;
    ASSERT_GE(told, count - sketch.max_undercount()) << value;
  }
}

TEST(FrequenciesTest, KeepsItsBoundsWhereItIsShrunk) {
  const Drawn drawn = DrawZipf(40'000);
  Frequencies sketch;
  for (size_t i = 0; i < drawn.values.size(); ++i) {
    sketch.Add(drawn.values[i]);
    if (i % 10'000 == 5'000) sketch.Shrink();
  }
  const int64_t before = sketch.num_bytes();
  EXPECT_TRUE(sketch.Shrink());
  EXPECT_LT(sketch.num_bytes(), before * 3 / 4);
  EXPECT_GT(sketch.max_undercount(), 0);
  ExpectWithinBounds(sketch, drawn, sketch.num_kept());
}

TEST(FrequenciesTest, IsAsLargeWhereItIsCopiedOrDecoded) {
  const Drawn drawn = DrawZipf(20'000);
  Frequencies sketch;
  for (size_t i = 0; i < drawn.values.size(); ++i) {
    sketch.Add(drawn.values[i]);
    if (i == 9'000) sketch.Shrink();
    if (i % 1'500 != 0) continue;
    StateWriter writer;
    sketch.Encode(writer);
    const Bytes bytes = writer.bytes();
    StateReader reader(bytes, "the frequencies");
    const auto decoded = Frequencies::Decode(reader);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(decoded->num_bytes(), sketch.num_bytes()) << i;
    EXPECT_EQ(Frequencies(sketch).num_bytes(), sketch.num_bytes()) << i;
  }
}

TEST(FrequenciesTest, IsNotShrunkWhereThatWouldNotHelp) {
  Frequencies sketch;
  for (int i = 0; i < 1000; ++i) sketch.Add(std::to_string(i));
  EXPECT_FALSE(sketch.Shrink());
  EXPECT_TRUE(sketch.is_exact());
}

TEST(FrequenciesTest, KeepsItsBoundsAboveTheLimit) {
  const Drawn drawn = DrawZipf(200'000);
  Frequencies sketch({.max_distinct = 2000});
  for (const std::string& value : drawn.values) sketch.Add(value);
  ExpectWithinBounds(sketch, drawn, sketch.limits().max_distinct);
}

TEST(FrequenciesTest, KeepsItsBoundsWhenMerged) {
  const Drawn drawn = DrawZipf(200'000);
  Frequencies total({.max_distinct = 2000});
  for (size_t from = 0; from < drawn.values.size(); from += 9'973) {
    Frequencies part({.max_distinct = 2000});
    for (size_t i = from; i < std::min(drawn.values.size(), from + 9'973); ++i) part.Add(drawn.values[i]);
    ASSERT_EQ(total.Merge(part), OkStatus());
  }
  ExpectWithinBounds(total, drawn, total.limits().max_distinct);
}

TEST(FrequenciesTest, BoundsBytesOfLongValues) {
  Frequencies frequencies({.max_distinct = 1'000'000, .max_key_bytes = 10'000});
  for (int i = 0; i < 500; ++i) frequencies.Add(std::string(1000, 'x') + std::to_string(i));
  frequencies.Add(std::string(50'000, 'y'));
  EXPECT_FALSE(frequencies.is_exact());
  EXPECT_LE(frequencies.num_kept(), 10);
  EXPECT_NEAR(static_cast<double>(frequencies.num_distinct()), 501, 13);
}

TEST(FrequenciesTest, WeightIsNeverOverstated) {
  Frequencies frequencies({.max_distinct = 100});
  std::map<std::string, double> truth;
  TestRandom random(9);
  for (int i = 0; i < 20'000; ++i) {
    const std::string value = std::to_string(static_cast<int64_t>(std::exp(random.Uniform() * 8)));
    const double weight = random.Uniform();
    frequencies.Add(value, 1, weight);
    truth[value] += weight;
  }
  for (const auto& [value, weight] : truth) {
    const auto found = frequencies.Find(value);
    const double told = found.has_value() ? found->weight : 0;
    ASSERT_LE(told, weight + 1e-9);
    ASSERT_GE(told, weight - frequencies.max_weight_undercount() - 1e-9);
  }
}

TEST(DistinctSketchTest, EstimatesWithinThreeStandardErrorsAtEverySize) {
  for (int64_t count : {0, 1, 10, 100, 10'000, 60'000, 1'000'000}) {
    DistinctSketch sketch;
    TestRandom random(static_cast<uint64_t>(count) + 1);
    for (int64_t i = 0; i < count; ++i) sketch.AddHash(random.Next());
    EXPECT_NEAR(sketch.Estimate(), static_cast<double>(count),
                3 * DistinctSketch::kRelativeStandardError * static_cast<double>(count) + 1e-9);
  }
}

}  // namespace
}  // namespace penstock::combine
