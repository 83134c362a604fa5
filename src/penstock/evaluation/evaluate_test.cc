#include "penstock/evaluation/evaluate.h"

#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/base/proto_io.h"
#include "penstock/combine/batches_testing.h"
#include "penstock/combine/combiner_laws_testing.h"
#include "penstock/transform/analyze_transform.h"

namespace penstock::evaluation {
namespace {

using combine::BatchMaker;
using combine::ValueOrDie;
using data::Batch;
using testing::ElementsAre;
using testing::HasSubstr;

EvaluationConfig Config(const std::string& text) {
  return ValueOrDie(ParseEvaluationConfig(nlohmann::json::parse(text)));
}

std::unique_ptr<data::Dataset> DatasetOf(std::vector<Batch> batches) {
  auto schema = batches.front()->schema();
  return data::MakeInMemoryDataset(std::move(schema), std::move(batches));
}

Batch Trips() {
  return BatchMaker()
      .Doubles("prediction", {0.9, 0.8, 0.7, 0.3, 0.2, 0.5})
      .Doubles("baseline", {0.9, 0.1, 0.7, 0.3, 0.8, 0.5})
      .Ints("label", {1, 0, 1, 0, 1, std::nullopt})
      .Texts("payment", {{"Cash"}, {"Cash"}, {"Credit"}, {"Credit"}, {"Credit"}, {"Cash"}})
      .Ints("hour", {1, 2, 1, 2, 2, 1})
      .Doubles("weight", {1, 1, 1, 1, 1, 1})
      .Make();
}

Result<EvaluationResult> EvaluateTrips(const std::string& config, const PredictionColumns& columns = {},
                                       const Batch& batch = Trips()) {
  return EvaluatePredictions(*DatasetOf({batch}), columns, Config(config), {.num_threads = 1});
}

double MetricOf(const EvaluationResult& result, const std::string& slice, const std::string& metric) {
  for (const SliceMetrics& each : result.slices()) {
    if (SliceName(each) == slice && FindMetric(each, metric) != nullptr)
      return FindMetric(each, metric)->value();
  }
  ADD_FAILURE() << "no " << metric << " of " << slice;
  return 0;
}

std::vector<std::string> SliceNames(const EvaluationResult& result) {
  std::vector<std::string> names;
  for (const SliceMetrics& slice : result.slices()) names.push_back(SliceName(slice));
  return names;
}

TEST(EvaluatePredictionsTest, MeasuresOverallAndEverySlice) {
  const auto result = ValueOrDie(EvaluateTrips(R"({"slices": [["payment"], ["payment", "hour"]]})"));
  EXPECT_THAT(SliceNames(result),
              ElementsAre("Overall", "payment:Cash", "payment:Cash|hour:1", "payment:Cash|hour:2",
                          "payment:Credit", "payment:Credit|hour:1", "payment:Credit|hour:2"));
  EXPECT_EQ(MetricOf(result, "Overall", "auc"), 0.5);
  EXPECT_EQ(MetricOf(result, "payment:Cash", "auc"), 1);
  EXPECT_EQ(MetricOf(result, "payment:Credit", "auc"), 0.5);
  EXPECT_TRUE(std::isnan(MetricOf(result, "payment:Cash|hour:1", "auc")));
  EXPECT_FALSE(result.has_baseline());
}

TEST(EvaluatePredictionsTest, LeavesOutAndCountsExamplesWithoutLabel) {
  const auto result = ValueOrDie(EvaluateTrips("{}"));
  EXPECT_EQ(result.num_examples(), 5);
  EXPECT_EQ(result.num_examples_without_label(), 1);
}

TEST(EvaluatePredictionsTest, LeavesOutSmallSlicesAndSaysHowMany) {
  const auto result = ValueOrDie(EvaluateTrips(R"({"slices": [["payment"]], "min_slice_size": 3})"));
  EXPECT_THAT(SliceNames(result), ElementsAre("Overall", "payment:Credit"));
  EXPECT_EQ(result.num_small_slices(), 1);
}

TEST(EvaluatePredictionsTest, GivesTheSameBitsWithAnyNumberOfThreads) {
  combine::TestRandom random(31);
  std::vector<Batch> batches;
  for (int i = 0; i < 23; ++i) {
    std::vector<std::optional<double>> prediction, weight;
    std::vector<std::optional<int64_t>> label, hour;
    for (int64_t row = random.Below(400); row >= 0; --row) {
      prediction.push_back(random.Uniform());
      label.push_back(random.Uniform() < *prediction.back());
      weight.push_back(random.Uniform());
      hour.push_back(random.Below(24));
    }
    batches.push_back(BatchMaker()
                          .Doubles("prediction", prediction)
                          .Ints("label", label)
                          .Doubles("w", weight)
                          .Ints("hour", hour)
                          .Make());
  }
  const auto dataset = DatasetOf(batches);
  const auto config = Config(R"({"slices": [["hour"]], "example_weight": "w"})");
  std::string with_one;
  for (int num_threads : {1, 2, 8}) {
    const auto result = ValueOrDie(EvaluatePredictions(*dataset, {}, config, {.num_threads = num_threads}));
    const std::string bytes = SerializeDeterministically(result);
    if (with_one.empty()) with_one = bytes;
    EXPECT_EQ(bytes, with_one) << num_threads << " threads";
  }
}

TEST(EvaluatePredictionsTest, TellsPlaceOfPredictionsThatAreNone) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [bad, message] : std::vector<std::pair<std::optional<double>, std::string>>{
           {nan, "The prediction is nan, not a finite number (example 2 of shard 1)"},
           {std::nullopt, "There is no prediction (example 2 of shard 1)"},
           {1.5,
            "The prediction is 1.5; the probability of a class lies from 0 to 1 (example 2 of shard 1)"}}) {
    const Batch batch = BatchMaker().Doubles("prediction", {0.5, bad}).Ints("label", {0, 1}).Make();
    const Status status = EvaluateTrips("{}", {}, batch).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(status.message(), message);
  }
}

