// What the analyzers beyond means and quantiles answer, and that their states keep the combiner laws.
#include <cmath>

#include <gmock/gmock.h>

#include "penstock/transform/analysis_combiner.h"
#include "penstock/transform/analysis_report.h"
#include "penstock/transform/sha1.h"
#include "penstock/transform/sip_hash.h"
#include "penstock/transform/transform_testing.h"

namespace penstock::transform {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class Builder>
std::shared_ptr<arrow::Array> Lists(
    const std::vector<std::vector<typename arrow::TypeTraits<typename Builder::TypeClass>::CType>>& rows) {
  auto values = std::make_shared<Builder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), values);
  for (const auto& row : rows) {
    EXPECT_TRUE(builder.Append().ok());
    for (const auto value : row) EXPECT_TRUE(values->Append(value).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> TextLists(const std::vector<std::vector<std::string>>& rows) {
  auto values = std::make_shared<arrow::StringBuilder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), values);
  for (const auto& row : rows) {
    EXPECT_TRUE(builder.Append().ok());
    for (const auto& value : row) EXPECT_TRUE(values->Append(value).ok());
  }
  return builder.Finish().ValueOrDie();
}

/// The analysis report of one summary.
std::string Summary(const std::string& expression, const data::Batch& batch, const std::string& head = "") {
  const Result<TransformGraph> graph = Analyze(head + "summaries:\n  s: |\n    " + expression + "\n", batch);
  EXPECT_TRUE(graph.ok()) << graph.status();
  if (!graph.ok()) return "";
  const Result<std::string> report = AnalysisReport(*graph);
  EXPECT_TRUE(report.ok()) << report.status();
  std::string text;
  for (const char c : *report) {
    if (c != ' ' && c != '\n') text += c;
  }
  return text;
}

TEST(SipHashTest, AgreesWithThePublishedVector) {
  std::string bytes;
  for (char c = 0; c < 15; ++c) bytes += c;
  EXPECT_EQ(SipHash(0x0706050403020100u, 0x0f0e0d0c0b0a0908u, bytes), 0xa129ca6149be45e5u);
}

TEST(Sha1Test, AgreesWithThePublishedVectors) {
  EXPECT_EQ(Sha1("abc")[0], 0xA9);
  EXPECT_EQ(Sha1("abc")[19], 0x9D);
  EXPECT_EQ(Sha1("")[0], 0xDA);
  EXPECT_EQ(Sha1(std::string(64, 'a'))[0], 0x00);
}

TEST(CovarianceTest, FindsTheAxisAlongWhichPointsLie) {
  const data::Batch batch =
      MakeBatch({{"x", Lists<arrow::DoubleBuilder>({{1, 2}, {2, 4}, {3, 6}, {std::nan(""), 1}})}});
  EXPECT_THAT(Summary("covariance(x)", batch), HasSubstr("\"value\":[0.66666666"));
  const std::string axis = Summary("pca(x, output_dim=1)", batch);
  EXPECT_THAT(axis, HasSubstr("0.4472135"));
  EXPECT_THAT(axis, HasSubstr("0.894427"));
}

TEST(CovarianceTest, RefusesListsOfUnlikeLengths) {
  const data::Batch batch = MakeBatch({{"x", Lists<arrow::DoubleBuilder>({{1, 2}, {2}})}});
  const Result<TransformGraph> graph = Analyze("summaries:\n  c: covariance(x)\n", batch);
  EXPECT_THAT(std::string(graph.status().message()), HasSubstr("lists of one length"));
}

TEST(HistogramTest, CountsWhatLiesBetweenItsBoundaries) {
  const data::Batch batch = MakeBatch({{"x", ArrayOf(Numbers{-5, 0, 1, 1.5, 2, 99})}});
  EXPECT_THAT(Summary("histogram(x, [0, 1, 2])", batch), HasSubstr("\"value\":[2,4]"));
  EXPECT_THAT(Summary("histogram_boundaries(x, 3)", batch), HasSubstr("[-5.0,47.0,99.0]"));
}

