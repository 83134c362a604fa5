#include "penstock/runtime/run_engine.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/backends/local_process.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/metadata/database/database_store.h"
#include "penstock/runtime/run_event.h"
#include "penstock/runtime/task_files.h"

namespace penstock::backends {
namespace {

using runtime::RunSnapshot;
using runtime::RuntimeState;
using runtime::TaskSnapshot;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A task of the IR: a shell script with its one output and its one input.
struct Script {
  std::string name, text, input_from;
  int num_retries = 0;
};

/// KFP IR of tasks that each write the artifact `out` and may read another's as `in`.
std::string Ir(const std::vector<Script>& scripts) {
  std::string executors, components, tasks;
  for (const auto& script : scripts) {
    nlohmann::json command = {"/bin/sh", "-c", script.text, "sh", "{{$.outputs.artifacts['out'].path}}"};
    if (!script.input_from.empty()) command.push_back("{{$.inputs.artifacts['in'].path}}");
    const std::string artifact = "{artifactType: {schemaTitle: system.Dataset, schemaVersion: 0.0.1}}";
    executors += fmt::format("    exec-{}: {{container: {{image: none, command: {}}}}}\n", script.name,
                             command.dump());
    components +=
        fmt::format("  comp-{}: {{executorLabel: exec-{}, outputDefinitions: {{artifacts: {{out: {}}}}}",
                    script.name, script.name, artifact);
    if (!script.input_from.empty())
      components += fmt::format(", inputDefinitions: {{artifacts: {{in: {}}}}}", artifact);
    components += "}\n";
    tasks += fmt::format(
        "      {}: {{taskInfo: {{name: {}}}, componentRef: {{name: comp-{}}}, cachingOptions: {{enableCache: "
        "true}}",
        script.name, script.name, script.name);
    if (script.num_retries > 0)
      tasks += fmt::format(", retryPolicy: {{maxRetryCount: {}, backoffDuration: 0s}}", script.num_retries);
    if (!script.input_from.empty())
      tasks += fmt::format(
          ", dependentTasks: [{0}], inputs: {{artifacts: {{in: {{taskOutputArtifact: {{producerTask: {0}, "
          "outputArtifactKey: "
          "out}}}}}}}}",
          script.input_from);
    tasks += "}\n";
  }
  return "pipelineInfo: {name: shell}\nschemaVersion: 2.1.0\nsdkVersion: test\ndeploymentSpec:\n  "
         "executors:\n" +
         executors + "components:\n" + components + "root:\n  dag:\n    tasks:\n" + tasks;
}

class Recorder : public runtime::EngineObserver {
 public:
  void OnRunChanged(const RunSnapshot&, bool resumed) override { is_resumed = is_resumed || resumed; }
  void OnTaskChanged(const std::string&, const TaskSnapshot& task) override {
    if (task.state != RuntimeState::kRunning || task.path.empty()) return;
    launches.push_back(task.path);
    if (on_launch) on_launch();
  }
  void OnProgress(const std::string&, const std::string&, double, const std::string&) override {}

  bool is_resumed = false;
  std::vector<std::string> launches;
  std::function<void()> on_launch;
};

const TaskSnapshot& TaskOf(const RunSnapshot& run, const std::string& path) {
  for (const auto& task : run.tasks)
    if (task.path == path) return task;
  ADD_FAILURE() << "no task " << path;
  return run.tasks.at(0);
}

class PipelineRunTest : public testing::Test {
 protected:
  /// A process's life: the store and the engine are opened, the run goes to its end, all is closed.
  Result<RunSnapshot> Run(const std::vector<Script>& scripts, const std::string& resume = "") {
    recorder_.launches.clear();
    PENSTOCK_RETURN_IF_ERROR(fs::CreateDirectories(root_));
    PENSTOCK_ASSIGN_OR_RETURN(const auto store,
                              metadata::OpenStore(runtime::RunLayout(root_).DatabasePath(), clock_));
    PENSTOCK_ASSIGN_OR_RETURN(
        const auto engine,
        runtime::RunEngine::Open({.root = root_}, components_, *store, *backend_, clock_, &recorder_));
    std::string run_id = resume;
    if (resume.empty()) {
      runtime::RunRequest request{.pipeline = Ir(scripts), .from_node = from_};
      if (!is_cache_enabled_) request.is_cache_enabled = false;
      PENSTOCK_ASSIGN_OR_RETURN(run_id, engine->Submit(request));
    }
    if (is_terminated_) PENSTOCK_RETURN_IF_ERROR(engine->Terminate(run_id));
    PENSTOCK_RETURN_IF_ERROR(engine->Wait(run_id, -1).status());
    return engine->Snapshot(run_id, true);
  }
  std::string OutputOf(const RunSnapshot& run, const std::string& node) {
    return *fs::ReadFile(fs::Join(TaskOf(run, node).output_artifacts.at("out").at(0).uri, "data"));
  }

