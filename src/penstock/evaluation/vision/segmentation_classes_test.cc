#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/evaluation/evaluations_testing.h"
#include "penstock/evaluation/vision/mask_image.h"

namespace penstock::evaluation {
namespace {

using combine::ValueOrDie;
using testing::ElementsAre;
using testing::HasSubstr;

// The masks of TFMA's own test as PNG in base64: {1,2,3},{1,2,3} against {1,1,1},{2,2,2}, and
// {2,2,3},{1,2,3} against {2,1,1},{2,2,2}.
constexpr char kTrue1[] =
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAADklEQVR42mNgZGJmAGIAADQADW5LyYYAAAAASUVORK5CYII=";
constexpr char kSeen1[] =
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR42mNgZGRkYGJiAgAAJgAKrxYAKQAAAABJRU5ErkJggg==";
constexpr char kTrue2[] =
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR42mNgYmJmYGRiBgAAOwAO4gYAHAAAAABJRU5ErkJggg==";
constexpr char kSeen2[] =
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAEElEQVR42mNgYmRkYGJiAgAALQALO3l6vgAAAABJRU5ErkJggg==";
constexpr char kPalette[] =
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACAgMAAAAP2OW3AAAACVBMVEUAAQIDBAUGBwjZi75sAAAADElEQVR42mMQYJgAAADEAKEooWk6"
    "AAAAAElFTk"
    "SuQmCC";
constexpr char kOneBit[] =
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR42mNIYGgAAAGkAOED4l1YAAAAAElFTkSuQmCC";
constexpr char kColours[] =
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAABCAIAAACUgoPjAAAADElEQVR42mNgZGIGAAAOAAfpkjfUAAAAAElFTkSuQmCC";

data::Batch Masks() {
  const data::Batch batch =
      combine::BatchMaker().Texts("mask", {{kTrue1}, {kTrue2}}).Texts("seen", {{kSeen1}, {kSeen2}}).Make();
  return WithLists(batch, "pixels", {{1, 1, 1, 2, 2, 2}, {2, 1, 1, 2, 2, 2}});
}

constexpr char kArguments[] = R"("class_ids": [1, 2], "ground_truth_key": "mask", )";

std::vector<double> MatrixOf(const std::string& arguments, int class_id) {
  const auto evaluation = ValueOrDie(EvaluateBatches(
      ConfigOf("SemanticSegmentationConfusionMatrix", kArguments + arguments, "name: ''"), {Masks()}));
  const auto m = *ValueAs<ConfusionMatrices>(
      ValueOf(evaluation, "semantic_segmentation_confusion_matrix", {.class_id = class_id}));
  return {m.tp[0], m.tn[0], m.fp[0], m.fn[0]};
}

TEST(SegmentationClassesTest, CountPixelsAsTfmaDoes) {
  for (const char* prediction :
       {R"("prediction_key": "seen", "decode_prediction": true)", R"("prediction_key": "pixels")"}) {
    EXPECT_THAT(MatrixOf(prediction, 1), ElementsAre(1, 5, 4, 2));
    EXPECT_THAT(MatrixOf(prediction, 2), ElementsAre(3, 3, 4, 2));
  }
}

TEST(SegmentationClassesTest, LeaveIgnoredPixelsOut) {
  const std::string ignoring = R"("prediction_key": "pixels", "ignore_ground_truth_id": 3)";
  EXPECT_THAT(MatrixOf(ignoring, 1), ElementsAre(1, 3, 2, 2));
  EXPECT_THAT(MatrixOf(ignoring, 2), ElementsAre(3, 1, 2, 2));
}

TEST(SegmentationClassesTest, GiveSinglesByClass) {
  for (const auto& [metric, name, expected] :
       {std::tuple("SemanticSegmentationTruePositive", "semantic_segmentation_true_positives", 3.0),
        {"SemanticSegmentationFalsePositive", "semantic_segmentation_false_positives", 4.0}}) {
    const auto evaluation = ValueOrDie(EvaluateBatches(
        ConfigOf(metric, std::string(kArguments) + R"("prediction_key": "pixels")", "name: ''"), {Masks()}));
    EXPECT_EQ(NumberOf(evaluation, name, {.class_id = 2}), expected);
  }
}

TEST(SegmentationClassesTest, RefuseMasksThatDoNotFit) {
  const data::Batch batch =
      WithLists(combine::BatchMaker().Texts("mask", {{kTrue1}}).Make(), "pixels", {{1, 2}});
  const auto status =
      EvaluateBatches(ConfigOf("SemanticSegmentationTruePositive",
                               std::string(kArguments) + R"("prediction_key": "pixels")", "name: ''"),
                      {batch})
          .status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Row 1 has 6 true pixels, but 2 predicted ones"));
}

TEST(MaskImageTest, DecodesGrayPaletteAndOneBit) {
  EXPECT_THAT(ValueOrDie(DecodeMask(kTrue1)).pixels, ElementsAre(1, 2, 3, 1, 2, 3));
  EXPECT_EQ(ValueOrDie(DecodeMask(kTrue1)).width, 3);
  EXPECT_THAT(ValueOrDie(DecodeMask(kPalette)).pixels, ElementsAre(0, 1, 2, 1));
  EXPECT_THAT(ValueOrDie(DecodeMask(kOneBit)).pixels, ElementsAre(0, 1, 1, 1, 0, 0));
}

TEST(MaskImageTest, RefusesWhatIsNoMask) {
  EXPECT_THAT(std::string(DecodeMask(kColours).status().message()), HasSubstr("the image has colours"));
  EXPECT_THAT(std::string(DecodeMask("GIF89a;").status().message()), HasSubstr("neither a PNG"));
  EXPECT_EQ(DecodeMask("").status().code(), StatusCode::kInvalidArgument);
  const std::string whole(kTrue1);
  for (size_t size = 4; size < whole.size() - 4; size += 4)
    EXPECT_EQ(DecodeMask(whole.substr(0, size)).status().code(), StatusCode::kInvalidArgument) << size;
}

}  // namespace
}  // namespace penstock::evaluation