TEST(HistogramTest, CountsCategoriesInTheOrderOfTheirBytes) {
  const data::Batch batch = MakeBatch({{"x", ArrayOf(Integers{3, 10, 1, 3})}});
  EXPECT_THAT(Summary("histogram(x, categorical=true)", batch), HasSubstr("[1,1,2]"));
  EXPECT_THAT(Summary("distinct_keys(x)", batch), HasSubstr("[1,10,3]"));
}

TEST(StatisticsTest, AreMissingOfNothingButCountsAndSums) {
  const data::Batch batch = MakeBatch({{"x", ArrayOf(Numbers{kMissing})}});
  EXPECT_THAT(Summary("mean(x)", batch), HasSubstr("\"value\":null"));
  EXPECT_THAT(Summary("size(x)", batch), HasSubstr("\"value\":0"));
  EXPECT_THAT(Summary("mean(x)", batch, "compat: tft\n"), HasSubstr("\"value\":0.0"));
}

TEST(StatisticsTest, AreExactForIntegersBeyondDoubles) {
  const data::Batch batch = MakeBatch({{"x", ArrayOf(Integers{9007199254740993, 1})}});
  EXPECT_THAT(Summary("maximum(x)", batch), HasSubstr("9007199254740993"));
  EXPECT_THAT(Summary("sum(x)", batch), HasSubstr("9007199254740994"));
}

TEST(QuantilesTest, WeighValues) {
  const data::Batch batch =
      MakeBatch({{"x", ArrayOf(Numbers{1, 2, 3})}, {"w", ArrayOf(Numbers{10, 1, std::nan("")})}});
  EXPECT_THAT(Summary("quantiles(x, 2, weights=w)", batch), HasSubstr("[1.0]"));
}

TEST(BucketizePerKeyTest, CutsEveryKeyByItsOwnBoundaries) {
  const data::Batch batch =
      MakeBatch({{"x", ArrayOf(Numbers{1, 2, 100, 200})}, {"k", ArrayOf(Texts{"a", "a", "b", "b"})}});
  EXPECT_THAT(IntegersOf(Evaluate("bucketize_per_key(x, k, 2)", batch)), ElementsAre(0, 1, 0, 1));
}

TEST(PerKeyTest, ScalesEveryKeyByItself) {
  const data::Batch batch =
      MakeBatch({{"x", ArrayOf(Numbers{1, 3, 10, 30})}, {"k", ArrayOf(Texts{"a", "a", "b", "b"})}});
  EXPECT_THAT(NumbersOf(Evaluate("scale_to_z_score_per_key(x, k)", batch)), ElementsAre(-1, 1, -1, 1));
  EXPECT_THAT(NumbersOf(Evaluate("scale_to_0_1_per_key(x, k)", batch)), ElementsAre(0, 1, 0, 1));
}

TEST(VocabularyTest, OrdersTokensByWhatTheyTellOfTheLabel) {
  const data::Batch batch =
      MakeBatch({{"s", ArrayOf(Texts{"often", "often", "tells", "often", "often", "tells", "rare"})},
                 {"y", ArrayOf(Integers{0, 1, 1, 0, 1, 1, 0})}});
  EXPECT_THAT(Summary("vocabulary(s, labels=y, min_diff_from_avg=0, vocab_filename='v')", batch),
              HasSubstr("[\"tells\","));
}

TEST(VocabularyTest, KeepsTheBestOfEveryCoverageKey) {
  const data::Batch batch = MakeBatch({{"s", ArrayOf(Texts{"a_1", "a_1", "a_2", "b_1"})}});
  EXPECT_THAT(
      Summary("vocabulary(s, top_k=1, coverage_top_k=1, coverage_key='[^_]*', vocab_filename='v')", batch),
      HasSubstr("[\"a_1\",\"b_1\"]"));
}

