#include "penstock/transform/analyze_transform.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gmock/gmock.h>

#include "penstock/transform/analysis_combiner.h"
#include "penstock/transform/program.h"
#include "penstock/transform/transform_testing.h"

namespace penstock::transform {
namespace {

constexpr std::string_view kYaml = R"(
label: x > y
features:
  z: scale_to_z_score(x)
  m: scale_to_0_1(impute(y, median))
  b: bucketize(x * y, 20)
  v: compute_and_apply_vocabulary(s, top_k=50, num_oov_buckets=3)
  n: scale_to_z_score(bucketize(impute(x, mean), 10))
)";

/// Unevenly sized batches of numbers that sum differently in another order.
std::vector<data::Batch> RandomBatches() {
  std::mt19937_64 random(17);
  std::vector<data::Batch> batches;
  for (int64_t size : {0, 1, 1000, 37, 2500, 512, 4096, 3, 700}) {
    Numbers x, y;
    Texts s;
    for (int64_t i = 0; i < size; ++i) {
      const auto bits = random();
      x.push_back(bits % 11 == 0 ? std::optional<double>()
                                 : std::exp(static_cast<double>(bits % 4096) / 100 - 20));
      y.push_back(bits % 7 == 0 ? std::optional<double>() : static_cast<double>(bits % 1000003) / 7.0);
      s.push_back(bits % 13 == 0 ? std::optional<std::string>()
                                 : "token" + std::to_string(bits % 97 * (bits % 5)));
    }
    batches.push_back(MakeBatch({{"x", ArrayOf(x)}, {"y", ArrayOf(y)}, {"s", ArrayOf(s)}}));
  }
  return batches;
}

TEST(AnalyzeTransformTest, IsBitEqualForAnyNumberOfThreads) {
  const std::vector<data::Batch> batches = RandomBatches();
  const auto dataset = data::MakeInMemoryDataset(batches[0]->schema(), batches);
  const Result<TransformSpec> spec = ParseTransformSpec(kYaml, "f.yaml");
  ASSERT_TRUE(spec.ok()) << spec.status();
  std::string expected;
  for (const int num_threads : {1, 2, 8}) {
    const Result<TransformGraph> graph =
        AnalyzeTransform(*spec, *dataset, ExecutionOptions{.num_threads = num_threads});
    ASSERT_TRUE(graph.ok()) << graph.status();
    if (expected.empty()) expected = graph->Serialize();
    EXPECT_EQ(graph->Serialize(), expected) << num_threads;
  }
}

TEST(AnalyzeTransformTest, ResolvesNestedAnalyzersInTheFewestPasses) {
  const data::Batch batch = MakeBatch({{"x", ArrayOf(Numbers{1, 2, 3, 4, kMissing})}});
  // The missing one becomes the mean 2.5; halves at 2.5: buckets 0 0 1 1 1, of mean 0.6.
  const Result<TransformGraph> graph =
      Analyze("features:\n  n: scale_to_z_score(bucketize(impute(x, mean), 2))\n", batch);
  ASSERT_TRUE(graph.ok()) << graph.status();
  const std::vector<int> stages = StagesOf(graph->program());
  EXPECT_EQ(*std::max_element(stages.begin(), stages.end()), 3);
  const Numbers scaled = NumbersOf((*graph->ApplyFeatures(batch))->column(0));
  const double deviation = std::sqrt(0.24);
  for (const size_t i : {0u, 1u}) EXPECT_NEAR(*scaled[i], -0.6 / deviation, 1e-12);
  for (const size_t i : {2u, 3u, 4u}) EXPECT_NEAR(*scaled[i], 0.4 / deviation, 1e-12);
}

TEST(AnalyzeTransformTest, StopsWhenCancelled) {
  const std::vector<data::Batch> batches = RandomBatches();
  const auto dataset = data::MakeInMemoryDataset(batches[0]->schema(), batches);
  CancellationToken cancellation;
  cancellation.Cancel();
  const Result<TransformGraph> graph =
      AnalyzeTransform(*ParseTransformSpec(kYaml, "f.yaml"), *dataset,
                       ExecutionOptions{.num_threads = 2, .cancellation = &cancellation});
  EXPECT_EQ(graph.status().code(), StatusCode::kCancelled);
}

TEST(AnalyzeTransformTest, RefusesValuesTooLargeToAverage) {
  const data::Batch batch = MakeBatch({{"x", ArrayOf(Numbers{1e308, -1e308, 1e308})}});
  const Result<TransformGraph> graph = Analyze("features:\n  z: scale_to_z_score(x)\n", batch);
  EXPECT_EQ(graph.status().code(), StatusCode::kInvalidArgument) << graph.status();
  EXPECT_THAT(std::string(graph.status().message()), testing::HasSubstr("too large to average"));
}

/// The combiner laws on real states: sharded, encoded and merged gives what one fold gives.
TEST(AnalysisCombinerTest, MergesEncodedStatesToTheSameAnswers) {
  const std::vector<data::Batch> batches = RandomBatches();
  const Result<TransformPlan> plan =
      PlanTransform(*ParseTransformSpec(kYaml, "f.yaml"), *batches[0]->schema());
  ASSERT_TRUE(plan.ok()) << plan.status();
  const std::vector<int> stages = StagesOf(plan->program());
  std::vector<int32_t> first;
  for (size_t i = 0; i < stages.size(); ++i) {
    if (stages[i] == 1) first.push_back(static_cast<int32_t>(i));
  }
  const AnalysisCombiner combiner(std::make_shared<const Program>(plan->program()), first);
  static_assert(combine::Combiner<AnalysisCombiner>);
  AnalysisCombiner::State whole = combiner.NewState();
  AnalysisCombiner::State merged = combiner.NewState();
  for (const data::Batch& batch : batches) {
    ASSERT_TRUE(combiner.Add(batch, whole).ok());
    AnalysisCombiner::State shard = combiner.NewState();
    ASSERT_TRUE(combiner.Add(batch, shard).ok());
    const Result<AnalysisCombiner::State> decoded = combiner.Decode(combiner.Encode(shard));
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_TRUE(combiner.Merge(*decoded, merged).ok());
  }
  const auto expected = *combiner.Finish(whole);
  const auto actual = *combiner.Finish(merged);
  for (size_t i = 0; i < expected.size(); ++i) {
    if (const auto* moments = std::get_if<MomentsResult>(&expected[i])) {
      EXPECT_EQ(std::get<MomentsResult>(actual[i]).num_values, moments->num_values);
      EXPECT_NEAR(std::get<MomentsResult>(actual[i]).mean, moments->mean, 1e-12 * std::fabs(moments->mean));
      EXPECT_NEAR(std::get<MomentsResult>(actual[i]).variance, moments->variance, 1e-9 * moments->variance);
    } else if (const auto* vocabulary = std::get_if<VocabularyResult>(&expected[i])) {
      const VocabularyResult& other = std::get<VocabularyResult>(actual[i]);
      ASSERT_EQ(other->size(), (*vocabulary)->size());
      for (int64_t id = 0; id < other->size(); ++id) EXPECT_EQ(other->token(id), (*vocabulary)->token(id));
    } else {
      EXPECT_EQ(actual[i].index(), expected[i].index());
      // Exact: there are fewer values than the sketch's capacity.
      if (const auto* quantiles = std::get_if<QuantilesResult>(&expected[i])) {
        EXPECT_EQ(std::get<QuantilesResult>(actual[i]), *quantiles);
      }
    }
  }
  EXPECT_EQ(combiner.Decode("junk").status().code(), StatusCode::kDataLoss);
  EXPECT_NE(combiner.Fingerprint(),
            AnalysisCombiner(std::make_shared<const Program>(plan->program()), {0}).Fingerprint());
}

}  // namespace
}  // namespace penstock::transform
