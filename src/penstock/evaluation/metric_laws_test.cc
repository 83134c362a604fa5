#include <cmath>

#include <gtest/gtest.h>

#include "penstock/combine/batches_testing.h"
#include "penstock/combine/combiner_laws_testing.h"
#include "penstock/evaluation/metric_combiner.h"

namespace penstock::evaluation {
namespace {

using combine::BatchMaker;
using combine::ValueOrDie;
using data::Batch;

// Equal numbers but for rounding; whatever else is equal where its numbers are.
testing::AssertionResult Same(const MetricSet& a, const MetricSet& b) {
  if (a.metrics.size() != b.metrics.size() || a.plots.size() != b.plots.size())
    return testing::AssertionFailure() << "other keys";
  for (const auto& [key, value] : a.metrics) {
    const auto x = NumbersOf(value), y = NumbersOf(b.metrics.at(key));
    if (x.size() != y.size()) return testing::AssertionFailure() << key.name << " has another length";
    for (size_t i = 0; i < x.size(); ++i) {
      if (std::isnan(x[i]) && std::isnan(y[i])) continue;
      if (x[i] == y[i] || std::fabs(x[i] - y[i]) <= 1e-9 * std::max({1.0, std::fabs(x[i]), std::fabs(y[i])}))
        continue;
      return testing::AssertionFailure() << key.name << ": " << x[i] << " and " << y[i];
    }
  }
  return testing::AssertionSuccess();
}

// Labels 0 and 1, scores, a baseline's scores, weights.
Batch Examples(int seed, int num_rows) {
  std::vector<std::optional<double>> labels, predictions, baselines, weights;
  std::vector<std::optional<int64_t>> times;
  for (int i = 0; i < num_rows; ++i) {
    const auto random = static_cast<double>((seed * 7919 + i * 104729) % 1000) / 1000;
    labels.emplace_back((seed + i * 13) % 3 == 0 ? 1 : 0);
    predictions.emplace_back(random * 0.98 + 0.01);
    baselines.emplace_back(1 - random * 0.9);
    weights.emplace_back(1 + random);
    times.emplace_back(1000 * (seed + i));
  }
  return BatchMaker()
      .Doubles("label", labels)
      .Doubles("prediction", predictions)
      .Doubles("base", baselines)
      .Doubles("weight", weights)
      .Ints("time", times)
      .Make();
}

class MetricLawsTest : public testing::TestWithParam<std::string> {};

std::string ArgumentsOf(const std::string& metric) {
  if (metric.ends_with("AtSpecificity")) return "'specificity': 0.5";
  if (metric.ends_with("AtSensitivity")) return "'sensitivity': 0.5";
  if (metric.ends_with("AtRecall")) return "'recall': 0.5";
  if (metric.ends_with("AtPrecision")) return "'precision': 0.5";
  if (metric.ends_with("AtFalsePositiveRate")) return "'false_positive_rate': 0.5";
  if (metric == "ConfusionMatrixAtThresholds") return "'thresholds': [0.2, 0.7]";
  if (metric == "Mean") return "'feature_key_path': ['features', 'base']";
  return "";
}

TEST_P(MetricLawsTest, Hold) {
  const std::string arguments = ArgumentsOf(GetParam());
  const auto config = ValueOrDie(ParseEvalConfig(
      fmt::format("model_specs: [{{name: candidate, label_key: label, prediction_key: prediction, example_weight_key: weight}},\n"
                  "  {{name: baseline, label_key: label, prediction_key: base, is_baseline: true, example_weight_key: weight}}]\n"
                  "metrics_specs: [{{metrics: [{{class_name: {}, config: \"{{{}}}\"}}]}}]",
                  GetParam(), arguments.empty() ? "" : [&] {
                    std::string json = arguments;
                    std::string escaped;
                    for (const char c : json) escaped += c == '\'' ? "\\\"" : std::string(1, c);
                    return escaped;
                  }()),
      "laws.yaml"));
  const EvaluationPlan plan = ValueOrDie(PlanEvaluation(ValueOrDie(CompleteEvalConfig(config, false, false)),
                                                        TargetOfSpec, Compatibility::kTfma));
  ASSERT_EQ(plan.groups.size(), 1u);
  const MetricCombiner combiner(plan, 0);
  const std::vector<Batch> batches = {Examples(1, 30), Examples(2, 7), Examples(3, 41)};
  combine::ExpectCombinerLaws(combiner, batches, Same);
  combine::ExpectSameInAllShapes(combiner, batches, "time", Same);
  combine::ExpectDamageIsTold(combiner, batches);
}

std::vector<std::string> ScalarClasses() {
  std::vector<std::string> names;
  for (const auto& [name, each] : AllMetricClasses()) {
    // Of vectors, of queries (below), and samples, which keep the rows that come first.
    const bool is_other = name.starts_with("Multi") || name == "NDCG" || name == "QueryStatistics" ||
                          name == "MinLabelPosition" || name.ends_with("Sampler") ||
                          name == "FixedSizeSample";
    if (!is_other) names.push_back(name);
  }
  return names;
}

INSTANTIATE_TEST_SUITE_P(EveryClass, MetricLawsTest, testing::ValuesIn(ScalarClasses()),
                         [](const auto& instance) { return instance.param; });

TEST(MetricClassTest, EveryClassSaysWhatItIs) {
  for (const auto& [name, each] : AllMetricClasses()) {
    EXPECT_FALSE(each.description.empty()) << name;
    EXPECT_FALSE(each.name.empty()) << name;
    EXPECT_EQ(each.class_name, name);
  }
}

TEST(MetricClassTest, NamesNearestArgument) {
  const auto arguments = ValueOrDie(MetricArguments::Parse("AUC", "\"num_treshold\": 3"));
  const auto status = arguments.CheckKnown(AllMetricClasses().at("AUC").arguments);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(std::string(status.message()).find("did you mean 'num_thresholds'?"), std::string::npos)
      << status;
}

}  // namespace
}  // namespace penstock::evaluation
