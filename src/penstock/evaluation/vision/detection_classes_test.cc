#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/evaluation/evaluations_testing.h"
#include "penstock/evaluation/vision/box_match.h"

namespace penstock::evaluation {
namespace {

using combine::ValueOrDie;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kBoxes[] = "label_key: objects, prediction_key: detections";

// The two images that TFMA's own test of its COCO metrics uses.
data::Batch TwoImages() {
  const data::Batch objects = WithLists(
      nullptr, "objects",
      {{272.1, 200.23, 424.07, 480.0, 2, 181.23, 86.28, 208.67, 159.81, 2, 174.74, 0, 435.78, 220.79, 2},
       {473.07, 395.93, 503.07, 424.6,  1, 204.01, 235.08, 264.85, 412.44, 2,
        0.43,   499.79, 340.22, 606.24, 2, 204.42, 304.1,  256.93, 456.86, 2}});
  return WithLists(objects, "detections",
                   {{271.2, 178.86, 429.52, 459.57, 2, 0.64, 178.53, 92.57, 206.39, 159.71, 2, 0.38, 167.96,
                     9.97, 442.79, 235.07, 2, 0.95},
                    {471.15, 398.57, 502.29, 428.26, 1, 0.54, 198.53, 242.14, 263.93, 427.51, 2, 0.95,
                     -32.86, 505.75, 338.82, 619.66, 2, 0.17, 201.59, 299.39, 258.4,  452.88, 1, 0.05}});
}

// The two images of TFMA's test of its confusion matrices over boxes.
data::Batch SmallImages() {
  const data::Batch objects =
      WithLists(nullptr, "objects",
                {{30, 100, 70, 300, 0, 50, 100, 80, 200, 1}, {30, 100, 70, 400, 0, 10, 200, 80, 300, 0}});
  return WithLists(objects, "detections",
                   {{20, 130, 60, 290, 0, 0.7, 30, 100, 70, 300, 0, 0.3, 500, 100, 800, 300, 1, 0.1},
                    {100, 130, 160, 290, 0, 0.4, 30, 100, 70, 300, 0, 0.3}});
}

struct CocoCase {
  const char* name;
  const char* metric;
  const char* arguments;
  double expected;  // As TFMA's test has it, three digits.
};
class CocoTest : public testing::TestWithParam<CocoCase> {};

TEST_P(CocoTest, IsWhatTfmaMeasures) {
  const CocoCase& c = GetParam();
  EvaluationRequest request;
  request.compatibility = Compatibility::kTfma;
  const auto evaluation = ValueOrDie(EvaluateBatches(
      ConfigOf(c.metric, std::string("\"name\": \"it\", ") + c.arguments, kBoxes), {TwoImages()}, request));
  EXPECT_NEAR(NumberOf(evaluation, "it"), c.expected, 1e-3 * c.expected);
}

INSTANTIATE_TEST_SUITE_P(
    EveryCase, CocoTest,
    testing::Values(
        CocoCase{"PrecisionAtHalf", "COCOMeanAveragePrecision",
                 R"("iou_thresholds": [0.5], "class_ids": [1, 2], "max_num_detections": 100)", 0.916},
        CocoCase{"PrecisionAtThreeQuarters", "COCOMeanAveragePrecision",
                 R"("iou_thresholds": [0.75], "class_ids": [1, 2], "max_num_detections": 100)", 0.416},
        CocoCase{"PrecisionAtBoth", "COCOMeanAveragePrecision",
                 R"("iou_thresholds": [0.5, 0.75], "class_ids": [1, 2], "max_num_detections": 100)", 0.666},
        CocoCase{"RecallOfOne", "COCOMeanAverageRecall", R"("class_ids": [1, 2], "max_num_detections": 1)",
                 0.375},
        CocoCase{"RecallOfTen", "COCOMeanAverageRecall", R"("class_ids": [1, 2], "max_num_detections": 10)",
                 0.533},
        CocoCase{"RecallOfSmallOnes", "COCOMeanAverageRecall",
                 R"("class_ids": [1, 2], "area_range": [0, 1024], "max_num_detections": 100)", 0.5},
        CocoCase{"RecallOfMiddlingOnes", "COCOMeanAverageRecall",
                 R"("class_ids": [1, 2], "area_range": [1024, 9216], "max_num_detections": 100)", 0.3},
        CocoCase{"RecallOfLargeOnes", "COCOMeanAverageRecall",
                 R"("class_ids": [1, 2], "area_range": [9216, 99999], "max_num_detections": 100)", 0.7}),
    [](const auto& instance) { return instance.param.name; });

TEST(DetectionClassesTest, MeasureConfusionOverMatchedBoxes) {
  const SubKey of_class{.class_id = 0};
  const auto measure = [&](const std::string& metric, const std::string& arguments) {
    return ValueOrDie(EvaluateBatches(
        ConfigOf(metric, "\"class_id\": 0, \"name\": \"it\"" + arguments, kBoxes), {SmallImages()}));
  };
  EXPECT_DOUBLE_EQ(NumberOf(measure("ObjectDetectionMaxRecall", ""), "it", of_class), 2.0 / 3);
  EXPECT_DOUBLE_EQ(NumberOf(measure("ObjectDetectionRecall", ", \"thresholds\": 0.1"), "it", of_class),
                   2.0 / 3);
  EXPECT_DOUBLE_EQ(NumberOf(measure("ObjectDetectionPrecision", ", \"thresholds\": 0.1"), "it", of_class),
                   0.5);
  const auto at_recall =
      ValueOf(measure("ObjectDetectionPrecisionAtRecall", ", \"recall\": [0.4], \"num_thresholds\": 3"), "it",
              of_class);
  EXPECT_THAT(std::get<std::vector<double>>(at_recall), ElementsAre(testing::DoubleEq(0.6)));
}

TEST(DetectionClassesTest, PutColumnsSideBySide) {
  data::Batch batch = WithLists(nullptr, "xmin", {{30, 50}, {30, 10}});
  batch = WithLists(batch, "ymin", {{100, 100}, {100, 200}});
  batch = WithLists(batch, "xmax", {{70, 80}, {70, 80}});
  batch = WithLists(batch, "ymax", {{300, 200}, {400, 300}});
  batch = WithLists(batch, "class", {{0, 1}, {0, 0}});
  batch = WithLists(
      batch, "boxes",
      {{20, 130, 60, 290, 30, 100, 70, 300, 500, 100, 800, 300}, {100, 130, 160, 290, 30, 100, 70, 300}});
  batch = WithLists(batch, "classes", {{0, 0, 1}, {0, 0}});
  batch = WithLists(batch, "scores", {{0.7, 0.3, 0.1}, {0.4, 0.3}});
  const auto evaluation = ValueOrDie(
      EvaluateBatches(ConfigOf("ObjectDetectionMaxRecall",
                               R"("class_id": 0, "labels_to_stack": ["xmin", "ymin", "xmax", "ymax", "class"],
                  "predictions_to_stack": ["boxes", "classes", "scores"])",
                               "name: ''"),
                      {batch}));
  EXPECT_DOUBLE_EQ(NumberOf(evaluation, "object_detection_max_recall", {.class_id = 0}), 2.0 / 3);
}

TEST(DetectionClassesTest, AClassWithoutObjectsSaysNothingUnlessTfmaSaysNought) {
  const std::string config = ConfigOf("COCOMeanAveragePrecision", R"("class_ids": [2, 7])", kBoxes);
  EvaluationRequest as_tfma;
  as_tfma.compatibility = Compatibility::kTfma;
  const double ours = NumberOf(ValueOrDie(EvaluateBatches(config, {TwoImages()})), "mean_average_precision");
  const double theirs =
      NumberOf(ValueOrDie(EvaluateBatches(config, {TwoImages()}, as_tfma)), "mean_average_precision");
  EXPECT_GT(ours, 0.4);
  EXPECT_DOUBLE_EQ(theirs, ours / 2);
}

TEST(DetectionClassesTest, NameTheRowThatHasNoWholeBoxes) {
  const data::Batch broken =
      WithLists(WithLists(nullptr, "objects", {{}, {1, 2, 3, 4}}), "detections", {{}, {}});
  const auto status =
      EvaluateBatches(ConfigOf("ObjectDetectionRecall", "\"class_id\": 0", kBoxes), {broken}).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Row 2: columns objects have 4 numbers"));
  const data::Batch turned =
      WithLists(WithLists(nullptr, "objects", {{5, 2, 3, 4, 0}}), "detections", {std::vector<double>{}});
  EXPECT_THAT(
      std::string(EvaluateBatches(ConfigOf("ObjectDetectionRecall", "\"class_id\": 0", kBoxes), {turned})
                      .status()
                      .message()),
      HasSubstr("is no box"));
}

TEST(DetectionClassesTest, ClassesAndLimitsAreAskedFor) {
  for (const char* arguments :
       {"", "\"class_id\": -1", "\"class_id\": 0, \"class_weight\": -1",
        "\"class_id\": 0, \"area_range\": [5, 1]", "\"class_id\": 0, \"max_num_detections\": 0"})
    EXPECT_EQ(EvaluateBatches(ConfigOf("ObjectDetectionRecall", arguments, kBoxes), {SmallImages()})
                  .status()
                  .code(),
              StatusCode::kInvalidArgument)
        << arguments;
}

TEST(BoxMatchTest, GivesEachObjectToOneDetection) {
  const Box object{0, 0, 10, 10, 1, 0};
  LabelPredictionPairs pairs;
  BoxMatching matching;
  matching.class_id = 1;
  ASSERT_TRUE(MatchBoxes({object}, {{0, 0, 10, 9, 1, 0.3}, {0, 0, 10, 10, 1, 0.8}, {0, 0, 10, 10, 2, 0.9}},
                         matching, 2, pairs)
                  .ok());
  EXPECT_THAT(pairs.labels, ElementsAre(1, 0));
  EXPECT_THAT(pairs.predictions, ElementsAre(0.8, 0.3));
  EXPECT_THAT(pairs.weights, ElementsAre(2, 2));
}

TEST(BoxMatchTest, EmptyBoxesOverlapNothing) {
  const Box point{1, 1, 1, 1, 0, 0};
  EXPECT_EQ(IntersectionOverUnion(point, point), 0);
  EXPECT_DOUBLE_EQ(IntersectionOverUnion({0, 0, 2, 1, 0, 0}, {1, 0, 3, 1, 0, 0}), 1.0 / 3);
}

}  // namespace
}  // namespace penstock::evaluation
