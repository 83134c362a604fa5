#include "penstock/evaluation/evaluation_run.h"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "penstock/combine/batches_testing.h"
#include "penstock/combine/combiner_laws_testing.h"
#include "penstock/evaluation/evaluation_output.h"
#include "penstock/evaluation/result_json.h"
#include "penstock/evaluation/validation.h"
#include "penstock/evaluation/worst_slices.h"

namespace penstock::evaluation {
namespace {

using combine::BatchMaker;
using combine::ValueOrDie;
using data::Batch;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::unique_ptr<data::Dataset> DatasetOf(std::vector<Batch> batches) {
  auto schema = batches.front()->schema();
  return data::MakeInMemoryDataset(std::move(schema), std::move(batches));
}

Batch Trips() {
  return BatchMaker()
      .Doubles("prediction", {0.9, 0.8, 0.7, 0.3, 0.2, 0.6})
      .Doubles("base", {0.9, 0.1, 0.7, 0.3, 0.8, 0.5})
      .Ints("label", {1, 0, 1, 0, 1, 0})
      .Texts("payment", {{"Cash"}, {"Cash"}, {"Credit"}, {"Credit"}, {"Credit"}, {"Cash"}})
      .Ints("hour", {1, 2, 1, 2, 2, 1})
      .Doubles("weight", {1, 1, 1, 1, 1, 1})
      .Make();
}

Result<Evaluation> EvaluateTrips(const std::string& yaml, std::vector<Batch> batches = {Trips()},
                                 EvaluationRequest request = {}, int num_threads = 1) {
  auto config = ParseEvalConfig(yaml, "test.yaml");
  if (!config.ok()) return config.status();
  request.config = *std::move(config);
  return RunEvaluation(request, *DatasetOf(std::move(batches)), {.num_threads = num_threads});
}

double MetricOf(const Evaluation& evaluation, const std::string& slice, const std::string& metric) {
  for (const SliceResult& each : evaluation.slices) {
    if (each.is_cross || SliceText(each.slice) != slice) continue;
    for (const auto& [key, value] : each.metrics)
      if (key.name == metric && !key.is_diff && key.model != "baseline") return std::get<double>(value);
  }
  ADD_FAILURE() << "no " << metric << " of " << slice;
  return kNaN;
}

std::vector<std::string> SliceNames(const Evaluation& evaluation) {
  std::vector<std::string> names;
  for (const SliceResult& slice : evaluation.slices) names.push_back(SliceText(slice.slice));
  return names;
}

TEST(RunEvaluationTest, MeasuresOverallAndEverySlice) {
  const auto evaluation = ValueOrDie(
      EvaluateTrips("{label: label, prediction: prediction, metrics: [example_count, precision, recall, "
                    "mean_label, accuracy], "
                    "slices: [[payment], [hour]]}"));
  EXPECT_THAT(SliceNames(evaluation),
              ElementsAre("Overall", "hour:1", "hour:2", "payment:Cash", "payment:Credit"));
  EXPECT_EQ(MetricOf(evaluation, "Overall", "example_count"), 6);
  EXPECT_EQ(MetricOf(evaluation, "Overall", "precision"), 0.5);
  EXPECT_DOUBLE_EQ(MetricOf(evaluation, "Overall", "recall"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(MetricOf(evaluation, "payment:Cash", "mean_label"), 1.0 / 3);
  EXPECT_DOUBLE_EQ(MetricOf(evaluation, "hour:2", "accuracy"), 1.0 / 3);
}

// AUC by counting pairs; the histogram has a bucket for each of these scores, so it is exact.
TEST(RunEvaluationTest, AreaUnderTheCurveIsTheShareOfPairsInOrder) {
  const auto evaluation = ValueOrDie(EvaluateTrips("{label: label, prediction: prediction, metrics: [auc]}"));
  // Positives 0.9, 0.7, 0.2 against negatives 0.8, 0.3, 0.6: 3 + 2 + 0 of 9.
  EXPECT_NEAR(MetricOf(evaluation, "Overall", "auc"), 5.0 / 9, 1e-12);
}

TEST(RunEvaluationTest, GivesTheSameBitsWithAnyNumberOfThreads) {
  std::vector<Batch> batches(9, Trips());
  const std::string config =
      "{label: label, prediction: prediction, baseline_prediction: base, example_weight: weight, "
      "slices: [[payment], [hour, payment]], confidence_intervals: bootstrap}";
  std::string with_one;
  for (const int num_threads : {1, 2, 8}) {
    const auto evaluation = ValueOrDie(EvaluateTrips(config, batches, {}, num_threads));
    const std::string text = ResultsToJson(evaluation.slices).dump();
    if (with_one.empty()) with_one = text;
    EXPECT_EQ(text, with_one) << num_threads << " threads";
  }
}

TEST(RunEvaluationTest, UndefinedMetricsAreNotNumbersUnlessTfmaSaysOtherwise) {
  const Batch positives = BatchMaker().Doubles("prediction", {0.2, 0.4}).Ints("label", {1, 1}).Make();
  const std::string config =
      "{label: label, prediction: prediction, metrics: [auc, prevalence_threshold@0.9]}";
  EXPECT_TRUE(std::isnan(MetricOf(ValueOrDie(EvaluateTrips(config, {positives})), "Overall", "auc")));
  EvaluationRequest as_tfma;
  as_tfma.compatibility = Compatibility::kTfma;
  EXPECT_EQ(MetricOf(ValueOrDie(EvaluateTrips(config, {positives}, as_tfma)), "Overall", "auc"), 0);
}

TEST(RunEvaluationTest, RefusesPredictionsAndWeightsThatAreNone) {
  for (const auto& [prediction, weight, message] :
       {std::tuple(kNaN, 1.0, "'prediction' has the prediction nan"),
        {std::numeric_limits<double>::infinity(), 1.0, "must be finite"},
        {0.5, -1.0, "'weight' has the weight -1"}}) {
    const Batch batch = BatchMaker()
                            .Doubles("prediction", {0.5, prediction})
                            .Ints("label", {1, 0})
                            .Doubles("weight", {1, weight})
                            .Make();
    const auto status =
        EvaluateTrips("{label: label, prediction: prediction, example_weight: weight}", {batch}).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(message));
  }
}

TEST(RunEvaluationTest, RefusesLabelsOutsideZeroToOneWhereTheyAreFractions) {
  const Batch batch = BatchMaker().Doubles("prediction", {0.5, 0.5}).Ints("label", {1, 2}).Make();
  const auto status =
      EvaluateTrips("{label: label, prediction: prediction, metrics: [auc]}", {batch}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("Row 2 has the label 2"));
}

TEST(RunEvaluationTest, WeightsOfZeroAreNotNumbersNotCrashes) {
  const Batch batch =
      BatchMaker().Doubles("prediction", {0.5, 0.1}).Ints("label", {1, 0}).Doubles("weight", {0, 0}).Make();
  const auto evaluation =
      ValueOrDie(EvaluateTrips("{label: label, prediction: prediction, example_weight: weight}", {batch}));
  EXPECT_TRUE(std::isnan(MetricOf(evaluation, "Overall", "mean_label")));
}

TEST(RunEvaluationTest, RefusesMoreSlicesThanAllowed) {
  EvaluationRequest request;
  request.max_slices = 3;
  const auto status =
      EvaluateTrips("{label: label, prediction: prediction, slices: [[hour, payment]]}", {Trips()}, request)
          .status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("more than 3 "));
}

TEST(RunEvaluationTest, NamesNearestColumn) {
  EXPECT_THAT(std::string(EvaluateTrips("{label: lable, prediction: prediction}").status().message()),
              HasSubstr("did you mean 'label'?"));
  EXPECT_THAT(
      std::string(
          EvaluateTrips("{label: label, prediction: prediction, slices: [[payments]]}").status().message()),
      HasSubstr("did you mean 'payment'?"));
}

TEST(RunEvaluationTest, SqlSlicesKeepRowsForWhichTheConditionHolds) {
  const auto evaluation = ValueOrDie(EvaluateTrips(
      "{model_specs: [{label_key: label, prediction_key: prediction}], "
      "slicing_specs: [{slice_keys_sql: \"SELECT STRUCT(payment) FROM example.payment WHERE hour < 2\"}], "
      "metrics_specs: [{metrics: [{class_name: ExampleCount}]}]}"));
  EXPECT_THAT(SliceNames(evaluation), ElementsAre("payment:Cash", "payment:Credit"));
  EXPECT_EQ(MetricOf(evaluation, "payment:Cash", "example_count"), 2);
  EXPECT_EQ(MetricOf(evaluation, "payment:Credit", "example_count"), 1);
}

// By hand: "the cat" of "the cat sat" is 2 of 2 words and 2 of 3.
TEST(RunEvaluationTest, RougeIsTheOverlapOfWords) {
  const Batch batch =
      BatchMaker().Texts("label", {{"The cat sat."}}).Texts("prediction", {{"the cat"}}).Make();
  EvaluationRequest as_tfma;
  as_tfma.compatibility = Compatibility::kTfma;
  const auto evaluation =
      ValueOrDie(EvaluateTrips("{model_specs: [{label_key: label, prediction_key: prediction}], "
                               "metrics_specs: [{metrics: [{class_name: Rouge}, {class_name: Bleu}]}]}",
                               {batch}, as_tfma));
  for (const auto& [key, value] : evaluation.slices[0].metrics) {
    if (key.name != "rougeL") continue;
    EXPECT_THAT(std::get<std::vector<double>>(value),
                ElementsAre(1, testing::DoubleEq(2.0 / 3), testing::DoubleEq(0.8)));
  }
  EXPECT_EQ(MetricOf(evaluation, "Overall", "BLEU"), 0);  // Nothing of four tokens.
}

// A normal mean's standard error is known: both ways of resampling must come near it.
TEST(IntervalTest, StandardErrorsAreNearTheKnownOne) {
  std::vector<std::optional<double>> predictions;
  std::vector<std::optional<int64_t>> labels;
  for (int i = 0; i < 4000; ++i) {
    predictions.emplace_back((i * 7919 % 4000 + 0.5) / 4000);
    labels.emplace_back(i % 2);
  }
  const Batch batch = BatchMaker().Doubles("prediction", predictions).Ints("label", labels).Make();
  const double known = std::sqrt(1.0 / 12 / 4000);
  for (const char* method : {"bootstrap", "jackknife"}) {
    const auto evaluation = ValueOrDie(EvaluateTrips(
        fmt::format(
            "{{label: label, prediction: prediction, metrics: [mean_prediction], confidence_intervals: {}}}",
            method),
        {batch}));
    const Interval& interval = evaluation.slices[0].intervals.begin()->second;
    EXPECT_GT(interval.standard_error[0], known * 0.5) << method;
    EXPECT_LT(interval.standard_error[0], known * 2) << method;
    EXPECT_LT(interval.lower[0], 0.5) << method;
    EXPECT_GT(interval.upper[0], 0.5) << method;
  }
}

struct ThresholdCase {
  const char* thresholds;
  bool is_blessed;
};

TEST(ThresholdTest, HoldsTheTable) {
  // Precision 0.5, recall 2/3, false positive rate 2/3; of the baseline 1, 1 and 0.
  for (const ThresholdCase& each :
       {ThresholdCase{"thresholds: {precision: {lower: 0.5}}", true},
        {"thresholds: {precision: {lower: 0.500001}}", false},
        {"thresholds: {precision: {upper: 0.5}}", true},
        {"thresholds: {precision: {upper: 0.499}}", false},
        {"thresholds: {negative_likelihood_ratio@0.99: {lower: -1}}", true},
        {"thresholds: {positive_likelihood_ratio@0.99: {lower: -1}}", false},  // NaN
        {"change_thresholds: {precision: {absolute: -0.5}}", true},
        {"change_thresholds: {precision: {absolute: -0.49}}", false},
        {"change_thresholds: {precision: {relative: -0.5}}", true},
        {"change_thresholds: {precision: {relative: -0.49}}", false},
        {"change_thresholds: {false_positive_rate: {absolute: 0.67}}", true},
        {"change_thresholds: {false_positive_rate: {absolute: 0.66}}", false},
        {"per_slice_thresholds: [{slice: {payment: Cash}, thresholds: {recall: {lower: 1}}}]", true},
        {"per_slice_thresholds: [{slice: [payment], thresholds: {recall: {lower: 1}}}]", false},
        {"per_slice_thresholds: [{slice: {payment: Cheque}, thresholds: {recall: {lower: 0}}}]", false}}) {
    const auto evaluation = ValueOrDie(EvaluateTrips(fmt::format(
        "{{label: label, prediction: prediction, baseline_prediction: base, {}}}", each.thresholds)));
    EXPECT_EQ(evaluation.IsBlessed(), each.is_blessed) << each.thresholds;
    EXPECT_EQ(ExplainValidation(evaluation.validation).empty(), each.is_blessed) << each.thresholds;
  }
}

TEST(ThresholdTest, SaysSliceNumberAndLimit) {
  const auto evaluation = ValueOrDie(
      EvaluateTrips("{label: label, prediction: prediction, "
                    "per_slice_thresholds: [{slice: [payment], thresholds: {recall: {lower: 0.9}}}]}"));
  EXPECT_THAT(ExplainValidation(evaluation.validation),
              ElementsAre("recall of payment:Credit is 0.5: it must be at least 0.9"));
}

TEST(ThresholdTest, ChangesNeedABaselineUnlessItIsTheFirstRun) {
  const std::string config =
      "{label: label, prediction: prediction, change_thresholds: {auc: {absolute: 0}}}";
  EXPECT_THAT(std::string(EvaluateTrips(config).status().message()), HasSubstr("the baseline is missing"));
  EvaluationRequest first;
  first.is_first_run = true;
  EXPECT_TRUE(ValueOrDie(EvaluateTrips(config, {Trips()}, first)).IsBlessed());
}

TEST(ThresholdTest, FairnessGateNamesTheGroup) {
  const auto evaluation =
      ValueOrDie(EvaluateTrips("{label: label, prediction: prediction, metrics: [auc], "
                               "fairness: {columns: [payment], baseline: {payment: Cash}, max_difference: "
                               "{equal_opportunity: 0.05}}}"));
  EXPECT_FALSE(evaluation.IsBlessed());
  EXPECT_THAT(ExplainValidation(evaluation.validation),
              Contains(HasSubstr("true_positive_rate of payment:Credit against payment:Cash is 0.5")));
}

// One slice only is made worse; nobody says where.
TEST(WorstSlicesTest, FindsThePairThatWasMadeWorse) {
  std::vector<std::optional<double>> predictions, ages;
  std::vector<std::optional<int64_t>> labels;
  std::vector<std::optional<std::string>> cities, devices;
  for (int i = 0; i < 6000; ++i) {
    const int city = i % 5, device = i / 5 % 3;
    const bool is_bad = city == 2 && device == 1;
    labels.emplace_back(i / 15 % 2);
    const double noise = i % 7 * 0.01;
    predictions.emplace_back((*labels.back() == 1) != is_bad ? 0.8 + noise : 0.2 - noise);
    ages.emplace_back(i * 31 % 997);
    cities.emplace_back("city" + std::to_string(city));
    devices.emplace_back("device" + std::to_string(device));
  }
  const Batch batch = BatchMaker()
                          .Doubles("prediction", predictions)
                          .Ints("label", labels)
                          .Doubles("age", ages)
                          .Texts("city", cities)
                          .Texts("device", devices)
                          .Make();
  WorstSliceOptions options;
  options.target = {"label", "prediction", ""};
  const auto worst = ValueOrDie(FindWorstSlices(*DatasetOf({batch}), options, {.num_threads = 2}));
  ASSERT_FALSE(worst.found.empty());
  EXPECT_EQ(SliceText(worst.found[0].slice), "city:city2,device:device1");
  EXPECT_EQ(worst.found[0].num_examples, 400);
  EXPECT_LT(worst.found[0].p_value, 1e-6);
  EXPECT_EQ(worst.loss_name, "binary_crossentropy");
}

TEST(WorstSlicesTest, FindsNothingWhereTheModelErrsAlike) {
  std::vector<std::optional<double>> predictions;
  std::vector<std::optional<int64_t>> labels, groups;
  for (uint64_t i = 0; i < 4000; ++i) {
    const uint64_t random = (i + 1) * 0x9E3779B97F4A7C15ull;
    labels.emplace_back(static_cast<int64_t>(random >> 63));
    predictions.emplace_back(static_cast<double>((random * 0xBF58476D1CE4E5B9ull) >> 40) / (1 << 24));
    groups.emplace_back(static_cast<int64_t>(((random ^ (random >> 31)) * 0x94D049BB133111EBull) >> 60));
  }
  const Batch batch =
      BatchMaker().Doubles("prediction", predictions).Ints("label", labels).Ints("group", groups).Make();
  WorstSliceOptions options;
  options.target = {"label", "prediction", ""};
  EXPECT_TRUE(ValueOrDie(FindWorstSlices(*DatasetOf({batch}), options, {})).found.empty());
}

TEST(ResultJsonTest, PrintsSliceBySliceWhatItIsAsOneValue) {
  const auto evaluation =
      ValueOrDie(EvaluateTrips("{label: label, prediction: prediction, slices: [[hour]]}"));
  const std::string path = testing::TempDir() + "/printed.json";
  std::FILE* file = std::fopen(path.c_str(), "w");
  PrintResults(evaluation.slices, file);
  std::fclose(file);
  EXPECT_EQ(nlohmann::json::parse(std::ifstream(path)), ResultsToJson(evaluation.slices));
}

TEST(EvaluationFilesTest, ReadBackWhatWasWritten) {
  const auto evaluation = ValueOrDie(EvaluateTrips(
      "{label: label, prediction: prediction, slices: [[hour]], thresholds: {auc: {lower: 0.99}}}"));
  const std::string folder = testing::TempDir() + "/evaluation_files";
  ASSERT_EQ(WriteEvaluationFiles(evaluation, folder), OkStatus());
  const auto stored = ValueOrDie(ReadEvaluationFiles(folder));
  EXPECT_EQ(ResultsToJson(stored.slices), ResultsToJson(evaluation.slices));
  EXPECT_FALSE(std::filesystem::exists(folder + "/metrics-00000-of-00001.tfrecord.partial"));
  EXPECT_TRUE(stored.has_validation);
  EXPECT_FALSE(stored.validation.validation_ok());
  EXPECT_EQ(ReadEvaluationFiles(folder + "/none").status().code(), StatusCode::kNotFound);
}

TEST(EvalConfigTest, YamlJsonAndTextFormatAreOne) {
  const auto yaml =
      ValueOrDie(ParseEvalConfig("model_specs: [{label_key: l, prediction_key: p}]\nmetrics_specs: "
                                 "[{metrics: [{class_name: AUC, threshold: "
                                 "{value_threshold: {lower_bound: 0.5}}}]}]",
                                 "a.yaml"));
  const auto json = ValueOrDie(ParseEvalConfig(
      R"({"model_specs": [{"label_key": "l", "prediction_key": "p"}], "metrics_specs": [{"metrics": [{"class_name": "AUC",
          "threshold": {"value_threshold": {"lower_bound": 0.5}}}]}]})",
      "a.json"));
  const auto text = ValueOrDie(ParseEvalConfig(
      R"(model_specs { label_key: "l" prediction_key: "p" } metrics_specs { metrics { class_name: "AUC"
         threshold { value_threshold { lower_bound { value: 0.5 } } } } })",
      "a.pbtxt"));
  EXPECT_EQ(yaml.ShortDebugString(), text.ShortDebugString());
  EXPECT_EQ(json.ShortDebugString(), text.ShortDebugString());
}