TEST(EvaluatePredictionsTest, RefusesLabelsOfOtherKinds) {
  const Batch batch = BatchMaker().Doubles("prediction", {0.5}).Ints("label", {2}).Make();
  EXPECT_THAT(std::string(EvaluateTrips("{}", {}, batch).status().message()),
              HasSubstr("labels of binary classification are 0 and 1"));
  EXPECT_TRUE(EvaluateTrips("{}", {.task = Task::kRegression}, batch).ok());
}

TEST(EvaluatePredictionsTest, NamesSplitThatIsEmpty) {
  const Status none = EvaluateTrips("{}", {}, Trips()->Slice(0, 0)).status();
  EXPECT_EQ(none.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(none.message()), HasSubstr("The split 'eval' has no examples to evaluate"));
  const Status unlabelled = EvaluateTrips("{}", {}, Trips()->Slice(5)).status();
  EXPECT_THAT(std::string(unlabelled.message()), HasSubstr("none of its 1 has a label"));
}

TEST(EvaluatePredictionsTest, NamesNearestColumn) {
  EXPECT_THAT(std::string(EvaluateTrips(R"({"slices": [["paiment"]]})").status().message()),
              HasSubstr("did you mean 'payment'?"));
  EXPECT_THAT(std::string(EvaluateTrips(R"({"example_weight": "wait"})").status().message()),
              HasSubstr("no column 'wait' to weigh by"));
  EXPECT_THAT(std::string(EvaluateTrips("{}", {.label = "labl"}).status().message()),
              HasSubstr("did you mean 'label'?"));
}

TEST(EvaluatePredictionsTest, RefusesMoreSlicesThanAllowed) {
  const Status status = EvaluateTrips(R"({"slices": [["prediction"]], "max_slices": 3})").status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("slices; slice by columns with fewer values"));
}

TEST(EvaluatePredictionsTest, RefusesMetricOfTheOtherTask) {
  const Status status = EvaluateTrips(R"({"metrics": ["auc"]})", {.task = Task::kRegression}).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("'auc' is for binary classification"));
}

std::vector<std::string> Explanations(const EvaluationResult& result) {
  std::vector<std::string> explanations;
  for (const ThresholdCheck& check : result.checks()) explanations.push_back(check.explanation());
  return explanations;
}

TEST(ThresholdTest, HoldsValuesToInclusiveLimits) {
  const auto result = ValueOrDie(
      EvaluateTrips(R"({"thresholds": {"auc": {"lower": 0.5}, "accuracy": {"lower": 0.7, "upper": 1}}})"));
  EXPECT_THAT(Explanations(result), ElementsAre("accuracy of Overall is 0.6, below the lower limit 0.7",
                                                "accuracy of Overall is 0.6, not above the upper limit 1",
                                                "auc of Overall is 0.5, not below the lower limit 0.5"));
  const Blessing blessing = Verdict(result);
  EXPECT_FALSE(blessing.is_blessed);
  EXPECT_THAT(blessing.reasons, ElementsAre("accuracy of Overall is 0.6, below the lower limit 0.7"));
}

