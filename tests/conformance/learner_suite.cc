#include "conformance/learner_suite.h"

#include <algorithm>
#include <limits>
#include <random>

#include <arrow/api.h>

#include "penstock/learning/boosted_trees/boosted_trees_learner.h"
#include "penstock/learning/network/network_learner.h"
#include "penstock/model/prediction_values.h"
#include "penstock/transform/analyze_transform.h"

namespace penstock::learning {
namespace {

using data::Batch;

class OneBatch final : public data::BatchReader {
 public:
  OneBatch(std::shared_ptr<arrow::Schema> schema, Batch batch)
      : schema_(std::move(schema)), batch_(std::move(batch)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  Result<std::optional<Batch>> Next() override { return std::exchange(batch_, std::nullopt); }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  std::optional<Batch> batch_;
};

}  // namespace

const std::vector<LearnerCase>& LearnerCases() {
  static const std::vector<LearnerCase> cases{
      {.learner = "boosted_trees", .hyperparameters = {{"num_rounds", 40}}, .ranks = true},
      {"linear", {{"num_epochs", 12}, {"learning_rate", 0.05}, {"batch_size", 64}}},
      {"dense", {{"num_epochs", 10}, {"hidden_units", "16,8"}, {"learning_rate", 0.01}, {"batch_size", 64}}},
      {"wide_and_deep",
       {{"num_epochs", 10},
        {"hidden_units", "16"},
        {"learning_rate", 0.01},
        {"batch_size", 64},
        {"crosses", "a*b"},
        {"cross_buckets", 64},
        {"dropout", 0.1},
        {"batch_norm", true},
        {"gradient_clip_norm", 1.0},
        {"l2", 1e-4}}},
      {"lstm",
       {{"num_epochs", 10},
        {"recurrent_width", 8},
        {"hidden_units", "8"},
        {"learning_rate", 0.02},
        {"batch_size", 64}},
       "\n  a: one_hot(bucketize(a, 6), 6)\n  b: one_hot(bucketize(b, 6), 6)\n  kind: "
       "compute_and_apply_vocabulary(kind)"},
      {"autoencoder",
       {{"num_epochs", 10}, {"hidden_units", "8,2,8"}, {"learning_rate", 0.01}, {"batch_size", 64}},
       "\n  a: impute(a, 0.0)\n  b: b\n  sum: impute(a, 0.0) + b",
       false}};
  return cases;
}

std::string NameOfCase(const testing::TestParamInfo<LearnerCase>& info) { return info.param.learner; }

std::vector<TestExample> LinearExamples(uint32_t seed, int num_examples, double noise) {
  std::mt19937 random(seed);
  std::normal_distribution<double> number;
  std::vector<TestExample> examples;
  for (int i = 0; i < num_examples; ++i) {
    const double a = number(random), b = number(random);
    const std::string kind = i % 3 == 0 ? "x" : i % 3 == 1 ? "y" : "\xc3\xbc";
    const double y = 3 * a - 2 * b + (kind == "x" ? 2 : 0) + noise * number(random);
    examples.push_back({i % 11 == 0 ? std::numeric_limits<double>::quiet_NaN() : a, b, kind, y, 1});
  }
  return examples;
}

Batch RawBatch(const std::vector<TestExample>& examples) {
  arrow::DoubleBuilder a, b, y, weight;
  arrow::StringBuilder kind;
  for (const TestExample& example : examples) {
    EXPECT_TRUE(a.Append(example.a).ok() && b.Append(example.b).ok() && kind.Append(example.kind).ok());
    EXPECT_TRUE((example.y ? y.Append(*example.y) : y.AppendNull()).ok() &&
                weight.Append(example.weight).ok());
  }
  const auto number = [](const char* name) { return arrow::field(name, arrow::float64()); };
  return arrow::RecordBatch::Make(
      arrow::schema(
          {number("a"), number("b"), arrow::field("kind", arrow::utf8()), number("y"), number("w")}),
      static_cast<int64_t>(examples.size()),
      {a.Finish().ValueOrDie(), b.Finish().ValueOrDie(), kind.Finish().ValueOrDie(), y.Finish().ValueOrDie(),
       weight.Finish().ValueOrDie()});
}

const std::shared_ptr<arrow::Schema>& TestShards::schema() const { return batches_[0]->schema(); }

Result<std::unique_ptr<data::BatchReader>> TestShards::ReadShard(int64_t shard) const {
  return std::make_unique<OneBatch>(schema(), batches_[shard]);
}

std::shared_ptr<const transform::TransformGraph> LearnerRun::Graph() const {
  const auto spec = transform::ParseTransformSpec(
      (test_case.has_label ? label : "") + "features: " + test_case.features + "\n", "features.yaml");
  EXPECT_TRUE(spec.ok()) << spec.status();
  const TestShards raw({RawBatch(LinearExamples(1, 300))});
  auto graph = transform::AnalyzeTransform(*spec, raw, {});
  EXPECT_TRUE(graph.ok()) << graph.status();
  return std::make_shared<const transform::TransformGraph>(*std::move(graph));
}

TestShards LearnerRun::Materialize(const transform::TransformGraph& graph,
                                   const std::vector<TestExample>& examples) {
  const auto all = graph.Apply(RawBatch(examples));
  EXPECT_TRUE(all.ok()) << all.status();
  const int64_t quarter = (*all)->num_rows() / 4;
  std::vector<Batch> batches{(*all)->Slice(0, 0)};
  for (int i = 0; i < 4; ++i)
    batches.push_back((*all)->Slice(i * quarter, i == 3 ? (*all)->num_rows() : quarter));
  return TestShards(batches);
}

Result<TrainedModel> LearnerRun::Train() const {
  const auto graph = Graph();
  const TestShards train_data = Materialize(*graph, train), eval_data = Materialize(*graph, eval);
  LearnerCatalog catalog("learner");
  EXPECT_TRUE(RegisterBoostedTreesLearner(catalog).ok());
  EXPECT_TRUE(RegisterNetworkLearners(catalog).ok());
  FakeClock clock;
  ExecutionContext context{{.num_threads = num_threads, .cancellation = cancellation}, clock, seed, nullptr};
  LearnerOptions options{hyperparameters, checkpoint_folder, warm_start, nullptr};
  if (on_iteration)
    options.on_iteration = [&](const IterationRecord& losses) { return on_iteration(losses, clock); };
  const TrainingData data{.train = &train_data, .eval = &eval_data, .transform = graph};
  return (**catalog.Find(test_case.learner))->Train(data, options, context);
}

TrainedModel LearnerRun::Ok() const {
  Result<TrainedModel> trained = Train();
  EXPECT_TRUE(trained.ok()) << trained.status();
  return *std::move(trained);
}

std::string LearnerRun::Refusal() const {
  const Status status = Train().status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

std::vector<double> PredictAll(const model::Model& model, const std::vector<TestExample>& examples) {
  const Result<Batch> predictions = model.Predict(RawBatch(examples));
  EXPECT_TRUE(predictions.ok()) << predictions.status();
  const auto numbers = model::PredictionValues(*predictions, model.signature().prediction_column);
  EXPECT_TRUE(numbers.ok()) << numbers.status();
  return {numbers->values.begin(), numbers->values.end()};
}

double AucOf(const std::vector<double>& predictions, const std::vector<TestExample>& examples) {
  std::vector<std::pair<double, bool>> pairs;
  for (size_t i = 0; i < predictions.size(); ++i) pairs.emplace_back(predictions[i], *examples[i].y > 0);
  std::sort(pairs.begin(), pairs.end());
  double ranks = 0, num_positive = 0;
  for (size_t begin = 0; begin < pairs.size();) {
    size_t end = begin;
    while (end < pairs.size() && pairs[end].first == pairs[begin].first) ++end;
    const double rank = 0.5 * static_cast<double>(begin + 1 + end);  // Equal ones share theirs.
    for (; begin < end; ++begin) {
      ranks += pairs[begin].second ? rank : 0;
      num_positive += pairs[begin].second ? 1 : 0;
    }
  }
  const double num_negative = static_cast<double>(pairs.size()) - num_positive;
  return (ranks - num_positive * (num_positive + 1) / 2) / (num_positive * num_negative);
}

}  // namespace penstock::learning