  const std::string root_ = fs::Join(testing::TempDir(), "pipeline_run_" + NewUuid());
  pipeline::ComponentCatalog components_{"component"};
  std::unique_ptr<runtime::TaskBackend> backend_ = MakeLocalProcessBackend(SelfPath());
  SystemClock clock_;
  Recorder recorder_;
  std::string from_;
  bool is_cache_enabled_ = true;
  bool is_terminated_ = false;
};

const Script kMake = {"make", "mkdir $1; echo 1 > $1/data", ""};
const Script kCopy = {"copy", "mkdir $1; cat $2/data $2/data > $1/data", "make"};

TEST_F(PipelineRunTest, RunsTasksInOrderAndPublishesWhatTheyWrote) {
  const auto result = Run({kMake, kCopy});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->state, RuntimeState::kSucceeded);
  EXPECT_THAT(recorder_.launches, ElementsAre("make", "copy"));
  EXPECT_EQ(OutputOf(*result, "copy"), "1\n1\n");
  EXPECT_THAT(*fs::List(fs::Join(root_, "staging")), IsEmpty());
}

TEST_F(PipelineRunTest, TakesWhatItDidBeforeFromTheCache) {
  ASSERT_TRUE(Run({kMake, kCopy}).ok());
  const auto again = Run({kMake, kCopy});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(recorder_.launches, IsEmpty());
  EXPECT_TRUE(TaskOf(*again, "copy").is_cached);
  EXPECT_THAT(TaskOf(*again, "copy").cache_note, HasSubstr("cached: the same work as execution"));
  EXPECT_EQ(OutputOf(*again, "copy"), "1\n1\n");
}

TEST_F(PipelineRunTest, RunsOnlyWhatChangedAndWhatItChanges) {
  ASSERT_TRUE(Run({kMake, kCopy}).ok());
  const auto changed = Run({kMake, {"copy", "mkdir $1; cat $2/data > $1/data", "make"}});
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_THAT(recorder_.launches, ElementsAre("copy"));
  EXPECT_THAT(TaskOf(*changed, "copy").cache_note, HasSubstr("not cached: command was "));
}

TEST_F(PipelineRunTest, KeepsTheCacheOfANodeWhoseInputComesOutTheSame) {
  ASSERT_TRUE(Run({kMake, kCopy}).ok());
  const auto changed = Run({{"make", "mkdir $1; printf '1\\n' > $1/data", ""}, kCopy});
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_THAT(recorder_.launches, ElementsAre("make"));
}

TEST_F(PipelineRunTest, RunsANodeAndAllDownstreamAgainWhenAsked) {
  ASSERT_TRUE(Run({kMake, kCopy}).ok());
  from_ = "copy";
  ASSERT_TRUE(Run({kMake, kCopy}).ok());
  EXPECT_THAT(recorder_.launches, ElementsAre("copy"));
  from_ = "";
  is_cache_enabled_ = false;
  ASSERT_TRUE(Run({kMake, kCopy}).ok());
  EXPECT_THAT(recorder_.launches, ElementsAre("make", "copy"));
}

TEST_F(PipelineRunTest, NamesTheNearestNodeForAnUnknownOne) {
  from_ = "cpoy";
  const auto result = Run({kMake, kCopy});
  EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("did you mean 'copy'?"));
}

TEST_F(PipelineRunTest, LeavesNothingOfAFailedAttempt) {
  const auto result = Run({{"make", "mkdir $1; echo half > $1/data; exit 1", ""}, kCopy});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->state, RuntimeState::kFailed);
  EXPECT_EQ(TaskOf(*result, "make").state, RuntimeState::kFailed);
  EXPECT_THAT(std::string(TaskOf(*result, "make").error.message()), HasSubstr("exit code 1"));
  EXPECT_EQ(TaskOf(*result, "copy").state, RuntimeState::kSkipped);
  EXPECT_EQ(runtime::ExitCodeOf(*result), 1);
  EXPECT_THAT(*fs::List(fs::Join(root_, "staging")), IsEmpty());
  EXPECT_THAT(*fs::List(fs::Join(root_, "artifacts/make")), IsEmpty());
}