TEST(VocabularyTest, WeighsReservesAndShuffles) {
  const data::Batch batch =
      MakeBatch({{"s", ArrayOf(Texts{"a", "b", "c"})}, {"w", ArrayOf(Numbers{1, 5, 2})}});
  EXPECT_THAT(Summary("vocabulary(s, weights=w, store_frequency=true, vocab_filename='v')", batch),
              HasSubstr("[\"5.0b\",\"2.0c\",\"1.0a\"]"));
  EXPECT_THAT(Summary("vocabulary(s, reserved_tokens=['c', 'x'], vocab_filename='v')", batch),
              HasSubstr("[\"c\",\"x\",\"b\",\"a\"]"));
  // SHA-1 of c begins with 84, of a with 86, of b with e9.
  EXPECT_THAT(Summary("vocabulary(s, fingerprint_shuffle=true, vocab_filename='v')", batch),
              HasSubstr("[\"c\",\"a\",\"b\"]"));
}

TEST(VocabularyTest, RefusesTokensThatAreThereTwiceAnExampleWhereLabelsCount) {
  const data::Batch batch =
      MakeBatch({{"s", TextLists({{"a", "a", "a"}, {"b"}})}, {"y", ArrayOf(Integers{0, 1})}});
  const Result<TransformGraph> graph = Analyze("summaries:\n  v: vocabulary(s, labels=y)\n", batch);
  EXPECT_THAT(std::string(graph.status().message()), HasSubstr("deduplicate"));
}

TEST(TfidfTest, WeighsTermsByHowFewExamplesHaveThem) {
  const data::Batch batch = MakeBatch({{"x", Lists<arrow::Int64Builder>({{0, 0, 1}, {0}})}});
  EXPECT_THAT(Summary("list_size(tfidf_terms(x, 2))", batch), HasSubstr("\"value\":0"));
  const auto sums = NumbersOf(Evaluate("list_sum(tfidf(x, 2))", batch));
  EXPECT_NEAR(*sums[0], 2.0 / 3 + (1 + std::log(1.5)) / 3, 1e-12);
  EXPECT_NEAR(*sums[1], 1, 1e-12);
}

TEST(TimeTest, TakesSecondsApart) {
  // 2024-02-29 23:59:58 UTC, a Thursday, and the second before 1970.
  const data::Batch batch = MakeBatch({{"t", ArrayOf(Integers{1709251198, -1})}});
  EXPECT_THAT(IntegersOf(Evaluate("day(t)", batch)), ElementsAre(29, 31));
  EXPECT_THAT(IntegersOf(Evaluate("year(t)", batch)), ElementsAre(2024, 1969));
  EXPECT_THAT(IntegersOf(Evaluate("day_of_week(t)", batch)), ElementsAre(3, 2));
  EXPECT_THAT(IntegersOf(Evaluate("day_of_year(t)", batch)), ElementsAre(60, 365));
  EXPECT_THAT(IntegersOf(Evaluate("second(t)", batch)), ElementsAre(58, 59));
}

TEST(TimeTest, ReadsTimesAndTakesWhatIsNoneForMissing) {
  const data::Batch batch =
      MakeBatch({{"s", ArrayOf(Texts{"2024-02-29T01:00:00+01:00", "2023-02-29T01:00:00Z", "soon"})}});
  EXPECT_THAT(IntegersOf(Evaluate("parse_time(s, '%Y-%m-%dT%H:%M:%S%z')", batch)),
              ElementsAre(1709164800, std::nullopt, std::nullopt));
}

/// Every analyzer there is, over columns x, k, s, y, v.
constexpr std::string_view kAllAnalyzers = R"(
summaries:
  moments: mean(x)
  tukey: tukey_location(x)
  integers: sum(y)
  keyed: list_sum(scale_to_z_score_per_key(list(x), s))
  quantiles: quantiles(x, 4, weights=abs(x))
  keyed_quantiles: list_size(quantiles(list(x), 4, reduce_instance_dims=false))
  vocabulary: vocabulary(s, weights=x)
  labelled: vocabulary(s, labels=y)
  counts: count_per_key(s)
  covariance: covariance(list(x, float(y)))
  documents: list_sum(tfidf(list(y), 5))
)";

