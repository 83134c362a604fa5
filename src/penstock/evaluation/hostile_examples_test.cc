#include <sys/resource.h>

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/evaluation/evaluations_testing.h"
#include "penstock/evaluation/result_json.h"

// Examples that nobody meant to give: every answer is a number, a NaN or a sentence that says what to do.
namespace penstock::evaluation {
namespace {

using combine::BatchMaker;
using combine::ValueOrDie;
using testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr char kClasses[] = "label_key: class, prediction_key: scores";

data::Batch ThreeClasses(double label) {
  return WithLists(BatchMaker().Doubles("class", {0, label}).Make(), "scores",
                   {{0.5, 0.3, 0.2}, {0.1, 0.1, 0.8}});
}

TEST(HostileExamplesTest, LabelsOutsideTheClassesAreNamed) {
  for (const double label : {-2.0, 4.0, 1e300, std::numeric_limits<double>::infinity(), kNaN}) {
    const auto status =
        EvaluateBatches(ConfigOf("BinaryAccuracy", "", kClasses), {ThreeClasses(label)}).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << label;
    EXPECT_THAT(std::string(status.message()), HasSubstr("Row 2 has the label")) << label;
  }
  for (const char* metric :
       {"MultiClassConfusionMatrixAtThresholds", "SparseCategoricalCrossentropy", "OneHotMeanIoU",
        "SparseTopKCategoricalAccuracy", "FBetaScore", "MultiLabelConfusionMatrixPlot"})
    for (const double label : {-1e300, 1e300, kNaN, std::numeric_limits<double>::infinity()}) {
      const std::string arguments = std::string(metric).starts_with("OneHot") ? "\"num_classes\": 3" : "";
      const auto evaluation = EvaluateBatches(ConfigOf(metric, arguments, kClasses), {ThreeClasses(label)});
      EXPECT_TRUE(evaluation.ok() || evaluation.status().code() == StatusCode::kInvalidArgument)
          << metric << label;
    }
}

TEST(HostileExamplesTest, EveryMetricOutlivesNoPredictionAtAll) {
  const data::Batch batch = BatchMaker()
                                .Doubles("label", {std::nullopt, std::nullopt})
                                .Doubles("prediction", {std::nullopt, std::nullopt})
                                .Make();
  for (const auto& [name, metric_class] : AllMetricClasses()) {
    const auto evaluation =
        EvaluateBatches(ConfigOf(name, "", "label_key: label, prediction_key: prediction"), {batch});
    EXPECT_TRUE(evaluation.ok() || evaluation.status().code() == StatusCode::kInvalidArgument ||
                evaluation.status().code() == StatusCode::kNotFound)
        << name << ": " << evaluation.status();
  }
}

TEST(HostileExamplesTest, OneClassAndWeightsOfZeroAreNumbersOrNone) {
  const data::Batch batch = BatchMaker()
                                .Doubles("label", {1, 1, 1})
                                .Doubles("prediction", {0.2, 0.9, 0.9})
                                .Doubles("weight", {0, 0, 0})
                                .Make();
  for (const auto& [name, metric_class] : AllMetricClasses()) {
    for (const char* weight : {"", ", example_weight_key: weight"}) {
      const auto evaluation = EvaluateBatches(
          ConfigOf(name, "", std::string("label_key: label, prediction_key: prediction") + weight), {batch});
      EXPECT_TRUE(evaluation.ok() || evaluation.status().code() == StatusCode::kInvalidArgument ||
                  evaluation.status().code() == StatusCode::kNotFound)
          << name << ": " << evaluation.status();
    }
  }
}

TEST(HostileExamplesTest, ASliceThatNobodyIsInIsNotThereAndFailsItsThreshold) {
  const data::Batch batch = BatchMaker()
                                .Doubles("label", {1, 0})
                                .Doubles("prediction", {0.9, 0.1})
                                .Texts("sex", {std::nullopt, std::nullopt})
                                .Make();
  const auto evaluation = ValueOrDie(
      EvaluateBatches("{label: label, prediction: prediction, metrics: [auc], slices: [[sex]], "
                      "confidence_intervals: bootstrap,\n"
                      " per_slice_thresholds: [{slice: {sex: a}, thresholds: {auc: {lower: 0.5}}}]}",
                      {batch}));
  EXPECT_EQ(evaluation.slices.size(), 1u);
  EXPECT_FALSE(evaluation.IsBlessed());
  EXPECT_THAT(ExplainValidation(evaluation.validation),
              testing::Contains(HasSubstr("there is no slice sex:a")));
}

TEST(HostileExamplesTest, TextsThatAreNoUtf8AreTold) {
  for (const char* yaml : {"{label: l, fairness: {max_difference: {recall: 0.1\x9b}}}",
                           "{label: l, \xff\xfe: 3}", "{label: l, metrics: [\"\\ud800\"]}"}) {
    const auto config = ParseEvalConfig(yaml, "eval.yaml");
    EXPECT_EQ(config.status().code(), StatusCode::kInvalidArgument) << config.status();
  }
  const data::Batch batch = BatchMaker()
                                .Doubles("label", {1, 0})
                                .Doubles("prediction", {0.9, 0.1})
                                .Texts("group", {{"\xff"}, {"a"}})
                                .Make();
  const auto evaluation = ValueOrDie(
      EvaluateBatches("{label: label, prediction: prediction, metrics: [auc], slices: [[group]]}", {batch}));
  EXPECT_THAT(JsonText(ResultsToJson(evaluation.slices)), HasSubstr("group:\xef\xbf\xbd"));
}

std::vector<std::string> SlicesOf(const std::string& config, const data::Batch& batch,
                                  Compatibility compatibility) {
  EvaluationRequest request;
  request.compatibility = compatibility;
  std::vector<std::string> slices;
  for (const SliceResult& slice : ValueOrDie(EvaluateBatches(config, {batch}, request)).slices)
    slices.push_back(ResultsToJson({slice})["slices"][0]["slice"].get<std::string>());
  return slices;
}

// TFMA keeps the value as the spec has it, and Python takes 3 and 3.0 for one key.
TEST(HostileExamplesTest, ValuesOfSlicesAreTypedAsTfmaHasThem) {
  const data::Batch batch = BatchMaker()
                                .Doubles("label", {1, 0, 1, 0})
                                .Ints("hour", {3, 4, 3, 5})
                                .Texts("code", {{"3"}, {"x"}, {"3"}, {"x"}})
                                .Make();
  const auto config = [](const std::string& specs) {
    return "model_specs: [{label_key: label, prediction_key: label}]\n"
           "metrics_specs: [{metrics: [{class_name: ExampleCount}]}]\nslicing_specs: " +
           specs + "\n";
  };
  using testing::ElementsAre;
  EXPECT_THAT(SlicesOf(config("[{feature_values: {hour: '3.0'}}]"), batch, Compatibility::kTfma),
              ElementsAre("hour:3.0"));
  EXPECT_THAT(SlicesOf(config("[{feature_values: {hour: '3.0'}}]"), batch, Compatibility::kDocumentation),
              ElementsAre("hour:3"));
  EXPECT_THAT(SlicesOf(config("[{feature_values: {hour: '3.0'}}, {feature_keys: [hour]}]"), batch,
                       Compatibility::kTfma),
              testing::UnorderedElementsAre("hour:3.0", "hour:4", "hour:5"));
  EXPECT_THAT(SlicesOf(config("[{}, {feature_values: {code: '3'}}]"), batch, Compatibility::kTfma),
              ElementsAre("Overall"));
  EXPECT_THAT(SlicesOf(config("[{}, {feature_values: {code: x}}]"), batch, Compatibility::kTfma),
              ElementsAre("Overall", "code:x"));
}

TEST(HostileExamplesTest, EmptyThresholdsAreRefusedOrAsTfmaHasThem) {
  const data::Batch batch = BatchMaker().Doubles("label", {1, 0}).Doubles("prediction", {0.9, 0.2}).Make();
  const std::string config =
      ConfigOf("Precision", "\"thresholds\": []", "label_key: label, prediction_key: prediction");
  EXPECT_THAT(std::string(EvaluateBatches(config, {batch}).status().message()),
              HasSubstr("has no number in it"));
  EvaluationRequest request;
  request.compatibility = Compatibility::kTfma;
  const MetricValue value = ValueOf(ValueOrDie(EvaluateBatches(config, {batch}, request)), "precision");
  ASSERT_NE(ValueAs<std::vector<double>>(value), nullptr);
  EXPECT_TRUE(ValueAs<std::vector<double>>(value)->empty());
}

TEST(HostileExamplesTest, TfmaCountsExamplesWhoseColumnsAreAbsent) {
  const data::Batch batch = BatchMaker().Doubles("other", {1, 0, 1}).Make();
  const std::string config = ConfigOf("ExampleCount", "", "label_key: label, prediction_key: score");
  EXPECT_EQ(EvaluateBatches(config, {batch}).status().code(), StatusCode::kNotFound);
  EvaluationRequest request;
  request.compatibility = Compatibility::kTfma;
  EXPECT_EQ(NumberOf(ValueOrDie(EvaluateBatches(config, {batch}, request)), "example_count"), 3);
}

int64_t PeakBytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} << 10;
}

