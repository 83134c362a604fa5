// Exported models under the real ONNX Runtime: the predictions are ours. Skipped without
// tools/setup_onnx_runtime.sh.
#include <cmath>
#include <filesystem>
#include <fstream>

#include <arrow/api.h>
#include <gmock/gmock.h>

#include "conformance/learner_suite.h"
#include "parity/foreign_runtime.h"
#include "penstock/base/ids.h"
#include "penstock/model/onnx/onnx_export.h"
#include "penstock/model/prediction_values.h"

namespace penstock::learning {
namespace {

using testing::HasSubstr;

std::vector<double> AskOnnxRuntime(const std::string& model, const nlohmann::json& rows) {
  const std::string folder = testing::TempDir() + "onnx_parity_" + NewUuid();
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/model.onnx", std::ios::binary) << model;
  std::ofstream(folder + "/rows.json") << rows.dump();
  const auto answers = tests::RunClient("onnx_runtime", "onnx_runtime.py",
                                        fmt::format("{}/model.onnx {}/rows.json", folder, folder));
  std::filesystem::remove_all(folder);
  return answers.is_array() ? answers.get<std::vector<double>>() : std::vector<double>{};
}

void ExpectSamePredictions(const model::Model& model) {
  const auto exported = model::ExportOnnx(model);
  ASSERT_TRUE(exported.ok()) << exported.status();
  const data::Batch rows = tests::StrangeRows();
  const auto predictions = model.Predict(rows);
  ASSERT_TRUE(predictions.ok()) << predictions.status();
  const auto numbers = model::PredictionValues(*predictions, model.signature().prediction_column);
  ASSERT_TRUE(numbers.ok()) << numbers.status();
  const std::span<const double> ours = numbers->values;
  const std::vector<double> theirs = AskOnnxRuntime(*exported, tests::AsJson(rows));
  ASSERT_EQ(theirs.size(), static_cast<size_t>(1000 * numbers->width));
  for (size_t i = 0; i < theirs.size(); ++i)
    ASSERT_NEAR(theirs[i], ours[i], 1e-5 * std::max(1.0, std::abs(ours[i])))
        << "row " << i / static_cast<size_t>(numbers->width);
}

class OnnxParityTest : public testing::TestWithParam<LearnerCase> {
 protected:
  void SetUp() override {
    if (!tests::HasClient("onnx_runtime")) GTEST_SKIP() << "No ONNX Runtime: run tools/setup_onnx_runtime.sh";
  }
};

TEST_P(OnnxParityTest, ClassifierPredictsTheSame) {
  ExpectSamePredictions(*LearnerRun(GetParam()).Ok().model);
}

TEST_P(OnnxParityTest, RegressorPredictsTheSame) {
  if (!GetParam().has_label) GTEST_SKIP() << "learns without labels";
  LearnerRun run(GetParam());
  run.label = "label: y\ntask: regression\n";
  ExpectSamePredictions(*run.Ok().model);
}

TEST_P(OnnxParityTest, ClassifierOfSeveralClassesPredictsTheSame) {
  if (!GetParam().has_label) GTEST_SKIP() << "learns without labels";
  LearnerRun run(GetParam());
  run.label = kSeveralClasses;
  ExpectSamePredictions(*run.Ok().model);
  run.label = kAnyClasses;
  ExpectSamePredictions(*run.Ok().model);
}

INSTANTIATE_TEST_SUITE_P(Learners, OnnxParityTest, testing::ValuesIn(LearnerCases()), NameOfCase);

class OnnxTransformTest : public OnnxParityTest {};

TEST_P(OnnxTransformTest, EveryExportedFunctionComputesTheSame) {
  LearnerCase all = GetParam();
  all.features = R"(
  plain: a
  sum: a + b * 2 - 1
  quotient: a / b
  power: pow(abs(a), 2)
  rest: (a * 10) % 3
  least: min(a, b)
  largest: max(a, 0.5)
  logarithm: log1p(abs(a))
  root: sqrt(abs(b))
  grown: exp(b)
  rounded: round(a * 3)
  floored: floor(a * 3)
  raised: ceil(b)
  chosen: if(a > b and kind == "x", a, -b)
  either: a > 0 or b > 0
  neither: not (a > 0)
  different: kind != "y"
  absent: is_missing(a)
  filled: impute(a, b)
  mean_filled: impute(a, mean)
  median_filled: impute(b, median)
  standard: scale_to_z_score(a)
  unit: scale_to_0_1(b)
  bucket: bucketize(a, 7)
  hot: one_hot(bucketize(b, 4), 4)
  token: compute_and_apply_vocabulary(kind)
  token_oov: compute_and_apply_vocabulary(kind, num_oov_buckets=1)
  token_hot: one_hot(compute_and_apply_vocabulary(kind), 3))";
  ExpectSamePredictions(*LearnerRun(all).Ok().model);
}

INSTANTIATE_TEST_SUITE_P(TreesAndLinear, OnnxTransformTest,
                         testing::Values(LearnerCases()[0], LearnerCases()[1]), NameOfCase);

TEST(OnnxExportTest, NamesTheFeatureThatOnnxCannotCompute) {
  LearnerCase hashed = LearnerCases()[1];
  hashed.features = "\n  a: a\n  hashed: hash_strings(kind, 10)";
  const Status status = model::ExportOnnx(*LearnerRun(hashed).Ok().model).status();
  EXPECT_EQ(status.code(), StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(status.message()), HasSubstr("Feature 'hashed' cannot be exported to ONNX"));
}

}  // namespace
}  // namespace penstock::learning