TEST_F(PipelineRunTest, TriesAFlakyTaskAgain) {
  const std::string flag = fs::Join(testing::TempDir(), "flag_" + NewUuid());
  const auto result = Run(
      {{"make", fmt::format("mkdir -p $1; echo 1 > $1/data; test -e {0} || {{ touch {0}; exit 1; }}", flag),
        "", 2}});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->state, RuntimeState::kSucceeded);
  EXPECT_EQ(TaskOf(*result, "make").num_attempts, 2);
}

TEST_F(PipelineRunTest, StopsEverythingWhenTerminated) {
  is_terminated_ = true;
  const auto result = Run({{"make", "sleep 100", ""}, kCopy});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->state, RuntimeState::kCanceled);
  EXPECT_LT(result->ended.micros - result->created.micros, 50'000'000);
  const auto store = runtime::OpenExistingStore(root_, clock_);
  EXPECT_EQ((*store)->GetRun(result->run_id)->state, metadata::RunState::kCancelled);
}

TEST_F(PipelineRunTest, RefusesASecondEngineBelowTheSameRoot) {
  Status second;
  recorder_.on_launch = [&] {
    const auto store = runtime::OpenExistingStore(root_, clock_);
    second =
        runtime::RunEngine::Open({.root = root_}, components_, **store, *backend_, clock_, nullptr).status();
  };
  ASSERT_TRUE(Run({kMake}).ok());
  EXPECT_EQ(second.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()), HasSubstr("--root"));
}

TEST_F(PipelineRunTest, GoesOnWithARunThatWasInterrupted) {
  // What a killed process leaves: a run in state RUNNING, with one node done and one begun.
  const auto whole = Run({kMake, kCopy});
  ASSERT_TRUE(whole.ok()) << whole.status();
  const std::string interrupted = NewUuid();
  {
    const auto store = runtime::OpenExistingStore(root_, clock_);
    auto lines = *(*store)->ReadRunEvents(whole->run_id);
    auto record = *(*store)->GetRun(whole->run_id);
    record.run_id = interrupted;
    record.state = metadata::RunState::kRunning;
    // Created, launched make, made it, launched copy.
    ASSERT_TRUE((*store)->CreateRun(record, {0, std::span(lines).first(4)}).ok());
  }
  const auto result = Run({}, interrupted);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(recorder_.is_resumed);
  EXPECT_EQ(result->state, RuntimeState::kSucceeded);
  EXPECT_THAT(recorder_.launches, IsEmpty());  // make is done, copy is in the cache of the first run.
}

TEST_F(PipelineRunTest, RetriesWhatFailedAndKeepsWhatSucceeded) {
  const std::string flag = fs::Join(testing::TempDir(), "flag_" + NewUuid());
  const auto failed = Run({kMake, {"copy", fmt::format("test -e {} && cp -r $2 $1", flag), "make"}});
  ASSERT_TRUE(failed.ok()) << failed.status();
  ASSERT_EQ(failed->state, RuntimeState::kFailed);
  ASSERT_TRUE(fs::WriteFileAtomically(flag, "").ok());
  const auto store = runtime::OpenExistingStore(root_, clock_);
  const auto engine =
      runtime::RunEngine::Open({.root = root_}, components_, **store, *backend_, clock_, &recorder_);
  ASSERT_TRUE(engine.ok()) << engine.status();
  recorder_.launches.clear();
  ASSERT_TRUE((*engine)->Retry(failed->run_id).ok());
  EXPECT_EQ((*engine)->Wait(failed->run_id, -1).value(), RuntimeState::kSucceeded);
  EXPECT_THAT(recorder_.launches, ElementsAre("copy"));
  EXPECT_EQ((*engine)->Retry(failed->run_id).code(), StatusCode::kFailedPrecondition);
}

TEST_F(PipelineRunTest, RunsManyRunsAtOnce) {
  ASSERT_TRUE(fs::CreateDirectories(root_).ok());
  const auto store = metadata::OpenStore(runtime::RunLayout(root_).DatabasePath(), clock_);
  const auto engine =
      runtime::RunEngine::Open({.root = root_}, components_, **store, *backend_, clock_, nullptr);
  ASSERT_TRUE(engine.ok()) << engine.status();
  std::vector<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    const auto id = (*engine)->Submit({.pipeline = Ir({kMake, kCopy}), .is_cache_enabled = false});
    ASSERT_TRUE(id.ok()) << id.status();
    ids.push_back(*id);
  }
  for (const auto& id : ids) EXPECT_EQ((*engine)->Wait(id, -1).value(), RuntimeState::kSucceeded);
  EXPECT_EQ((*engine)->NumRunning(), 0);
}

}  // namespace
}  // namespace penstock::backends
