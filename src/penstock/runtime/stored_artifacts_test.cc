#include "penstock/runtime/stored_artifacts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock::runtime {
namespace {

using metadata::ArtifactsByName;
using pipeline::Artifact;

class StoredArtifactsTest : public testing::Test {
 protected:
  void SetUp() override {
    examples_.type = "Examples";
    examples_.uri = "s3://lake/artifacts/ExampleGen/examples/1";
    examples_.content = DigestOf("what was published");
    copy_ = examples_;
    copy_.uri = layout_.FetchedPath(examples_.content);
    ASSERT_TRUE(fs::WriteFileAtomically(copy_.uri + "/Split-train/data", "12345").ok());
  }
  void TearDown() override { EXPECT_TRUE(fs::RemoveAll(layout_.root()).ok()); }

  /// What a task's output at this path is published as.
  Artifact Publish(const std::string& path, const nlohmann::json& properties = nlohmann::json::object()) {
    Artifact output;
    output.type = "Examples";
    output.uri = path;
    output.content = DigestOf("what the task says");
    output.properties = properties;
    ArtifactsByName outputs = {{"out", {output}}};
    const Status named = NameAsStored({{"in", {examples_}}}, {{"in", {copy_}}}, outputs);
    EXPECT_TRUE(named.ok()) << named;
    const pipeline::TaskView task;
    const auto published = TaskFiles(layout_, task, "Filter", 7).Publish(outputs);
    EXPECT_TRUE(published.ok()) << published.status();
    return published->at("out")[0];
  }

  const RunLayout layout_{fs::Join(testing::TempDir(), "stored_" + NewUuid()), "s3://lake"};
  Artifact examples_, copy_;
};

TEST_F(StoredArtifactsTest, PublishesAnInputThatIsPassedOnWithItsContent) {
  const Artifact passed_on =
      Publish(copy_.uri, {{"from", copy_.uri + "/Split-train"}, {"near", copy_.uri + "x"}});
  EXPECT_EQ(passed_on.uri, examples_.uri);
  EXPECT_EQ(passed_on.content, examples_.content);
  EXPECT_EQ(passed_on.properties["from"], examples_.uri + "/Split-train");
  EXPECT_EQ(passed_on.properties["near"], copy_.uri + "x");
  // The next task has it as a file, as the first had.
  const CancellationToken cancellation;
  const auto fetched = FetchInputs(layout_, layout_.root(), {{"in", {passed_on}}}, cancellation);
  ASSERT_TRUE(fetched.ok()) << fetched.status();
  EXPECT_EQ(fetched->at("in")[0].uri, copy_.uri);
}

TEST_F(StoredArtifactsTest, PublishesAPartOfAnInputWithTheContentOfThatPart) {
  const Artifact part = Publish(copy_.uri + "/Split-train");
  EXPECT_EQ(part.uri, examples_.uri + "/Split-train");
  EXPECT_EQ(part.content, *fs::DigestOfTree(copy_.uri + "/Split-train"));
}

TEST_F(StoredArtifactsTest, DoesNotBelieveATaskThatSaysWhatElsewhereHolds) {
  EXPECT_EQ(Publish("s3://elsewhere/data").content, DigestOf("s3://elsewhere/data"));
}

TEST_F(StoredArtifactsTest, FetchesNothingOnceCancelled) {
  CancellationToken cancellation;
  cancellation.Cancel();
  EXPECT_EQ(FetchInputs(layout_, layout_.root(), {{"in", {examples_}}}, cancellation).status().code(),
            StatusCode::kCancelled);
}

}  // namespace
}  // namespace penstock::runtime
