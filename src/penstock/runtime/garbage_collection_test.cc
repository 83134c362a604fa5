#include "penstock/runtime/garbage_collection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/metadata/database/database_store.h"

namespace penstock::runtime {
namespace {

using metadata::ExecutionState;
using testing::ElementsAre;

constexpr int64_t kDay = int64_t{86'400} * 1'000'000;

class GarbageCollectionTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::Join(testing::TempDir(), "garbage-" + NewUuid());
    ASSERT_TRUE(fs::CreateDirectories(root_).ok());
    auto store = metadata::OpenStore(root_ + "/metadata.sqlite", clock_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  void TearDown() override {
    store_.reset();
    EXPECT_TRUE(fs::RemoveAll(root_).ok());
  }

  void AddRun(const std::string& id, metadata::RunState state = metadata::RunState::kSucceeded) {
    const Status status =
        store_->CreateRun({.run_id = id, .pipeline_name = "p", .spec = "{}", .root = root_, .state = state});
    ASSERT_TRUE(status.ok()) << status;
    clock_.Advance(1000);
  }
  /// One execution of the run that made an artifact of this type; answers the artifact's id.
  int64_t Make(const std::string& run, const std::string& type, std::vector<int64_t> inputs = {}) {
    metadata::ExecutionPlan plan{.run_id = run, .pipeline_name = "p", .node_id = type, .component_type = "C"};
    plan.inputs["in"] = std::move(inputs);
    const auto id = store_->BeginExecution(plan);
    EXPECT_TRUE(id.ok()) << id.status();
    pipeline::Artifact artifact;
    artifact.type = type;
    artifact.uri = root_ + "/artifacts/" + run + "/" + type;
    EXPECT_TRUE(fs::WriteFileAtomically(artifact.uri + "/data", "12345").ok());
    const auto outputs = store_->FinishExecution(*id, {.outputs = {{"out", {artifact}}}});
    EXPECT_TRUE(outputs.ok()) << outputs.status();
    return outputs->at("out")[0].id;
  }
  std::vector<int64_t> Collect(const GarbageOptions& options) {
    const auto report = CollectGarbage(*store_, options, clock_);
    EXPECT_TRUE(report.ok()) << report.status();
    std::vector<int64_t> ids;
    for (const auto& artifact : report->artifacts) ids.push_back(artifact.artifact_id);
    return ids;
  }

  FakeClock clock_{Timestamp{1'800'000'000'000'000}};
  std::string root_;
  std::unique_ptr<metadata::MetadataStore> store_;
};

TEST_F(GarbageCollectionTest, RemovesWhatOldRunsMadeAndNothingInADryRun) {
  AddRun("old");
  const int64_t statistics = Make("old", "Statistics");
  clock_.Advance(40 * kDay);
  AddRun("new");
  const GarbageOptions options{.root = root_, .num_runs_kept = 1, .num_days_kept = 30};
  EXPECT_THAT(Collect(options), ElementsAre(statistics));
  EXPECT_TRUE(*fs::Exists(root_ + "/artifacts/old/Statistics/data"));
  GarbageOptions real = options;
  real.is_dry_run = false;
  const auto report = CollectGarbage(*store_, real, clock_);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->num_bytes, 5);
  EXPECT_FALSE(*fs::Exists(root_ + "/artifacts/old/Statistics"));
  EXPECT_EQ(store_->GetArtifact(statistics)->state, pipeline::ArtifactState::kDeleted);
  EXPECT_THAT(Collect(options), ElementsAre());
}

TEST_F(GarbageCollectionTest, KeepsYoungLatestAndUnfinishedRuns) {
  AddRun("unfinished", metadata::RunState::kRunning);
  Make("unfinished", "Statistics");
  AddRun("latest");
  Make("latest", "Statistics");
  clock_.Advance(40 * kDay);
  EXPECT_THAT(Collect({.root = root_, .num_runs_kept = 1, .num_days_kept = 30}), ElementsAre());
  EXPECT_THAT(Collect({.root = root_, .num_runs_kept = 0, .num_days_kept = 50}), ElementsAre());
  EXPECT_EQ(Collect({.root = root_, .num_runs_kept = 0, .num_days_kept = 30}).size(), 1u);
}

TEST_F(GarbageCollectionTest, KeepsWhatALiveModelDescendsFromAndWhatAKeptRunTook) {
  AddRun("old");
  const int64_t examples = Make("old", "Examples");
  const int64_t statistics = Make("old", "Statistics", {examples});
  AddRun("middle");
  const int64_t schema = Make("middle", "Schema", {examples});
  clock_.Advance(40 * kDay);
  AddRun("new");
  Make("new", "Model", {schema});
  EXPECT_THAT(Collect({.root = root_, .num_runs_kept = 1, .num_days_kept = 30}), ElementsAre(statistics));
}

/// As the service writes down what a client tells of a task by POST /artifacts and /artifact_tasks.
TEST_F(GarbageCollectionTest, TreatsWhatClientsToldOfAsWhatRunsMade) {
  const auto tell = [&](const std::string& run, metadata::ExecutionOutcome outcome,
                        std::vector<int64_t> inputs) {
    metadata::ExecutionPlan plan{.run_id = run,
                                 .pipeline_name = "p",
                                 .node_id = "recorded/" + NewUuid(),
                                 .component_type = "RecordedByClient",
                                 .parameters = {{"task_id", run + "-1"}}};
    if (!inputs.empty()) plan.inputs["in"] = std::move(inputs);
    const auto id = store_->BeginExecution(plan);
    EXPECT_TRUE(id.ok()) << id.status();
    const auto outputs = store_->FinishExecution(*id, outcome);
    EXPECT_TRUE(outputs.ok()) << outputs.status();
    return outputs->empty() ? int64_t{0} : outputs->at("artifact")[0].id;
  };
  const auto artifact_at = [&](const std::string& path) {
    pipeline::Artifact artifact;
    artifact.type = "system.Dataset";
    artifact.uri = path;
    return metadata::ExecutionOutcome{.outputs = {{"artifact", {artifact}}}};
  };
  AddRun("old");
  ASSERT_TRUE(fs::WriteFileAtomically(root_ + "/artifacts/told/gone", "123").ok());
  ASSERT_TRUE(fs::WriteFileAtomically(root_ + "/artifacts/told/taken", "123").ok());
  const int64_t gone = tell("old", artifact_at(root_ + "/artifacts/told/gone"), {});
  const int64_t taken = tell("old", artifact_at(root_ + "/artifacts/told/taken"), {});
  tell("old", artifact_at(root_ + "/artifacts/told"), {});          // What holds a file that is taken,
  tell("old", artifact_at(root_ + "/artifacts/told/taken/x"), {});  // lies in it,
  tell("old", artifact_at(root_ + "/artifacts/told/taken"), {});    // or is it once more, stays with it.
  const int64_t elsewhere = tell("old", artifact_at(root_ + "/metadata.sqlite"), {});
  clock_.Advance(40 * kDay);
  AddRun("new");
  tell("new", {}, {taken});
  EXPECT_THAT(Collect({.root = root_, .num_runs_kept = 1, .num_days_kept = 30, .is_dry_run = false}),
              ElementsAre(gone));
  EXPECT_FALSE(*fs::Exists(root_ + "/artifacts/told/gone"));
  EXPECT_TRUE(*fs::Exists(root_ + "/artifacts/told/taken"));
  EXPECT_EQ(store_->GetArtifact(taken)->state, pipeline::ArtifactState::kLive);
  EXPECT_EQ(store_->GetArtifact(elsewhere)->state, pipeline::ArtifactState::kLive);
}

TEST_F(GarbageCollectionTest, KeepsWhatARunStoredThatCannotBeReadAnyMore) {
  const std::vector<std::string> events = {"{\"from\": \"another version\"}"};
  ASSERT_TRUE(store_
                  ->CreateRun({.run_id = "foreign",
                               .pipeline_name = "p",
                               .spec = "{}",
                               .root = root_,
                               .state = metadata::RunState::kSucceeded},
                              {.events = events})
                  .ok());
  const auto id = store_->BeginExecution(
      {.run_id = "foreign", .pipeline_name = "p", .node_id = "Trainer", .component_type = "C"});
  ASSERT_TRUE(id.ok()) << id.status();
  pipeline::Artifact model;
  model.type = "Model";
  model.uri = "s3://lake/root/artifacts/Trainer/model/1";
  ASSERT_TRUE(store_->FinishExecution(*id, {.outputs = {{"model", {model}}}}).ok());
  AddRun("old");
  const int64_t statistics = Make("old", "Statistics");
  clock_.Advance(40 * kDay);
  EXPECT_THAT(Collect({.root = root_, .num_runs_kept = 0, .num_days_kept = 30}), ElementsAre(statistics));
}

TEST_F(GarbageCollectionTest, LeavesFilesOutsideTheRootAlone) {
  AddRun("old");
  Make("old", "Statistics");
  clock_.Advance(40 * kDay);
  EXPECT_THAT(Collect({.root = "/somewhere/else", .num_runs_kept = 0, .num_days_kept = 1}), ElementsAre());
  EXPECT_EQ(CollectGarbage(*store_, {.num_runs_kept = -1}, clock_).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penstock::runtime