TEST(ThresholdTest, ComparesChangesStrictlyInTheirDirection) {
  const PredictionColumns columns{.baseline_prediction = "baseline"};
  const auto passes = [&](const std::string& change) {
    const auto result = ValueOrDie(EvaluateTrips(R"({"change_thresholds": )" + change + "}", columns));
    return Verdict(result).is_blessed;
  };
  // Accuracy falls from 1 to 0.6; mean_label stays.
  EXPECT_TRUE(passes(R"({"accuracy": {"absolute": -0.41}})"));
  EXPECT_FALSE(passes(R"({"accuracy": {"absolute": -0.39}})"));
  EXPECT_FALSE(passes(R"({"accuracy": {"absolute": -0.41, "relative": -0.39}})"));
  EXPECT_TRUE(passes(R"({"accuracy": {"direction": "lower_is_better", "absolute": 0}})"));
  EXPECT_FALSE(passes(R"({"mean_label": {"direction": "higher_is_better", "absolute": 0}})"));
  EXPECT_TRUE(passes(R"({"mean_label": {"direction": "higher_is_better", "absolute": -1e-10}})"));
  EXPECT_TRUE(passes(R"({"mean_label": {"direction": "lower_is_better", "relative": 0.1}})"));
}

TEST(ThresholdTest, SkipsChangesWithoutBaseline) {
  const auto result = ValueOrDie(EvaluateTrips(R"({"change_thresholds": {"auc": {"absolute": 0}}})"));
  ASSERT_EQ(result.checks_size(), 1);
  EXPECT_TRUE(result.checks(0).skipped());
  EXPECT_TRUE(Verdict(result).is_blessed);
  EXPECT_THAT(result.checks(0).explanation(), HasSubstr("no baseline"));
}

TEST(ThresholdTest, HoldsSlicesToTheirOwnLimits) {
  const auto result = ValueOrDie(EvaluateTrips(R"({"per_slice_thresholds": [
      {"slice": {"payment": "Cash"}, "thresholds": {"auc": {"lower": 1}}},
      {"slice": ["hour"], "thresholds": {"accuracy": {"lower": 0.5}}},
      {"slice": {"payment": "Dollars"}, "thresholds": {"auc": {"lower": 0}}}]})"));
  EXPECT_THAT(Explanations(result),
              ElementsAre("auc of payment:Cash is 1, not below the lower limit 1",
                          "accuracy of hour:1 is 1, not below the lower limit 0.5",
                          "accuracy of hour:2 is 0.333333, below the lower limit 0.5",
                          "auc of payment:Dollars was not measured: the slice has fewer than 1 examples"));
  EXPECT_THAT(Verdict(result).reasons, testing::SizeIs(2));
}

TEST(ThresholdTest, RefusesMetricThatIsNotANumber) {
  const auto result = ValueOrDie(EvaluateTrips(
      R"({"per_slice_thresholds": [{"slice": {"hour": 1}, "thresholds": {"auc": {"lower": 0}}}]})"));
  EXPECT_FALSE(Verdict(result).is_blessed);
}

TEST(EvaluationResultTest, RanksWorstSlicesWithoutNaNs) {
  const auto result = ValueOrDie(EvaluateTrips(R"({"slices": [["payment"], ["hour"]]})"));
  const auto names = [&](const std::string& metric, int64_t count, int64_t min_examples) {
    std::vector<std::string> ranked;
    for (const SliceMetrics* slice : ValueOrDie(WorstSlices(result, metric, count, min_examples)))
      ranked.push_back(SliceName(*slice));
    return ranked;
  };
  EXPECT_THAT(names("accuracy", 2, 0), ElementsAre("hour:2", "payment:Cash"));
  EXPECT_THAT(names("accuracy", 5, 3), ElementsAre("hour:2", "payment:Credit"));
  EXPECT_THAT(names("auc", 9, 0), testing::SizeIs(3));
  EXPECT_EQ(WorstSlices(result, "mean_label", 1).status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(WorstSlices(result, "acc", 1).status().message()), HasSubstr("was not measured"));
}

TEST(EvaluationResultTest, ReadsBackWhatItWrote) {
  const std::string uri = fs::Join(testing::TempDir(), NewUuid());
  const auto result =
      ValueOrDie(EvaluateTrips(R"({"slices": [["payment"]]})", {.baseline_prediction = "baseline"}));
  ASSERT_EQ(WriteEvaluation(result, uri), OkStatus());
  EXPECT_EQ(SerializeDeterministically(ValueOrDie(ReadEvaluation(uri))), SerializeDeterministically(result));
  EvaluationResult from_json;
  ASSERT_EQ(ReadProto(fs::Join(uri, kEvaluationJsonName), from_json), OkStatus());
  EXPECT_EQ(from_json.slices_size(), 3);
}

