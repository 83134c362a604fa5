// Predictions of many files, killed in the middle: they go on with what is missing and end as if nothing had
// been.
#include <signal.h>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "faults/kill_moments.h"
#include "penstock/base/filesystem.h"

namespace penstock::faults {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr int kNumFiles = 60;

class BulkPredictionKillTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    folder_.Write("features.yaml", "label: y > 0\nfeatures:\n  x: x\n");
    folder_.Write("train.csv", GoodRows());
    for (int i = 0; i < kNumFiles; ++i) folder_.Write(fmt::format("input{:02}.csv", i), GoodRows(3000 + i));
    const Ending trained = Finish({"train", "--data", "train.csv", "--eval-data", "train.csv", "--transform",
                                   "features.yaml", "--param", "num_rounds=200", "-o", "model"});
    ASSERT_EQ(trained.exit_code, 0) << trained.Describe();
  }
  std::vector<std::string> Predict(const std::string& output) const {
    return {"predict", "--model",  "model",    "--input", "input*.csv", "--threads",
            "1",       "--format", GetParam(), "-o",      output};
  }
  Ending Finish(const std::vector<std::string>& arguments) const {
    Program program({.arguments = arguments, .working_directory = folder_.path(), .set_up = {}});
    return program.Wait();
  }
  std::vector<std::string> FilesIn(const std::string& output) const {
    return Matches(fs::Join(folder_.path(), output + "/prediction*"));
  }
  static uint64_t InodeOf(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(stat(path.c_str(), &status), 0) << path;
    return status.st_ino;
  }

  const PipelineFolder folder_;
};

TEST_P(BulkPredictionKillTest, GoesOnWithTheFilesThatAreMissing) {
  ASSERT_EQ(Finish(Predict("whole/")).exit_code, 0);
  Program program({.arguments = Predict("killed/"), .working_directory = folder_.path(), .set_up = {}});
  const Moment moment = WhenThereIs("killed/prediction*-00002-of-*z*");
  const Moment parquet = WhenThereIs("killed/predictions-00002-of-*.parquet");
  while (!moment.has_come(folder_, program) && !parquet.has_come(folder_, program))
    if (!program.IsRunning()) break;
  program.Send(SIGKILL);
  ASSERT_EQ(program.Wait().signal, SIGKILL) << "it ended before it could be killed";

  std::vector<std::pair<std::string, uint64_t>> finished;
  for (const std::string& path : FilesIn("killed"))
    if (!path.ends_with(".partial")) finished.emplace_back(path, InodeOf(path));
  ASSERT_LT(finished.size(), static_cast<size_t>(kNumFiles));
  const Ending again = Finish(Predict("killed/"));
  ASSERT_EQ(again.exit_code, 0) << again.Describe();
  EXPECT_THAT(again.output, HasSubstr(fmt::format("{} of them from an earlier attempt", finished.size())));
  for (const auto& [path, inode] : finished) EXPECT_EQ(InodeOf(path), inode) << path << " was written anew";
  EXPECT_THAT(FilesIn("killed"), SizeIs(kNumFiles));
  const std::vector<std::string> whole = FilesIn("whole"), killed = FilesIn("killed");
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(*fs::ReadFile(killed[i]), *fs::ReadFile(whole[i]));
  EXPECT_TRUE(Matches(folder_.path() + "/killed/_progress.json").empty());
}

TEST_P(BulkPredictionKillTest, BeginsAnewWithAnotherModel) {
  Program program({.arguments = Predict("killed/"), .working_directory = folder_.path(), .set_up = {}});
  while (FilesIn("killed").size() < 3 && program.IsRunning()) continue;
  program.Send(SIGKILL);
  program.Wait();
  const Ending trained = Finish({"train", "--data", "train.csv", "--eval-data", "train.csv", "--transform",
                                 "features.yaml", "--param", "num_rounds=3", "-o", "model"});
  ASSERT_EQ(trained.exit_code, 0) << trained.Describe();
  const Ending again = Finish(Predict("killed/"));
  ASSERT_EQ(again.exit_code, 0) << again.Describe();
  EXPECT_THAT(again.output, Not(HasSubstr("earlier attempt")));
  ASSERT_EQ(Finish(Predict("whole/")).exit_code, 0);
  const std::vector<std::string> whole = FilesIn("whole"), killed = FilesIn("killed");
  ASSERT_EQ(whole.size(), killed.size());
  for (size_t i = 0; i < whole.size(); ++i) EXPECT_EQ(*fs::ReadFile(killed[i]), *fs::ReadFile(whole[i]));
}

INSTANTIATE_TEST_SUITE_P(Formats, BulkPredictionKillTest,
                         testing::Values("parquet", "tfrecord_gzip", "prediction_log"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace penstock::faults