TEST(AnalyzersTest, AnswerTheSameInOneFoldAndShardedEncodedAndMerged) {
  std::vector<data::Batch> batches;
  for (const int64_t size : {0, 1, 50, 7}) {
    Numbers x;
    Texts s;
    Integers y;
    for (int64_t i = 0; i < size; ++i) {
      x.push_back(i % 5 == 3 ? std::optional<double>() : static_cast<double>(i * i % 37));
      s.push_back("t" + std::to_string(i % 6));
      y.push_back(i % 3);
    }
    batches.push_back(MakeBatch({{"x", ArrayOf(x)}, {"s", ArrayOf(s)}, {"y", ArrayOf(y)}}));
  }
  const Result<TransformPlan> plan =
      PlanTransform(*ParseTransformSpec(kAllAnalyzers, "f.yaml"), *batches[0]->schema());
  ASSERT_TRUE(plan.ok()) << plan.status();
  std::vector<int32_t> all;
  for (size_t i = 0; i < plan->program().analyses.size(); ++i) all.push_back(static_cast<int32_t>(i));
  const AnalysisCombiner combiner(std::make_shared<const Program>(plan->program()), all);
  AnalysisCombiner::State whole = combiner.NewState();
  AnalysisCombiner::State merged = combiner.NewState();
  for (const data::Batch& batch : batches) {
    const Status added = combiner.Add(batch, whole);
    ASSERT_TRUE(added.ok()) << added;
    AnalysisCombiner::State shard = combiner.NewState();
    ASSERT_TRUE(combiner.Add(batch, shard).ok());
    const std::string bytes = combiner.Encode(shard);
    const Result<AnalysisCombiner::State> decoded = combiner.Decode(bytes);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(combiner.Encode(*decoded), bytes);
    ASSERT_TRUE(combiner.Merge(*decoded, merged).ok());
  }
  const auto expected = combiner.Finish(whole);
  const auto actual = combiner.Finish(merged);
  ASSERT_TRUE(expected.ok()) << expected.status();
  ASSERT_TRUE(actual.ok()) << actual.status();
  for (size_t i = 0; i < all.size(); ++i) {
    const AnalysisResult& one = (*expected)[i];
    const AnalysisResult& other = (*actual)[i];
    ASSERT_EQ(one.index(), other.index());
    if (const auto* vocabulary = std::get_if<VocabularyResult>(&one)) {
      const VocabularyResult& tokens = std::get<VocabularyResult>(other);
      ASSERT_EQ(tokens->size(), (*vocabulary)->size());
      for (int64_t id = 0; id < tokens->size(); ++id) EXPECT_EQ(tokens->token(id), (*vocabulary)->token(id));
    } else if (const auto* covariance = std::get_if<CovarianceResult>(&one)) {
      for (size_t k = 0; k < covariance->covariance.size(); ++k)
        EXPECT_NEAR(std::get<CovarianceResult>(other).covariance[k], covariance->covariance[k], 1e-9);
    } else if (const auto* moments = std::get_if<MomentsResult>(&one)) {
      EXPECT_NEAR(std::get<MomentsResult>(other).mean, moments->mean, 1e-9);
      EXPECT_NEAR(std::get<MomentsResult>(other).tukey_location, moments->tukey_location, 1e-9);
    } else if (!std::holds_alternative<KeyedMomentsResult>(one)) {
      EXPECT_TRUE(one == other) << i;
    }
  }
}

TEST(AnalyzersTest, SurviveBeingStored) {
  const data::Batch batch = MakeBatch({{"x", ArrayOf(Numbers{1, 2, 4, kMissing})},
                                       {"s", ArrayOf(Texts{"a", "b", "a", "c"})},
                                       {"y", ArrayOf(Integers{0, 1, 1, 0})}});
  const Result<TransformGraph> graph = Analyze(std::string(kAllAnalyzers), batch);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const Result<TransformGraph> again = TransformGraph::Parse(graph->Serialize());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->Serialize(), graph->Serialize());
  EXPECT_EQ(*AnalysisReport(*again), *AnalysisReport(*graph));
}

}  // namespace
}  // namespace penstock::transform
