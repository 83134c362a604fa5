#include "penstock/combine/combiner_laws_testing.h"

#include <algorithm>
#include <any>
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "penstock/combine/batches_testing.h"
#include "penstock/combine/column_combiners.h"
#include "penstock/combine/combiner_set.h"
#include "penstock/combine/keyed_fold.h"

namespace penstock::combine {
namespace {

// Seven batches of uneven sizes (one empty) with every kind of column, nulls, NaNs and infinities.
std::vector<Batch> Examples() {
  TestRandom random(11);
  std::vector<Batch> batches;
  for (int64_t size : {700, 1, 0, 1300, 512, 90, 2000}) {
    std::vector<std::optional<double>> x, weight;
    std::vector<std::optional<int64_t>> hour, at;
    std::vector<std::optional<std::string>> word;
    std::vector<std::vector<std::string>> tags;
    for (int64_t row = 0; row < size; ++row) {
      const int64_t kind = random.Below(50);
      x.push_back(random.Uniform() * 200 - 50);
      if (kind == 0) x.back() = std::nullopt;
      if (kind == 1) x.back() = std::numeric_limits<double>::quiet_NaN();
      if (kind == 2) x.back() = 0;
      weight.push_back(random.Uniform() * 3);
      hour.push_back(random.Below(24));
      at.push_back(random.Below(20'000) - 3'000);
      word.push_back("w" + std::to_string(static_cast<int64_t>(std::exp(random.Uniform() * 7))));
      if (kind == 3) word.back() = std::nullopt;
      tags.emplace_back();
      for (int64_t i = random.Below(3); i > 0; --i)
        tags.back().push_back("t" + std::to_string(random.Below(9)));
    }
    batches.push_back(BatchMaker()
                          .Doubles("x", x)
                          .Doubles("weight", weight)
                          .Ints("hour", hour)
                          .Ints("at", at)
                          .Texts("word", word)
                          .TextLists("tags", tags)
                          .Make());
  }
  return batches;
}

bool Near(double a, double b, double relative = 1e-11) {
  return a == b || (std::isnan(a) && std::isnan(b)) ||
         std::fabs(a - b) <= relative * std::max(std::fabs(a), std::fabs(b));
}

bool SameMoments(const Moments& a, const Moments& b) {
  return a.count() == b.count() && a.num_nan() == b.num_nan() && a.num_zeros() == b.num_zeros() &&
         a.min() == b.min() && a.max() == b.max() && Near(a.sum(), b.sum()) && Near(a.mean(), b.mean()) &&
         Near(a.variance(), b.variance());
}
bool SameWeightedMoments(const WeightedMoments& a, const WeightedMoments& b) {
  return a.count() == b.count() && a.num_skipped() == b.num_skipped() &&
         Near(a.weighted_count(), b.weighted_count()) && Near(a.mean(), b.mean()) &&
         Near(a.variance(), b.variance());
}
// Every rank within both sketches' error of the other.
std::function<bool(const QuantileSummary&, const QuantileSummary&)> SameQuantiles(double rank_error) {
  return [=](const QuantileSummary& a, const QuantileSummary& b) {
    if (!Near(a.min(), b.min()) || !Near(a.max(), b.max()) || !Near(a.total_weight(), b.total_weight()))
      return false;
    const double tolerance = (2 * rank_error + 1e-9) * a.total_weight();
    return std::all_of(a.entries().begin(), a.entries().end(), [&](const QuantileSummary::Entry& entry) {
      return std::fabs(a.CumulativeWeight(entry.value) - b.CumulativeWeight(entry.value)) <= tolerance;
    });
  };
}
bool SameFrequencies(const ColumnFrequencies::Output& a, const ColumnFrequencies::Output& b) {
  return a.num_distinct == b.num_distinct && a.total_count == b.total_count && a.is_exact == b.is_exact &&
         std::equal(
             a.top.begin(), a.top.end(), b.top.begin(), b.top.end(), [](const auto& one, const auto& other) {
               return one.value == other.value && one.count == other.count && Near(one.weight, other.weight);
             });
}
// Above the limit: totals and distinct are independent of order, counts within both bounds.
bool SameSketchedFrequencies(const ColumnFrequencies::Output& a, const ColumnFrequencies::Output& b) {
  if (a.total_count != b.total_count) return false;
  std::map<std::string, int64_t> counts;
  for (const auto& value : a.top) counts[value.value] = value.count;
  for (const auto& value : b.top) counts[value.value] -= value.count;
  return std::all_of(counts.begin(), counts.end(),
                     [&](const auto& difference) {
                       return -a.max_undercount <= difference.second && difference.second <= b.max_undercount;
                     }) ||
         std::all_of(counts.begin(), counts.end(), [&](const auto& difference) {
           return std::llabs(difference.second) <= std::max(a.max_undercount, b.max_undercount);
         });
}
bool SameHistogram(const EqualWidthHistogram& a, const EqualWidthHistogram& b) {
  return a.counts() == b.counts() && a.num_below() == b.num_below() && a.num_above() == b.num_above() &&
         a.num_nan() == b.num_nan();
}

template <class C, class Same>
void ExpectLawful(const C& combiner, const Same& same) {
  static_assert(Combiner<C>);
  const std::vector<Batch> batches = Examples();
  ExpectCombinerLaws(combiner, batches, same);
  ExpectDamageIsTold(combiner, {batches[1], batches[5]});
  ExpectSameInAllShapes(combiner, batches, "at", same);
}

TEST(CombinerLawsTest, HoldForMoments) { ExpectLawful(ColumnMoments("x"), SameMoments); }
TEST(CombinerLawsTest, HoldForWeightedMoments) {
  ExpectLawful(WeightedColumnMoments("x", "weight"), SameWeightedMoments);
}
TEST(CombinerLawsTest, HoldForExactQuantiles) { ExpectLawful(ColumnQuantiles("hour"), SameQuantiles(0)); }
TEST(CombinerLawsTest, HoldForSketchedQuantiles) {
  ExpectLawful(ColumnQuantiles("x", 0.1), SameQuantiles(0.1));
}
TEST(CombinerLawsTest, HoldForWeightedQuantiles) {
  ExpectLawful(ColumnQuantiles("x", 0.1, "weight"), SameQuantiles(0.1));
}
TEST(CombinerLawsTest, HoldForExactFrequencies) { ExpectLawful(ColumnFrequencies("word"), SameFrequencies); }
TEST(CombinerLawsTest, HoldForFrequenciesOfIntegers) {
  ExpectLawful(ColumnFrequencies("hour", 5), SameFrequencies);
}
TEST(CombinerLawsTest, HoldForWeightedFrequenciesOfLists) {
  ExpectLawful(ColumnFrequencies("tags", -1, {}, "weight"), SameFrequencies);
}
TEST(CombinerLawsTest, HoldForSketchedFrequencies) {
  ExpectLawful(ColumnFrequencies("word", -1, {.max_distinct = 100}), SameSketchedFrequencies);
}
TEST(CombinerLawsTest, HoldForHistogram) { ExpectLawful(ColumnHistogram("x", -20, 100, 17), SameHistogram); }

TEST(CombinerLawsTest, HoldForKeyedFold) {
  ExpectLawful(
      KeyedFold(ColumnMoments("x"), {{}, {"hour"}, {"tags", "hour"}}), [](const auto& a, const auto& b) {
        return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
          return one.first == other.first && SameMoments(one.second, other.second);
        });
      });
}
TEST(CombinerLawsTest, HoldForWindowedFold) {
  const WindowedFold fold(ColumnMoments("x"),
                          {.time_column = "at", .pane_micros = 500, .panes_per_window = 3});
  ExpectCombinerLaws(fold, Examples(), [](const auto& a, const auto& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
      return one.first == other.first && SameMoments(one.second, other.second);
    });
  });
  ExpectDamageIsTold(fold, Examples());
}
TEST(CombinerLawsTest, HoldForCombinerTuple) {
  ExpectLawful(
      CombinerTuple(ColumnMoments("x"), ColumnFrequencies("word")), [](const auto& a, const auto& b) {
        return SameMoments(std::get<0>(a), std::get<0>(b)) && SameFrequencies(std::get<1>(a), std::get<1>(b));
      });
}
TEST(CombinerLawsTest, HoldForAnyCombiner) {
  ExpectLawful(AnyCombiner(ColumnMoments("x")), [](const std::any& a, const std::any& b) {
    return SameMoments(std::any_cast<const Moments&>(a), std::any_cast<const Moments&>(b));
  });
}