TEST(EvaluationResultTest, RefusesResultOfALaterRelease) {
  const std::string uri = fs::Join(testing::TempDir(), NewUuid());
  EvaluationResult result;
  result.set_format_version(2);
  ASSERT_EQ(WriteEvaluation(result, uri), OkStatus());
  EXPECT_EQ(ReadEvaluation(uri).status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(ReadEvaluation(uri + "x").status().code(), StatusCode::kNotFound);
}

TEST(EvaluationTextTest, ShowsMetricsWorstSlicesAndChecks) {
  const auto result = ValueOrDie(EvaluateTrips(
      R"({"metrics": ["auc", "accuracy", "example_count"], "slices": [["payment"]], "thresholds": {"auc": {"lower": 0.9}}})",
      {.baseline_prediction = "baseline"}));
  EXPECT_EQ(FormatEvaluation(result, "accuracy", 1),
            "Split 'eval': 5 examples, 3 slices, 1 left out for want of a label\n"
            "  metric          value  baseline   change\n"
            "  auc            0.5000    1.0000  -0.5000\n"
            "  accuracy       0.6000    1.0000  -0.4000\n"
            "  example_count       5         5  +0.0000\n"
            "Worst slices by accuracy\n"
            "  slice         examples  accuracy     auc\n"
            "  payment:Cash         2    0.5000  1.0000\n"
            "FAILED   auc of Overall is 0.5, below the lower limit 0.9\n");
}

// A model that says what column `chance` of the raw examples says; its transform gives the label.
class ChanceModel : public model::Model {
 public:
  ChanceModel(std::string column, std::shared_ptr<const transform::TransformGraph> graph)
      : column_(std::move(column)), graph_(std::move(graph)) {
    signature_.prediction_column = std::string(model::kProbabilityColumn);
    signature_.inputs = arrow::schema({arrow::field(column_, arrow::float64())});
  }
  const model::Signature& signature() const override { return signature_; }
  Result<Batch> Predict(const Batch& raw_examples) const override {
    const auto column = raw_examples->GetColumnByName(column_);
    if (column == nullptr) return InvalidArgument("Column '{}' is missing", column_);
    return arrow::RecordBatch::Make(signature_.outputs(), raw_examples->num_rows(), {column});
  }
  const transform::TransformGraph& transform() const override { return *graph_; }
  Result<std::string> Encode() const override { return std::string(); }

 private:
  std::string column_;
  model::Signature signature_;
  std::shared_ptr<const transform::TransformGraph> graph_;
};

struct Raw {
  Raw() {
    const Batch batch = BatchMaker()
                            .Doubles("chance", {0.9, 0.2, 0.7, 0.4})
                            .Doubles("old_chance", {0.6, 0.7, 0.2, 0.1})
                            .Doubles("tips", {5, 0, 3, std::nullopt})
                            .Doubles("fare", {10, 10, 10, 10})
                            .Texts("payment", {{"Cash"}, {"Cash"}, {"Credit"}, {"Credit"}})
                            .Make();
    dataset = DatasetOf({batch});
    const auto spec = ValueOrDie(transform::ParseTransformSpec(
        "label: tips > fare * 0.2\nfeatures:\n  fare: fare\n", "features.yaml"));
    graph = std::make_shared<transform::TransformGraph>(
        ValueOrDie(transform::AnalyzeTransform(spec, *dataset, {})));
  }
  std::unique_ptr<data::Dataset> dataset;
  std::shared_ptr<const transform::TransformGraph> graph;
};

TEST(EvaluateTest, PredictsAndComparesWithTheBaselineOnLabelsOfTheTransform) {
  const Raw raw;
  const ChanceModel model("chance", raw.graph), baseline("old_chance", raw.graph);
  const auto result =
      ValueOrDie(Evaluate(model, &baseline, *raw.dataset, Config(R"({"slices": [["payment"]]})"), {}));
  EXPECT_EQ(result.num_examples(), 3);
  EXPECT_EQ(result.num_examples_without_label(), 1);
  EXPECT_TRUE(result.has_baseline());
  const MetricValue& auc = *FindMetric(*OverallSlice(result), "auc");
  EXPECT_EQ(auc.value(), 1);
  EXPECT_EQ(auc.baseline(), 0);
}

TEST(EvaluateTest, SaysWhichModelCannotPredict) {
  const Raw raw;
  const ChanceModel model("chance", raw.graph), baseline("gone", raw.graph);
  const Status status = Evaluate(model, &baseline, *raw.dataset, Config("{}"), {}).status();
  EXPECT_EQ(status.message(), "The baseline model cannot predict these examples: Column 'gone' is missing");
}

}  // namespace
}  // namespace penstock::evaluation
