#include "penstock/learning/boosted_trees/boosted_trees_learner.h"

#include <cmath>
#include <limits>
#include <random>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/transform/analyze_transform.h"

namespace penstock::learning {
namespace {

using data::Batch;
using testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr char kClassifier[] = "label: y > 0\nfeatures: {a: a, b: b, square: a * a}\n";
constexpr char kRegressor[] = "label: y\ntask: regression\nfeatures: {a: a, b: b}\n";

/// Batches in memory; each is a shard.
class Shards final : public data::Dataset {
 public:
  Shards(std::shared_ptr<arrow::Schema> schema, std::vector<Batch> batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {}
  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  int64_t num_shards() const override { return static_cast<int64_t>(batches_.size()); }
  Result<std::unique_ptr<data::BatchReader>> ReadShard(int64_t shard) const override {
    return std::make_unique<Reader>(schema_, batches_[shard]);
  }

 private:
  class Reader final : public data::BatchReader {
   public:
    Reader(std::shared_ptr<arrow::Schema> schema, Batch batch)
        : schema_(std::move(schema)), batch_(std::move(batch)) {}
    const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
    Result<std::optional<Batch>> Next() override { return std::exchange(batch_, std::nullopt); }

   private:
    std::shared_ptr<arrow::Schema> schema_;
    std::optional<Batch> batch_;
  };
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<Batch> batches_;
};

struct Example {
  double a;
  double b;
  std::optional<double> y;
};

Batch RawBatch(const std::vector<Example>& examples) {
  arrow::DoubleBuilder a, b, y;
  for (const Example& example : examples) {
    EXPECT_TRUE(a.Append(example.a).ok() && b.Append(example.b).ok());
    EXPECT_TRUE((example.y ? y.Append(*example.y) : y.AppendNull()).ok());
  }
  const auto field = [](const char* name) { return arrow::field(name, arrow::float64()); };
  return arrow::RecordBatch::Make(
      arrow::schema({field("a"), field("b"), field("y")}), static_cast<int64_t>(examples.size()),
      {a.Finish().ValueOrDie(), b.Finish().ValueOrDie(), y.Finish().ValueOrDie()});
}

/// y is 3a - 2b and a little noise.
std::vector<Example> Linear(uint32_t seed, int num_examples, double noise = 0.1) {
  std::mt19937 random(seed);
  std::normal_distribution<double> number;
  std::vector<Example> examples;
  for (int i = 0; i < num_examples; ++i) {
    const double a = number(random), b = number(random);
    examples.push_back({i % 11 == 0 ? kNaN : a, b, 3 * a - 2 * b + noise * number(random)});
  }
  return examples;
}

/// One training on examples in memory, from raw to model.
struct Training {
  explicit Training(const std::string& yaml = kClassifier, std::vector<Example> train = Linear(1, 1000),
                    std::vector<Example> eval = Linear(2, 500))
      : yaml(yaml), train(std::move(train)), eval(std::move(eval)) {}

  std::shared_ptr<const transform::TransformGraph> Graph() const {
    const Batch batch = RawBatch({{0, 0, 0}});
    const auto spec = transform::ParseTransformSpec(yaml, "features.yaml");
    EXPECT_TRUE(spec.ok()) << spec.status();
    auto graph = transform::AnalyzeTransform(*spec, Shards(batch->schema(), {batch}), {});
    EXPECT_TRUE(graph.ok()) << graph.status();
    return std::make_shared<const transform::TransformGraph>(*std::move(graph));
  }

  /// As Transform materialises them, in four shards and one that is empty.
  static Shards Materialize(const transform::TransformGraph& graph, const std::vector<Example>& examples) {
    const Batch all = *graph.Apply(RawBatch(examples));
    const int64_t quarter = all->num_rows() / 4;
    std::vector<Batch> batches{all->Slice(0, 0)};
    for (int i = 0; i < 4; ++i)
      batches.push_back(all->Slice(i * quarter, i == 3 ? all->num_rows() : quarter));
    return Shards(all->schema(), batches);
  }

  Result<TrainedModel> Run() const {
    const auto graph = Graph();
    const Shards train_data = Materialize(*graph, train), eval_data = Materialize(*graph, eval);
    LearnerCatalog catalog("learner");
    EXPECT_TRUE(RegisterBoostedTreesLearner(catalog).ok());
    const FakeClock clock;
    ExecutionContext context{
        {.num_threads = num_threads, .cancellation = cancellation}, clock, seed, report_progress};
    const TrainingData data{.train = &train_data, .eval = &eval_data, .transform = graph};
    return (**catalog.Find("boosted_trees"))->Train(data, {.hyperparameters = hyperparameters}, context);
  }

