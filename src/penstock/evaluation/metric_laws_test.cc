#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <set>

#include <gtest/gtest.h>

#include "penstock/combine/row_groups.h"
#include "penstock/evaluation/evaluations_testing.h"
#include "penstock/evaluation/metric_combiner.h"

// What every metric that is registered has to satisfy. A class that is not named below is measured on labels
// of 0 and 1; one that needs something else has to be given it here before it passes.
namespace penstock::evaluation {
namespace {

using combine::BatchMaker;
using combine::ValueOrDie;
using data::Batch;

// What a class is measured on: columns of Examples, as YAML of a model's spec, and its arguments as JSON.
struct Shape {
  std::string model = "label_key: label, prediction_key: prediction";
  std::string baseline = "label_key: label, prediction_key: base";
  std::string arguments;
  bool is_by_query = false;
  bool is_sample = false;  ///< Keeps the rows that come first: which ones those are is no law.
};

bool IsOneOf(const std::string& name, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(), [&](const char* each) { return name == each; });
}

Shape ScoresOf(const char* label, const std::string& arguments = "") {
  return {fmt::format("label_key: {}, prediction_key: scores", label),
          fmt::format("label_key: {}, prediction_key: other_scores", label), arguments};
}

Shape ShapeOf(const std::string& name) {
  Shape shape;
  if (name.ends_with("AtSpecificity")) shape.arguments = R"("specificity": 0.5)";
  if (name.ends_with("AtSensitivity")) shape.arguments = R"("sensitivity": 0.5)";
  if (name.ends_with("AtRecall")) shape.arguments = R"("recall": 0.5)";
  if (name.ends_with("AtPrecision")) shape.arguments = R"("precision": 0.5)";
  if (name.ends_with("AtFalsePositiveRate")) shape.arguments = R"("false_positive_rate": 0.5)";
  if (name == "ConfusionMatrixAtThresholds") shape.arguments = R"("thresholds": [0.2, 0.7])";
  if (name == "Accuracy") shape.model = "label_key: label, prediction_key: class";
  if (name == "Mean") shape.arguments = R"("feature_key_path": ["features", "base"])";
  if (name == "MeanRelativeError") shape.arguments = R"("normalizer": 2.5)";
  if (IsOneOf(name, {"NDCG", "QueryStatistics", "MinLabelPosition"})) shape.is_by_query = true;
  if (name == "NDCG") shape.arguments = R"("gain_key": "label", "top_k_list": [2])";
  if (IsOneOf(name, {"MultiClassConfusionMatrixAtThresholds", "MultiClassConfusionMatrixPlot",
                     "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy"}))
    return ScoresOf("class");
  if (name == "SparseTopKCategoricalAccuracy") return ScoresOf("class", "\"k\": 2");
  if (IsOneOf(name, {"MultiLabelConfusionMatrixPlot", "CategoricalAccuracy", "CategoricalCrossentropy",
                     "CategoricalCrossEntropy", "CategoricalHinge", "KLDivergence", "CosineSimilarity",
                     "PearsonCorrelation", "ConcordanceCorrelation", "FBetaScore"}))
    return ScoresOf("one_hot");
  if (name == "TopKCategoricalAccuracy") return ScoresOf("one_hot", "\"k\": 2");
  if (name.starts_with("OneHot")) return ScoresOf("one_hot", R"("num_classes": 3)");
  if (name.ends_with("FeatureSampler") || name == "FixedSizeSample") {
    shape.is_sample = true;
    shape.arguments = name == "FixedSizeSample" ? R"("sampled_key": "base", "size": 5)"
                                                : R"("feature_key": "base", "sample_size": 5)";
  }
  if (IsOneOf(name, {"Bleu", "Rouge", "ExactMatch"}))
    shape.model = "label_key: text, prediction_key: said",
    shape.baseline = "label_key: text, prediction_key: text";
  if (name.starts_with("ObjectDetection") || name.starts_with("COCO")) {
    shape.model = "label_key: objects, prediction_key: detections";
    shape.baseline = "label_key: objects, prediction_key: other_detections";
    shape.arguments += std::string(shape.arguments.empty() ? "" : ", ") +
                       (name.starts_with("COCOMean") ? R"("class_ids": [0, 1])" : R"("class_id": 1)");
    if (name.ends_with("Precision") && name.starts_with("COCO"))
      shape.arguments += R"(, "num_thresholds": 50)";
  }
  if (name.starts_with("SetMatch")) {
    shape.model = "label_key: tags, prediction_keys: {classes: found, scores: found_scores}";
    shape.baseline = "label_key: tags, prediction_keys: {classes: found, scores: found_scores}";
  }
  if (name.starts_with("SemanticSegmentation"))
    shape.arguments = R"("class_ids": [1, 2], "ground_truth_key": "mask", "prediction_key": "seen",
                         "decode_ground_truth": false)";
  return shape;
}