// A score histogram of all 10,000 buckets is 160 kB; a slice of two examples needs two of its cells.
TEST(HostileExamplesTest, ManySmallSlicesTakeLittleMemory) {
  constexpr int kNumSlices = 20'000;
  std::vector<std::optional<double>> labels, predictions;
  std::vector<std::optional<int64_t>> users;
  for (int i = 0; i < 2 * kNumSlices; ++i) {
    labels.emplace_back(i < kNumSlices ? 1 : 0);
    predictions.emplace_back(static_cast<double>(i % 1000) / 1000 * (i < kNumSlices ? 1.0 : 0.5) + 0.0005);
    users.emplace_back(i % kNumSlices);
  }
  const data::Batch batch =
      BatchMaker().Doubles("label", labels).Doubles("prediction", predictions).Ints("user", users).Make();
  const int64_t before = PeakBytes();
  const auto evaluation = ValueOrDie(
      EvaluateBatches("{label: label, prediction: prediction, metrics: [auc], slices: [[user]]}", {batch}));
  EXPECT_EQ(evaluation.slices.size(), kNumSlices + 1u);
  EXPECT_LT(PeakBytes() - before, int64_t{400} << 20) << "dense it would be 3.2 GB";
  int num_right = 0;
  for (const SliceResult& slice : evaluation.slices)
    for (const auto& [key, value] : slice.metrics) num_right += std::get<double>(value) > 0.99 ? 1 : 0;
  // Of a thousand users twenty have two scores of nearly nothing: in one bucket, so half right.
  EXPECT_GT(num_right, kNumSlices * 9 / 10);
}