  TrainedModel Ok() const {
    Result<TrainedModel> trained = Run();
    EXPECT_TRUE(trained.ok()) << trained.status();
    return *std::move(trained);
  }

  std::string Refusal() const {
    const Status status = Run().status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  }

  std::string yaml;
  std::vector<Example> train;
  std::vector<Example> eval;
  nlohmann::json hyperparameters = {{"num_rounds", 60}};
  int num_threads = 2;
  uint64_t seed = 5;
  const CancellationToken* cancellation = nullptr;
  std::function<void(double, std::string_view)> report_progress;
};

std::vector<double> Predict(const TrainedModel& trained, const std::vector<Example>& examples) {
  const Result<Batch> predictions = trained.model->Predict(RawBatch(examples));
  EXPECT_TRUE(predictions.ok()) << predictions.status();
  const auto& column = static_cast<const arrow::DoubleArray&>(*(*predictions)->column(0));
  return {column.raw_values(), column.raw_values() + column.length()};
}

TEST(BoostedTreesLearnerTest, LearnsToClassify) {
  const Training training;
  const TrainedModel trained = training.Ok();
  const std::vector<double> predictions = Predict(trained, training.eval);
  int64_t num_right = 0;
  double loss = 0;
  for (size_t i = 0; i < predictions.size(); ++i) {
    const bool label = *training.eval[i].y > 0;
    num_right += (predictions[i] > 0.5) == label;
    loss -= std::log(label ? predictions[i] : 1 - predictions[i]) / static_cast<double>(predictions.size());
  }
  EXPECT_GT(num_right, 450);
  EXPECT_NEAR(loss, trained.record.best_eval_loss, 1e-6);
}

TEST(BoostedTreesLearnerTest, LearnsToRegress) {
  const Training training(kRegressor);
  const TrainedModel trained = training.Ok();
  const std::vector<double> predictions = Predict(trained, training.eval);
  double squared_error = 0;
  for (size_t i = 0; i < predictions.size(); ++i)
    squared_error += std::pow(predictions[i] - *training.eval[i].y, 2);
  EXPECT_NEAR(squared_error / 500, trained.record.best_eval_loss, 1e-4);
  EXPECT_LT(trained.record.best_eval_loss, 2.5);  // The labels' variance is 13; nine in a hundred lack `a`.
  EXPECT_EQ(trained.record.loss, "mean_squared_error");
}

TEST(BoostedTreesLearnerTest, RecordsTheTraining) {
  Training training;
  training.train.push_back({1, 1, std::nullopt});
  const TrainingRecord record = training.Ok().record;
  EXPECT_EQ(record.num_train_examples, 1000);
  EXPECT_EQ(record.num_eval_examples, 500);
  EXPECT_EQ(record.num_unlabeled_examples, 1);
  EXPECT_EQ(record.hyperparameters["num_rounds"], 60);
  EXPECT_TRUE(record.hyperparameters.contains("max_depth"));
  ASSERT_FALSE(record.iterations.empty());
  EXPECT_LT(record.iterations.back().train_loss, record.iterations.front().train_loss);
  EXPECT_EQ(record.iterations[record.best_iteration - 1].eval_loss, record.best_eval_loss);
  double total = 0;
  for (const auto& [feature, share] : record.feature_importances) total += share;
  EXPECT_NEAR(total, 1, 1e-12);
}

TEST(BoostedTreesLearnerTest, KeepsTheBestIterationAndStopsSoonAfter) {
  // Labels of pure noise: more trees only learn the train split by heart.
  Training training(kRegressor, Linear(1, 300, 100), Linear(2, 300, 100));
  training.hyperparameters = {{"num_rounds", 500}, {"early_stopping_rounds", 5}, {"min_child_weight", 1}};
  const TrainingRecord record = training.Ok().record;
  EXPECT_EQ(static_cast<int64_t>(record.iterations.size()), record.best_iteration + 5);
  for (const IterationRecord& iteration : record.iterations)
    EXPECT_GE(iteration.eval_loss, record.best_eval_loss);
}

TEST(BoostedTreesLearnerTest, GivesEqualModelsOnAnyNumberOfThreads) {
  Training training;
  training.hyperparameters = {{"num_rounds", 20}, {"subsample", 0.7}, {"colsample_bytree", 0.7}};
  training.num_threads = 1;
  const TrainedModel one = training.Ok();
  for (int num_threads : {2, 8}) {
    training.num_threads = num_threads;
    const TrainedModel many = training.Ok();
    EXPECT_EQ(*many.model->Encode(), *one.model->Encode());
    EXPECT_EQ(many.record.ToJson(), one.record.ToJson());
  }
}

TEST(BoostedTreesLearnerTest, DrawsSamplesFromTheSeed) {
  Training training;
  training.hyperparameters = {{"num_rounds", 5}, {"subsample", 0.5}};
  const std::string first = *training.Ok().model->Encode();
  training.seed = 6;
  EXPECT_NE(*training.Ok().model->Encode(), first);
}

TEST(BoostedTreesLearnerTest, CountsWeightedExamplesAsOftenAsTheyWeigh) {
  const std::vector<Example> train = Linear(1, 200);
  std::vector<Example> twice;
  for (const Example& example : train) twice.insert(twice.end(), {example, example});
  const Training weighted("weight: 2\nlabel: y > 0\nfeatures: {a: a, b: b}\n", train);
  const Training repeated("label: y > 0\nfeatures: {a: a, b: b}\n", twice);
  const std::vector<double> expected = Predict(repeated.Ok(), weighted.eval);
  const std::vector<double> predictions = Predict(weighted.Ok(), weighted.eval);
  for (size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(predictions[i], expected[i], 0.02);
}

TEST(BoostedTreesLearnerTest, StopsBetweenIterationsWhenCancelled) {
  CancellationToken token;
  Training training;
  training.cancellation = &token;
  int num_reports = 0;
  training.report_progress = [&](double fraction, std::string_view message) {
    EXPECT_DOUBLE_EQ(fraction, (num_reports + 1) / 60.0);
    EXPECT_THAT(std::string(message), HasSubstr("eval log_loss"));
    if (++num_reports == 3) token.Cancel();
  };
  EXPECT_EQ(training.Run().status().code(), StatusCode::kCancelled);
  EXPECT_EQ(num_reports, 3);
}

TEST(BoostedTreesLearnerTest, RefusesLabelOfOneClassWithCounts) {
  EXPECT_THAT(Training("label: y > 1000\nfeatures: {a: a}\n").Refusal(),
              HasSubstr("0 examples are positive, 1000 negative"));
  EXPECT_THAT(Training("label: y < 1000\nfeatures: {a: a}\n").Refusal(),
              HasSubstr("1000 examples are positive, 0 negative"));
}

TEST(BoostedTreesLearnerTest, NamesSplitWithoutExamples) {
  EXPECT_THAT(Training(kClassifier, {}).Refusal(), HasSubstr("Split 'train' has no examples"));
  EXPECT_THAT(Training(kClassifier, Linear(1, 10), {}).Refusal(), HasSubstr("Split 'eval' has no examples"));
}

TEST(BoostedTreesLearnerTest, NamesSplitWithoutLabels) {
  EXPECT_THAT(Training(kClassifier, Linear(1, 10), {{1, 1, std::nullopt}, {1, 2, std::nullopt}}).Refusal(),
              HasSubstr("Split 'eval' has no example with a label: all 2 lack it"));
}

TEST(BoostedTreesLearnerTest, RefusesLabelsThatAreNotFiniteByRow) {
  // What TransformGraph::Apply would never give, as an edited file might hold it.
  for (double bad : {kNaN, std::numeric_limits<double>::infinity(), 0.5}) {
    const auto graph = Training().Graph();
    const Batch good = *graph->Apply(RawBatch(Linear(1, 5)));
    arrow::DoubleBuilder labels;
    EXPECT_TRUE(labels.AppendValues({0, 1, 0, bad, 1}).ok());
    const int index = good->schema()->GetFieldIndex(std::string(transform::kLabelColumn));
    const Batch edited = *good->SetColumn(index, good->schema()->field(index), labels.Finish().ValueOrDie());
    const Shards data(good->schema(), {good->Slice(0, 2), edited});
    LearnerCatalog catalog("learner");
    ASSERT_TRUE(RegisterBoostedTreesLearner(catalog).ok());
    const FakeClock clock;
    ExecutionContext context{{}, clock};
    const Status status = (**catalog.Find("boosted_trees"))
                              ->Train({.train = &data, .eval = &data, .transform = graph}, {}, context)
                              .status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("Split 'train' cannot be learned from: in row 6, the label is"));
  }
}

TEST(BoostedTreesLearnerTest, RefusesTransformWithoutLabel) {
  EXPECT_THAT(Training("features: {a: a}\n").Refusal(), HasSubstr("`label:`"));
}

TEST(BoostedTreesLearnerTest, NamesNearestHyperparameter) {
  Training training;
  training.hyperparameters = {{"max_dept", 3}};
  EXPECT_THAT(training.Refusal(), HasSubstr("did you mean 'max_depth'?"));
}

TEST(BoostedTreesLearnerTest, NamesPluginThatIsNotInstalled) {
  setenv("PENSTOCK_PLUGIN_DIR", "/nowhere", 1);
  const Status status = Training().Run().status();
  unsetenv("PENSTOCK_PLUGIN_DIR");
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nowhere/libpenstock_boosted_trees.so"));
}

}  // namespace
}  // namespace penstock::learning