// Rows with a column of every kind. Whole queries: three documents each.
Batch Examples(int seed, int num_queries, double weight_scale = 1) {
  std::mt19937 random(static_cast<unsigned>(seed));
  const auto uniform = [&] { return static_cast<double>(random() % 10'000) / 10'000 * 0.98 + 0.01; };
  std::vector<std::optional<double>> labels, predictions, bases, weights, age;
  std::vector<std::optional<int64_t>> times, queries, classes;
  std::vector<std::optional<std::string>> texts, said;
  std::vector<std::vector<double>> scores, others, one_hot, objects, detections, other_detections,
      found_scores, masks, seen, pay;
  std::vector<std::vector<std::string>> tags, found;
  const std::vector<std::string> words{"the", "cat", "sat", "on", "a", "mat", "today"};
  for (int i = 0; i < num_queries * 3; ++i) {
    const double score = uniform();
    labels.emplace_back(random() % 5 < (score > 0.5 ? 4u : 1u) ? 1 : 0);
    predictions.emplace_back(score);
    bases.emplace_back(uniform());
    // One weight a query, as ranking metrics want it.
    weights.emplace_back((1 + (seed * 31 + i / 3) % 4) * weight_scale);
    age.emplace_back(uniform() - 0.5);
    times.emplace_back(1000 * (seed + i));
    queries.emplace_back(seed * 1000 + i / 3);
    const int64_t class_id = random() % 3;
    classes.emplace_back(class_id);
    scores.push_back({uniform(), uniform(), uniform()});
    others.push_back({uniform(), uniform(), uniform()});
    one_hot.emplace_back(3, 0.0);
    one_hot.back()[static_cast<size_t>(class_id)] = 1;
    std::string text, answer;
    for (int w = 0; w < 6; ++w) {
      const std::string& word = words[random() % words.size()];
      text += word + " ";
      answer += (random() % 3 == 0 ? words[random() % words.size()] : word) + " ";
    }
    texts.emplace_back(text);
    said.emplace_back(random() % 3 == 0 ? text : answer);
    const double x = uniform() * 100;
    objects.push_back({x, 0, x + 10, 10, static_cast<double>(random() % 2)});
    const double right = objects.back()[4];
    detections.push_back({x + uniform() * 4, 0, x + 10, 10, right, uniform(), 0, 50, 9, 60, 1, uniform()});
    other_detections.push_back({x, 0, x + 9, 10, right, uniform()});
    tags.push_back({words[random() % 3], words[3 + random() % 3]});
    found.push_back({words[random() % 3], words[3 + random() % 3]});
    found_scores.push_back({uniform(), uniform()});
    masks.emplace_back();
    seen.emplace_back();
    for (int pixel = 0; pixel < 6; ++pixel) {
      masks.back().push_back(static_cast<double>(random() % 3));
      seen.back().push_back(static_cast<double>(random() % 3));
    }
    pay.push_back({uniform(), -uniform()});
  }
  Batch batch = BatchMaker()
                    .Doubles("label", labels)
                    .Doubles("prediction", predictions)
                    .Doubles("base", bases)
                    .Doubles("weight", weights)
                    .Doubles("attributions/age", age)
                    .Ints("time", times)
                    .Ints("query", queries)
                    .Ints("class", classes)
                    .Texts("text", texts)
                    .Texts("said", said)
                    .TextLists("tags", tags)
                    .TextLists("found", found)
                    .Make();
  for (const auto& [name, lists] : {std::pair("scores", &scores),
                                    {"other_scores", &others},
                                    {"one_hot", &one_hot},
                                    {"objects", &objects},
                                    {"detections", &detections},
                                    {"other_detections", &other_detections},
                                    {"found_scores", &found_scores},
                                    {"mask", &masks},
                                    {"seen", &seen},
                                    {"attributions/pay", &pay}})
    batch = WithLists(batch, name, *lists);
  return batch;
}

std::string ConfigOf(const std::string& metric) {
  const Shape shape = ShapeOf(metric);
  std::string escaped;
  for (const char c : shape.arguments) escaped += c == '"' ? "\\\"" : std::string(1, c);
  return fmt::format(
      "model_specs: [{{name: candidate, {}, example_weight_key: weight}},\n"
      "  {{name: baseline, {}, is_baseline: true, example_weight_key: weight}}]\n"
      "metrics_specs: [{{metrics: [{{class_name: {}, config: \"{{{}}}\"}}]{}}}]",
      shape.model, shape.baseline, metric, escaped, shape.is_by_query ? ", query_key: query" : "");
}

// Every number of a value with its place, so that nothing is compared by its count only.
struct Numbers {
  std::map<std::string, double> at;
  void operator()(double value) { at[""] = value; }
  void operator()(const std::vector<double>& values) {
    for (size_t i = 0; i < values.size(); ++i) at[fmt::format("{}", i)] = values[i];
  }
  void operator()(const ConfusionMatrices& m) {
    for (size_t i = 0; i < m.thresholds.size(); ++i)
      for (const auto& [name, part] : {std::pair("tp", &m.tp), {"tn", &m.tn}, {"fp", &m.fp}, {"fn", &m.fn}})
        at[fmt::format("{}@{}", name, m.thresholds[i])] = (*part)[i];
  }
  void operator()(const ClassMatrices& m) {
    for (const auto& [threshold, cells] : m.by_threshold)
      for (const auto& [pair, weight] : cells)
        at[fmt::format("{},{}@{}", pair.first, pair.second, threshold)] = weight;
  }
  void operator()(const MultiLabelMatrices& m) {
    for (const auto& [threshold, cells] : m.by_threshold)
      for (const auto& [pair, weights] : cells)
        for (size_t i = 0; i < 4; ++i)
          at[fmt::format("{},{},{}@{}", pair.first, pair.second, i, threshold)] = weights[i];
  }
  void operator()(const CalibrationBuckets& buckets) {
    for (const auto& bucket : buckets.buckets) {
      at[fmt::format("weight@{}", bucket.lower)] = bucket.weight;
      at[fmt::format("label@{}", bucket.lower)] = bucket.label;
      at[fmt::format("prediction@{}", bucket.lower)] = bucket.prediction;
    }
  }
  void operator()(const FeatureSample& sample) { (*this)(sample.numbers); }
  void operator()(const std::string&) {}
  void operator()(const Attributions& attributions) {
    for (const auto& [feature, values] : attributions.by_feature)
      for (size_t i = 0; i < values.size(); ++i) at[fmt::format("{},{}", feature, i)] = values[i];
  }
};

template <class Values>
std::map<std::string, double> NumbersIn(const Values& values) {
  std::map<std::string, double> all;
  for (const auto& [key, value] : values) {
    Numbers numbers;
    std::visit(numbers, value);
    for (const auto& [place, number] : numbers.at)
      all[fmt::format("{}|{}|{}|{:d}|{}", key.name, key.model, key.SubKeyText(), key.is_diff, place)] =
          number;
  }
  return all;
}

testing::AssertionResult AreNear(double a, double b) {
  if ((std::isnan(a) && std::isnan(b)) || a == b ||
      std::fabs(a - b) <= 1e-9 * std::max({1.0, std::fabs(a), std::fabs(b)}))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << a << " and " << b;
}

testing::AssertionResult AreSame(const std::map<std::string, double>& a,
                                 const std::map<std::string, double>& b) {
  if (a.size() != b.size()) return testing::AssertionFailure() << "other keys";
  for (const auto& [place, number] : a) {
    if (b.count(place) == 0) return testing::AssertionFailure() << place << " is in one only";
    if (const auto near = AreNear(number, b.at(place)); !near)
      return testing::AssertionFailure() << near.message() << " at " << place;
  }
  return testing::AssertionSuccess();
}

std::map<std::string, double> Measure(const std::string& metric, std::vector<Batch> batches) {
  const auto evaluation = ValueOrDie(EvaluateBatches(ConfigOf(metric), std::move(batches)));
  auto all = NumbersIn(evaluation.slices.at(0).metrics);
  all.merge(NumbersIn(evaluation.slices.at(0).plots));
  return all;
}

class MetricLawsTest : public testing::TestWithParam<std::string> {};

TEST_P(MetricLawsTest, AreACombiners) {
  const Shape shape = ShapeOf(GetParam());
  if (shape.is_sample) GTEST_SKIP() << "a sample keeps the rows that come first";
  const auto config = ValueOrDie(ParseEvalConfig(ConfigOf(GetParam()), "laws.yaml"));
  const std::vector<Batch> batches = {Examples(1, 10), Examples(2, 2), Examples(3, 13)};
  const EvaluationPlan plan =
      ValueOrDie(PlanEvaluation(ValueOrDie(CompleteEvalConfig(config, false, false)), TargetOfSpec,
                                Compatibility::kTfma, batches[0]->schema()->field_names()));
  ASSERT_EQ(plan.groups.size(), 1u);
  const MetricCombiner combiner(plan, 0);
  const auto same = [](const MetricSet& a, const MetricSet& b) {
    const auto metrics = AreSame(NumbersIn(a.metrics), NumbersIn(b.metrics));
    return metrics ? AreSame(NumbersIn(a.plots), NumbersIn(b.plots)) : metrics;
  };
  combine::ExpectCombinerLaws(combiner, batches, same);
  combine::ExpectSameInAllShapes(combiner, batches, "time", same);
  combine::ExpectDamageIsTold(combiner, batches);
}

TEST_P(MetricLawsTest, SaySomething) {
  const auto numbers = Measure(GetParam(), {Examples(4, 30)});
  EXPECT_TRUE(std::any_of(numbers.begin(), numbers.end(), [](const auto& entry) {
    return std::isfinite(entry.second) && entry.second != 0;
  })) << "nothing but zeros and no numbers";
}

TEST_P(MetricLawsTest, DoNotDependOnHowExamplesAreSplit) {
  if (ShapeOf(GetParam()).is_sample) GTEST_SKIP() << "a sample keeps the rows that come first";
  const Batch all = Examples(5, 30);
  const auto whole = Measure(GetParam(), {all});
  EXPECT_TRUE(AreSame(
      whole, Measure(GetParam(), {all->Slice(0, 7), all->Slice(7, 0), all->Slice(7, 40), all->Slice(47)})));
}

TEST_P(MetricLawsTest, DoNotDependOnTheOrderOfExamples) {
  if (ShapeOf(GetParam()).is_sample) GTEST_SKIP() << "a sample keeps the rows that come first";
  const Batch all = Examples(6, 30);
  std::vector<int64_t> order(static_cast<size_t>(all->num_rows()));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::mt19937 random(3);
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
  EXPECT_TRUE(
      AreSame(Measure(GetParam(), {all}), Measure(GetParam(), {ValueOrDie(combine::TakeRows(all, order))})));
}

TEST_P(MetricLawsTest, AreSumsOrRatiosOfWeights) {
  if (ShapeOf(GetParam()).is_sample) GTEST_SKIP() << "a sample draws by weight";
  const auto once = Measure(GetParam(), {Examples(7, 30)});
  const auto twice = Measure(GetParam(), {Examples(7, 30, 2)});
  ASSERT_EQ(once.size(), twice.size());
  for (const auto& [place, number] : once)
    EXPECT_TRUE(AreNear(twice.at(place), number) || AreNear(twice.at(place), 2 * number))
        << place << ": " << number << " becomes " << twice.at(place) << " where all weights are doubled";
}

std::vector<std::string> AllClasses() {
  std::vector<std::string> names;
  for (const auto& [name, each] : AllMetricClasses()) names.push_back(name);
  return names;
}

INSTANTIATE_TEST_SUITE_P(EveryClass, MetricLawsTest, testing::ValuesIn(AllClasses()),
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