TEST(HostileExamplesTest, MoreSlicesThanAllowedAreRefused) {
  std::vector<std::optional<double>> numbers(3000, 0.5);
  std::vector<std::optional<int64_t>> users;
  for (int i = 0; i < 3000; ++i) users.emplace_back(i);
  EvaluationRequest request;
  request.max_slices = 1000;
  const auto status =
      EvaluateBatches("{label: label, prediction: label, metrics: [example_count], slices: [[user]]}",
                      {BatchMaker().Doubles("label", numbers).Ints("user", users).Make()}, request)
          .status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("more than 1000 slices"));
}

constexpr int kMillion = 1'000'000;

// A million users with one example each, in pieces.
std::vector<data::Batch> MillionUsers() {
  constexpr int kPiece = 50'000;
  std::vector<data::Batch> batches;
  for (int first = 0; first < kMillion; first += kPiece) {
    std::vector<std::optional<double>> labels, predictions;
    std::vector<std::optional<int64_t>> users;
    for (int i = first; i < first + kPiece; ++i) {
      labels.emplace_back(i % 2);
      predictions.emplace_back((i % 2) * 0.5 + (i % 7) * 0.05);
      users.emplace_back(i);
    }
    batches.push_back(
        BatchMaker().Doubles("label", labels).Doubles("prediction", predictions).Ints("user", users).Make());
  }
  return batches;
}

TEST(HostileExamplesTest, AMillionSlicesNobodyAllowedAreRefusedBeforeTheyFillTheMemory) {
  const std::vector<data::Batch> users = MillionUsers();
  const int64_t before = PeakBytes();
  const auto status =
      EvaluateBatches("{label: label, prediction: prediction, metrics: [auc], slices: [[user]]}", users)
          .status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              testing::AllOf(HasSubstr("more than 100000 slices"), HasSubstr("--max-slices")));
  EXPECT_LT(PeakBytes() - before, int64_t{400} << 20);
}

TEST(HostileExamplesTest, AMillionSlicesThatAreAllowedFitIntoMemory) {
  EvaluationRequest request;
  request.max_slices = 2 * kMillion;
  const std::vector<data::Batch> users = MillionUsers();
  const int64_t before = PeakBytes();
  const auto evaluation = ValueOrDie(EvaluateBatches(
      "{label: label, prediction: prediction, metrics: [mean_label, calibration, recall], slices: [[user]]}",
      users, request, /*num_threads=*/2));
  ASSERT_EQ(evaluation.slices.size(), kMillion + 1u);
  double sum = 0;
  for (const SliceResult& slice : evaluation.slices)
    for (const auto& [key, value] : slice.metrics)
      if (key.name == "mean_label") sum += std::get<double>(value);
  EXPECT_DOUBLE_EQ(sum, kMillion / 2.0 + 0.5) << "half of the users, and the mean of all";
  EXPECT_LT(PeakBytes() - before, int64_t{2'000} << 20);
}

}  // namespace
}  // namespace penstock::evaluation
