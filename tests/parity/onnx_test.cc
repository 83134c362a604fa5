// Exported models under the real ONNX Runtime: the predictions are ours. Skipped without
// tools/setup_onnx_runtime.sh.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <random>

#include <arrow/api.h>
#include <gmock/gmock.h>

#include "conformance/learner_suite.h"
#include "penstock/base/ids.h"
#include "penstock/model/onnx/onnx_export.h"
#include "penstock/model/prediction_values.h"
#include "tests/support/paths.h"

namespace penstock::learning {
namespace {

using testing::HasSubstr;

const std::string kRuntime = tests::SourcePath(".deps/onnx_runtime");
const std::string kScript = tests::SourcePath("tests/parity/onnx_runtime.py");

/// 1,000 rows with missing numbers and texts, tokens never seen, text beyond ASCII, huge numbers.
data::Batch StrangeRows() {
  std::mt19937 random(99);
  std::normal_distribution<double> number;
  const std::vector<std::optional<std::string>> kinds{
      "x", "y", "\xc3\xbc", "\xe6\x97\xa5\xe6\x9c\xac", "never", std::nullopt};
  arrow::DoubleBuilder a, b;
  arrow::StringBuilder kind;
  for (int i = 0; i < 1000; ++i) {
    const bool has_a = i % 7 != 0, has_b = i % 13 != 0;
    const double scale = i % 50 == 0 ? 1e6 : 1;
    EXPECT_TRUE((has_a ? a.Append(scale * number(random)) : a.AppendNull()).ok());
    EXPECT_TRUE((has_b ? b.Append(number(random)) : b.AppendNull()).ok());
    const auto& token = kinds[static_cast<size_t>(i) % kinds.size()];
    EXPECT_TRUE((token ? kind.Append(*token) : kind.AppendNull()).ok());
  }
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("a", arrow::float64()), arrow::field("b", arrow::float64()),
                     arrow::field("kind", arrow::utf8())}),
      1000, {a.Finish().ValueOrDie(), b.Finish().ValueOrDie(), kind.Finish().ValueOrDie()});
}

nlohmann::json AsJson(const data::Batch& rows) {
  nlohmann::json json;
  for (const char* name : {"a", "b"}) {
    const auto& column = static_cast<const arrow::DoubleArray&>(*rows->GetColumnByName(name));
    for (int64_t i = 0; i < column.length(); ++i)
      json[name].push_back(column.IsNull(i) ? nlohmann::json() : nlohmann::json(column.Value(i)));
  }
  const auto& column = static_cast<const arrow::StringArray&>(*rows->GetColumnByName("kind"));
  for (int64_t i = 0; i < column.length(); ++i)
    json["kind"].push_back(column.IsNull(i) ? nlohmann::json() : nlohmann::json(column.GetString(i)));
  return json;
}

std::vector<double> AskOnnxRuntime(const std::string& model, const nlohmann::json& rows) {
  const std::string folder = testing::TempDir() + "onnx_parity_" + NewUuid();
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/model.onnx", std::ios::binary) << model;
  std::ofstream(folder + "/rows.json") << rows.dump();
  std::string python;
  std::getline(std::ifstream(std::string(kRuntime) + "/interpreter"), python);
  const std::string command = fmt::format("PYTHONPATH={} {} {} {}/model.onnx {}/rows.json", kRuntime, python,
                                          kScript, folder, folder);
  FILE* pipe = popen(command.c_str(), "r");
  std::string output;
  char buffer[4096];
  for (size_t size = 0; (size = fread(buffer, 1, sizeof(buffer), pipe)) > 0;) output.append(buffer, size);
  EXPECT_EQ(pclose(pipe), 0) << output;
  std::filesystem::remove_all(folder);
  const auto parsed = nlohmann::json::parse(output, nullptr, false);
  EXPECT_TRUE(parsed.is_array()) << output;
  return parsed.is_array() ? parsed.get<std::vector<double>>() : std::vector<double>{};
}

void ExpectSamePredictions(const model::Model& model) {
  const auto exported = model::ExportOnnx(model);
  ASSERT_TRUE(exported.ok()) << exported.status();
  const data::Batch rows = StrangeRows();
  const auto predictions = model.Predict(rows);
  ASSERT_TRUE(predictions.ok()) << predictions.status();
  const auto numbers = model::PredictionValues(*predictions, model.signature().prediction_column);
  ASSERT_TRUE(numbers.ok()) << numbers.status();
  const std::span<const double> ours = numbers->values;
  const std::vector<double> theirs = AskOnnxRuntime(*exported, AsJson(rows));
  ASSERT_EQ(theirs.size(), static_cast<size_t>(1000 * numbers->width));
  for (size_t i = 0; i < theirs.size(); ++i)
    ASSERT_NEAR(theirs[i], ours[i], 1e-5 * std::max(1.0, std::abs(ours[i])))
        << "row " << i / static_cast<size_t>(numbers->width);
}

class OnnxParityTest : public testing::TestWithParam<LearnerCase> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(std::string(kRuntime) + "/stamp"))
      GTEST_SKIP() << "No ONNX Runtime: run tools/setup_onnx_runtime.sh";
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