TEST(EvalConfigTest, NamesPlaceAndNearestOfAMistake) {
  for (const auto& [yaml, message] :
       {std::pair("{lable: x}", "did you mean 'label'?"),
        {"{metrics: [aux]}", "did you mean 'auc'?"},
        {"{metrics: [precision@2]}", "needs a number from 0 to 1"},
        {"{thresholds: {auc: {lowr: 1}}}", "'thresholds.auc' has no key 'lowr'; did you mean 'lower'?"},
        {"{thresholds: {auc: {lower: 1, upper: 0}}}", "lower 1 above upper 0"},
        {"{change_thresholds: {calibration: {absolute: 0}}}", "needs 'direction'"},
        {"{slices: [[a, a]]}", "names column 'a' twice"},
        {"{per_slice_thresholds: [{slice: {a: b}}]}", "needs 'thresholds' or 'change_thresholds'"},
        {"model_specs: [{label_kye: x}]", "did you mean 'label_key'?"},
        {"{a: 1, a: 2}", "stands twice"},
        {"[1, 2", "not YAML"}}) {
    const auto config = ParseEvalConfig(yaml, "test.yaml");
    EXPECT_EQ(config.status().code(), StatusCode::kInvalidArgument) << yaml;
    EXPECT_THAT(std::string(config.status().message()), HasSubstr(message)) << yaml;
  }
}

TEST(EvalConfigTest, NamesNearestMetricClass) {
  const auto status = EvaluateTrips(
                          "{model_specs: [{label_key: label, prediction_key: prediction}], "
                          "metrics_specs: [{metrics: [{class_name: Precison}]}]}")
                          .status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("did you mean 'Precision'?"));
}

}  // namespace
}  // namespace penstock::evaluation