CombinerSet SetOfThree() {
  CombinerSet set;
  set.Insert(ColumnMoments("x"));
  set.Insert(ColumnFrequencies("word"));
  set.Insert(ColumnMoments("x"));
  return set;
}
TEST(CombinerLawsTest, HoldForCombinerSet) {
  ExpectLawful(SetOfThree(), [](const auto& a, const auto& b) {
    return SameMoments(std::any_cast<const Moments&>(a[0]), std::any_cast<const Moments&>(b[0])) &&
           SameFrequencies(std::any_cast<const ColumnFrequencies::Output&>(a[1]),
                           std::any_cast<const ColumnFrequencies::Output&>(b[1]));
  });
}

TEST(CombinerSetTest, SharesTheStateOfEqualFingerprints) {
  const CombinerSet set = SetOfThree();
  EXPECT_EQ(set.size(), 3u);
  EXPECT_EQ(set.num_distinct(), 2u);
  const auto output = ValueOrDie(set.Finish(StateOf(set, Examples())));
  EXPECT_TRUE(
      SameMoments(std::any_cast<const Moments&>(output[0]), std::any_cast<const Moments&>(output[2])));
}
TEST(CombinerSetTest, TellsStateOfAnotherCombiner) {
  AnyState state = AnyCombiner(ColumnFrequencies("word")).NewState();
  EXPECT_EQ(AnyCombiner(ColumnMoments("x")).Add(Examples()[0], state).code(), StatusCode::kInternal);
}
TEST(FingerprintTest, DiffersByParameterAndColumn) {
  EXPECT_NE(ColumnMoments("x").Fingerprint(), ColumnMoments("y").Fingerprint());
  EXPECT_NE(ColumnQuantiles("x", 0.1).Fingerprint(), ColumnQuantiles("x", 0.2).Fingerprint());
  EXPECT_NE(ColumnQuantiles("x", 0.1).Fingerprint(), ColumnQuantiles("x", 0.1, "w").Fingerprint());
  EXPECT_NE(ColumnHistogram("x", 0, 1, 2).Fingerprint(), ColumnHistogram("x", 0, 1, 3).Fingerprint());
}

