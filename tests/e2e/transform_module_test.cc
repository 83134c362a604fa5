// A preprocessing_fn of the user's own, by TensorFlow Transform, from raw CSV to a pushed SavedModel that
// answers. TensorFlow Transform does not install on Debian 12 (its wheels ask for glibc 2.38), so `make test`
// cannot bring it: skipped unless $PENSTOCK_TFT_PYTHON names a Python that has it.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "scenarios/program.h"
#include "tests/support/paths.h"

namespace penstock {
namespace {

namespace stdfs = std::filesystem;

class TransformModuleTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* const python = std::getenv("PENSTOCK_TFT_PYTHON");
    if (python == nullptr)
      GTEST_SKIP() << "PENSTOCK_TFT_PYTHON names no Python with tensorflow-transform (Debian 13 or later)";
    python_ = python;
    data_ = tests::SourcePath(".deps/data/taxi/data.csv");
    if (!stdfs::exists(data_)) GTEST_SKIP() << "No taxi data: run tools/get_data.py taxi";
    folder_ = scenarios::MakeTestFolder();
    stdfs::copy(tests::SourcePath("tests/e2e/taxi_tft_module.py"), folder_ + "/taxi_tft_module.py");
    std::ofstream(folder_ + "/pipeline.yaml") << R"(
pipeline: taxi-by-tft
parameters: {data: x, python: python3}
nodes:
  ExampleGen: {input: "${data}", splits: {train: 2, eval: 1}}
  StatisticsGen:
  SchemaGen:
  Transform: {module_file: taxi_tft_module.py, python: "${python}", label: tips > fare * 0.2}
  Trainer: {module_file: taxi_tft_module.py, python: "${python}", train_steps: 200}
  Evaluator: {thresholds: {auc: {lower: 0.85}}}
  InfraValidator:
  Pusher: {destination: serving}
)";
  }

  std::string python_, data_, folder_;
};

TEST_F(TransformModuleTest, PreprocessingFnMakesFeaturesThatAModuleLearnsFromAndTheModelAnswersRawExamples) {
  const auto run = scenarios::RunPenstock(
      {"run", "pipeline.yaml", "--param", "data=" + data_, "--param", "python=" + python_, "--json"},
      folder_);
  ASSERT_EQ(run.exit_code, 0) << run.Describe();
  const auto report = nlohmann::json::parse(run.output);
  EXPECT_EQ(report.at("evaluations").at(0).at("blessed"), true);
  const auto predicted = scenarios::RunPenstock(
      {"predict", "--model", "serving", "--input", data_, "--limit", "5", "--json"}, folder_);
  ASSERT_EQ(predicted.exit_code, 0) << predicted.Describe();
  EXPECT_EQ(nlohmann::json::parse(predicted.output).at("predictions").size(), 5u);
}

TEST_F(TransformModuleTest, LearnersOfOursSayThatTheyNeedFeatures) {
  std::ifstream in(folder_ + "/pipeline.yaml");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const size_t trainer = text.find("  Trainer:");
  text.replace(trainer, text.find('\n', trainer) - trainer, "  Trainer:");
  std::ofstream(folder_ + "/pipeline.yaml") << text;
  const auto run = scenarios::RunPenstock(
      {"run", "pipeline.yaml", "--param", "data=" + data_, "--param", "python=" + python_}, folder_);
  EXPECT_EQ(run.exit_code, 2);
  EXPECT_THAT(run.errors, testing::HasSubstr("is for a Trainer with a module_file"));
}

}  // namespace
}  // namespace penstock
