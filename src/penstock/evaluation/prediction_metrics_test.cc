#include "penstock/evaluation/prediction_metrics.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/combine/batches_testing.h"
#include "penstock/combine/combiner_laws_testing.h"
#include "penstock/combine/keyed_fold.h"

namespace penstock::evaluation {
namespace {

using combine::BatchMaker;
using combine::ExpectCombinerLaws;
using combine::ExpectDamageIsTold;
using combine::ExpectSameInAllShapes;
using combine::ValueOrDie;
using testing::HasSubstr;

static_assert(combine::GroupedCombiner<PredictionMetrics>);

std::vector<MetricSpec> Specs(const std::vector<std::string>& names) {
  std::vector<MetricSpec> specs;
  for (const std::string& name : names) specs.push_back(ValueOrDie(ParseMetric(name)));
  return specs;
}

double Measured(const std::string& metric, const Batch& batch, Task task = Task::kBinaryClassification) {
  const PredictionMetrics metrics(task, Specs({metric}), {"__prediction"});
  return ValueOrDie(metrics.Finish(combine::StateOf(metrics, {batch}))).values[0][0].value;
}

Batch Five() {
  return BatchMaker()
      .Doubles("__prediction", {0.9, 0.8, 0.7, 0.3, 0.2})
      .Doubles("__label", {1, 0, 1, 0, 1})
      .Make();
}

TEST(PredictionMetricsTest, GivesWhatIsComputedByHand) {
  const double log_loss = -(std::log(0.9) + 2 * std::log(0.2) + 2 * std::log(0.7)) / 5;
  const std::vector<std::pair<std::string, double>> expected = {
      {"example_count", 5},
      {"weighted_example_count", 5},
      {"auc", 0.5},
      {"accuracy", 0.6},
      {"binary_accuracy", 0.6},
      {"balanced_accuracy", (2.0 / 3 + 0.5) / 2},
      {"precision", 2.0 / 3},
      {"recall", 2.0 / 3},
      {"f1_score", 2.0 / 3},
      {"specificity", 0.5},
      {"false_positive_rate", 0.5},
      {"false_negative_rate", 1.0 / 3},
      {"negative_predictive_value", 0.5},
      {"false_discovery_rate", 1.0 / 3},
      {"matthews_correlation_coefficient", (2.0 * 1 - 1 * 1) / std::sqrt(3.0 * 2 * 3 * 2)},
      {"predicted_positive_rate", 0.6},
      {"true_positives", 2},
      {"false_positives", 1},
      {"true_negatives", 1},
      {"false_negatives", 1},
      {"precision@0.75", 0.5},
      {"recall@0.1", 1},
      {"true_positives@0.9", 0},
      {"binary_crossentropy", log_loss},
      {"mean_squared_error", 1.47 / 5},
      {"root_mean_squared_error", std::sqrt(1.47 / 5)},
      {"mean_absolute_error", 0.46},
      {"mean_label", 0.6},
      {"mean_prediction", 0.58},
      {"calibration", 0.58 / 0.6},
  };
  for (const auto& [metric, value] : expected) EXPECT_NEAR(Measured(metric, Five()), value, 1e-12) << metric;
}

TEST(PredictionMetricsTest, EveryDefaultMetricIsMeasured) {
  for (Task task : {Task::kBinaryClassification, Task::kRegression}) {
    for (const MetricSpec& metric : DefaultMetrics(task)) {
      EXPECT_TRUE(std::isfinite(Measured(metric.name, Five(), task))) << metric.name;
    }
  }
}

TEST(PredictionMetricsTest, WeighsAsRepetitionDoes) {
  const Batch weighted = BatchMaker()
                             .Doubles("__prediction", {0.9, 0.8, 0.4, 0.3})
                             .Doubles("__label", {1, 0, 1, 0})
                             .Doubles("__weight", {3, 1, 2, 1})
                             .Make();
  const Batch repeated = BatchMaker()
                             .Doubles("__prediction", {0.9, 0.9, 0.9, 0.8, 0.4, 0.4, 0.3})
                             .Doubles("__label", {1, 1, 1, 0, 1, 1, 0})
                             .Make();
  for (const MetricSpec& metric : DefaultMetrics(Task::kBinaryClassification)) {
    if (metric.name == "example_count") continue;
    // Equal scores that are split into several examples give the same curve.
    EXPECT_NEAR(Measured(metric.name, weighted), Measured(metric.name, repeated), 1e-12) << metric.name;
  }
  EXPECT_EQ(Measured("example_count", weighted), 4);
  EXPECT_EQ(Measured("weighted_example_count", weighted), 7);
}

TEST(PredictionMetricsTest, OfOneClassAreNotNumbersWhereUndefined) {
  const Batch negatives = BatchMaker().Doubles("__prediction", {0.1, 0.2}).Doubles("__label", {0, 0}).Make();
  for (const char* metric :
       {"auc", "auc_precision_recall", "recall", "precision", "calibration", "f1_score"}) {
    EXPECT_TRUE(std::isnan(Measured(metric, negatives))) << metric;
  }
  EXPECT_EQ(Measured("accuracy", negatives), 1);
}

TEST(PredictionMetricsTest, KeepsLogLossOfConfidentMistakeFinite) {
  const Batch mistake = BatchMaker().Doubles("__prediction", {0, 1}).Doubles("__label", {1, 1}).Make();
  EXPECT_NEAR(Measured("binary_crossentropy", mistake), -std::log(1e-7) / 2, 1e-6);
}

TEST(PredictionMetricsTest, MeasuresRegression) {
  const Batch batch = BatchMaker().Doubles("__prediction", {10, -4}).Doubles("__label", {7, -8}).Make();
  EXPECT_DOUBLE_EQ(Measured("mean_squared_error", batch, Task::kRegression), 12.5);
  EXPECT_DOUBLE_EQ(Measured("mean_absolute_error", batch, Task::kRegression), 3.5);
  EXPECT_DOUBLE_EQ(Measured("calibration", batch, Task::kRegression), -6);
}

// Seven batches of uneven sizes, one of them empty.
std::vector<Batch> Predictions() {
  combine::TestRandom random(21);
  std::vector<Batch> batches;
  for (int64_t size : {300, 1, 0, 900, 128, 60, 700}) {
    std::vector<std::optional<double>> prediction, baseline, label, weight;
    std::vector<std::optional<int64_t>> at, hour;
    for (int64_t row = 0; row < size; ++row) {
      prediction.push_back(std::round(random.Uniform() * 500) / 500);
      baseline.push_back(random.Uniform());
      label.push_back(random.Uniform() < *prediction.back() ? 1 : 0);
      weight.push_back(static_cast<double>(random.Below(4)));
      at.push_back(random.Below(20'000));
      hour.push_back(random.Below(5));
    }
    batches.push_back(BatchMaker()
                          .Doubles("__prediction", prediction)
                          .Doubles("__baseline_prediction", baseline)
                          .Doubles("__label", label)
                          .Doubles("__weight", weight)
                          .Ints("at", at)
                          .Ints("hour", hour)
                          .Make());
  }
  return batches;
}

bool Same(const PredictionMetrics::Output& a, const PredictionMetrics::Output& b) {
  if (a.num_examples != b.num_examples || a.weighted_num_examples != b.weighted_num_examples) return false;
  for (size_t model = 0; model < a.values.size(); ++model) {
    for (size_t i = 0; i < a.values[model].size(); ++i) {
      const double one = a.values[model][i].value, other = b.values[model][i].value;
      if (std::isnan(one) && std::isnan(other)) continue;
      if (!(std::fabs(one - other) <= 1e-11 * (1 + std::fabs(one)))) return false;
    }
  }
  return true;
}

std::vector<MetricSpec> ManyMetrics() {
  std::vector<MetricSpec> metrics = DefaultMetrics(Task::kBinaryClassification);
  for (const MetricSpec& metric : Specs({"precision@0.2", "recall@0.9"})) metrics.push_back(metric);
  return metrics;
}

TEST(PredictionMetricsLawsTest, HoldForExactScores) {
  const PredictionMetrics metrics(Task::kBinaryClassification, ManyMetrics(),
                                  {"__prediction", "__baseline_prediction"});
  ExpectCombinerLaws(metrics, Predictions(), Same);
  ExpectSameInAllShapes(metrics, Predictions(), "at", Same);
  ExpectDamageIsTold(metrics, {Predictions()[1], Predictions()[2]});
}

TEST(PredictionMetricsLawsTest, HoldForCountedScores) {
  const PredictionMetrics metrics(Task::kBinaryClassification,
                                  Specs({"auc", "auc_precision_recall", "accuracy"}), {"__prediction"}, 200);
  ExpectCombinerLaws(metrics, Predictions(), Same);
  ExpectSameInAllShapes(metrics, Predictions(), "at", Same);
}

TEST(PredictionMetricsLawsTest, HoldForRegression) {
  const PredictionMetrics metrics(Task::kRegression, DefaultMetrics(Task::kRegression), {"__prediction"});
  ExpectCombinerLaws(metrics, Predictions(), Same);
  ExpectSameInAllShapes(metrics, Predictions(), "at", Same);
}

TEST(PredictionMetricsLawsTest, HoldForSlices) {
  const combine::KeyedFold fold(
      PredictionMetrics(Task::kBinaryClassification, ManyMetrics(), {"__prediction"}), {{}, {"hour"}});
  const auto same = [](const auto& a, const auto& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& one, const auto& other) {
      return one.first == other.first && Same(one.second, other.second);
    });
  };
  ExpectCombinerLaws(fold, Predictions(), same);
  ExpectSameInAllShapes(fold, Predictions(), "at", same);
}

TEST(PredictionMetricsTest, AddingSomeRowsEqualsAddingThemCopied) {
  const PredictionMetrics metrics(Task::kBinaryClassification, ManyMetrics(), {"__prediction"});
  const std::vector<int64_t> rows{1, 5, 17, 200};
  auto by_rows = metrics.NewState(), copied = metrics.NewState();
  ASSERT_EQ(metrics.AddRows(Predictions()[0], rows, by_rows), OkStatus());
  ASSERT_EQ(metrics.Add(ValueOrDie(combine::TakeRows(Predictions()[0], rows)), copied), OkStatus());
  EXPECT_EQ(metrics.Encode(by_rows), metrics.Encode(copied));
}

TEST(MetricCatalogTest, NamesNearestMetric) {
  const Status status = ParseMetric("acuracy").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("did you mean 'accuracy'?"));
}
TEST(MetricCatalogTest, RefusesThresholdsThatAreNone) {
  EXPECT_THAT(std::string(ParseMetric("auc@0.5").status().message()), HasSubstr("takes no threshold"));
  for (const char* name : {"precision@", "precision@x", "precision@2", "precision@nan", "precision@0.5x"}) {
    EXPECT_THAT(std::string(ParseMetric(name).status().message()), HasSubstr("not a number from 0 to 1"))
        << name;
  }
}

}  // namespace
}  // namespace penstock::evaluation