TEST(FoldDatasetTest, TellsTheErrorOfTheLowestShardWithAnyNumberOfThreads) {
  std::vector<Batch> batches;
  for (int i = 0; i < 40; ++i) {
    batches.push_back(BatchMaker().Doubles("x", {1}).Doubles("w", {i == 11 || i == 30 ? -i : 1}).Make());
  }
  const auto dataset = data::MakeInMemoryDataset(batches[0]->schema(), batches);
  for (int num_threads : {1, 2, 8}) {
    const auto folded = FoldDataset(WeightedColumnMoments("x", "w"), *dataset, {.num_threads = num_threads});
    EXPECT_EQ(folded.status().message(),
              "Weight column 'w' holds -11 in row 1; weights are finite and not negative");
  }
}
TEST(FoldDatasetTest, FoldsDatasetWithoutShardsToTheEmptyState) {
  const auto dataset = data::MakeInMemoryDataset(arrow::schema({arrow::field("x", arrow::float64())}), {});
  EXPECT_EQ(ValueOrDie(Compute(ColumnMoments("x"), *dataset, {})).count(), 0);
}
TEST(FoldDatasetTest, StopsWhenCancelled) {
  CancellationToken token;
  token.Cancel();
  const auto batches = Examples();
  const auto dataset = data::MakeInMemoryDataset(batches[0]->schema(), batches);
  const auto folded = FoldDataset(ColumnMoments("x"), *dataset, {.num_threads = 2, .cancellation = &token});
  EXPECT_EQ(folded.status().code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace penstock::combine
