// A Keras model of the user's own, from raw CSV to a pushed SavedModel that answers. Skipped without
// tools/setup_tensorflow.sh.
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "scenarios/program.h"
#include "tests/support/paths.h"

namespace penstock {
namespace {

namespace stdfs = std::filesystem;
using testing::HasSubstr;

class KerasTest : public testing::Test {
 protected:
  void SetUp() override {
    client_ = tests::SourcePath(".deps/tensorflow");
    if (!stdfs::exists(client_ + "/stamp")) GTEST_SKIP() << "No TensorFlow: run tools/setup_tensorflow.sh";
    data_ = tests::SourcePath(".deps/data/taxi/data.csv");
    if (!stdfs::exists(data_)) GTEST_SKIP() << "No taxi data: run tools/get_data.py taxi";
    folder_ = scenarios::MakeTestFolder();
    stdfs::copy(tests::SourcePath("examples/taxi_keras"), folder_, stdfs::copy_options::recursive);
    std::string interpreter;
    std::ifstream file(client_ + "/interpreter");
    std::getline(file, interpreter);
    python_ = folder_ + "/python";
    std::ofstream(python_) << "#!/bin/sh\nPYTHONPATH=" << client_ << " TF_CPP_MIN_LOG_LEVEL=3 exec "
                           << interpreter << " \"$@\"\n";
    stdfs::permissions(python_, stdfs::perms::owner_all);
  }

  scenarios::Ending Run(std::vector<std::string> arguments) const {
    return scenarios::RunPenstock(arguments, folder_);
  }

  std::string client_, data_, folder_, python_;
};

TEST_F(KerasTest, ModuleIsTrainedEvaluatedPushedAndAnswers) {
  const auto run =
      Run({"run", "pipeline.yaml", "--param", "data=" + data_, "--param", "python=" + python_, "--json"});
  ASSERT_EQ(run.exit_code, 0) << run.Describe();
  const auto report = nlohmann::json::parse(run.output);
  EXPECT_EQ(report.at("evaluations").at(0).at("blessed"), true);
  EXPECT_GE(report.at("evaluations").at(0).at("metrics").at("auc").get<double>(), 0.9);
  const auto predicted = Run({"predict", "--model", "serving", "--input", data_, "--limit", "5", "--json"});
  ASSERT_EQ(predicted.exit_code, 0) << predicted.Describe();
  const auto predictions = nlohmann::json::parse(predicted.output).at("predictions");
  ASSERT_EQ(predictions.size(), 5u);
  for (const auto& prediction : predictions) {
    EXPECT_GE(prediction.get<double>(), 0);
    EXPECT_LE(prediction.get<double>(), 1);
  }
}

}  // namespace
}  // namespace penstock
