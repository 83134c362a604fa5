#include "penstock/runtime/volume_tasks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock::runtime {
namespace {

using testing::HasSubstr;

class VolumeTasksTest : public testing::Test {
 protected:
  Result<metadata::ExecutionOutcome> Run(const std::string& image,
                                         const pipeline::ParameterValues& parameters,
                                         bool is_resumed = false) {
    pipeline::TaskView task;
    task.id = "claim";
    task.image = image;
    EXPECT_TRUE(IsVolumeTask(task));
    return RunVolumeTask(task, parameters, root_, "run-1", is_resumed);
  }
  bool HasVolume(const std::string& name) { return *fs::Exists(fs::Join(fs::Join(root_, "volumes"), name)); }

  const std::string root_ = fs::Join(testing::TempDir(), "volumes_" + NewUuid());
};

TEST_F(VolumeTasksTest, MakesAndRemovesTheFolderOfAClaim) {
  const auto made = Run("argostub/createpvc", {{"pvc_name", "data"}, {"size", "1Gi"}});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->output_parameters.at("name"), "data");
  EXPECT_TRUE(HasVolume("data"));
  ASSERT_TRUE(Run("argostub/deletepvc", {{"pvc_name", "data"}}).ok());
  EXPECT_FALSE(HasVolume("data"));
  EXPECT_EQ(Run("argostub/deletepvc", {{"pvc_name", "data"}}).status().code(), StatusCode::kNotFound);
}

TEST_F(VolumeTasksTest, TakesAClaimThatIsNotThereAsDeletedByTheAttemptThatWasKilled) {
  EXPECT_TRUE(Run("argostub/deletepvc", {{"pvc_name", "data"}}, /*is_resumed=*/true).ok());
}

TEST_F(VolumeTasksTest, PutsTheRunBeforeASuffix) {
  EXPECT_EQ(Run("argostub/createpvc", {{"pvc_name_suffix", "-data"}})->output_parameters.at("name"),
            "run-1-data");
}

TEST_F(VolumeTasksTest, RefusesNamesThatLeaveTheFolder) {
  EXPECT_FALSE(Run("argostub/createpvc", {{"pvc_name", "../x"}}).ok());
  EXPECT_FALSE(Run("argostub/deletepvc", {{"pvc_name", ".."}}).ok());
  EXPECT_THAT(std::string(Run("argostub/createpvc", {}).status().message()), HasSubstr("exactly one of"));
}

TEST_F(VolumeTasksTest, LeavesOtherContainersAlone) {
  pipeline::TaskView task;
  task.image = "python:3.11";
  EXPECT_FALSE(IsVolumeTask(task));
}

}  // namespace
}  // namespace penstock::runtime
