#include "penstock/model/model_versions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock::model {
namespace {

class ModelVersionsTest : public testing::Test {
 protected:
  void Make(const std::string& file) {
    ASSERT_TRUE(fs::WriteFileAtomically(fs::Join(folder_, file), "x").ok());
  }

  const std::string folder_ = fs::Join(testing::TempDir(), "model_versions_" + NewUuid());
};

TEST_F(ModelVersionsTest, ComparesVersionsAsNumbers) {
  Make("9/model.pb");
  Make("10/model.pb");
  EXPECT_EQ(*LatestVersion(folder_), 10);
  EXPECT_EQ(*FindModelFolder(folder_), fs::Join(folder_, "10"));
}

TEST_F(ModelVersionsTest, LooksAtNothingButFoldersNamedByANumber) {
  Make("11");
  Make(".12.new/model.pb");
  Make("13x/model.pb");
  Make("2/model.pb");
  EXPECT_EQ(*LatestVersion(folder_), 2);
}

TEST_F(ModelVersionsTest, TakesAFolderThatIsAModelItself) {
  Make("model.pb");
  EXPECT_EQ(*FindModelFolder(folder_), folder_);
}

TEST_F(ModelVersionsTest, SaysWhereThereIsNoModel) {
  Make("readme.txt");
  EXPECT_EQ(*LatestVersion(folder_), std::nullopt);
  const Status status = FindModelFolder(folder_).status();
  EXPECT_EQ(status.code(), StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr(folder_));
}

}  // namespace
}  // namespace penstock::model
