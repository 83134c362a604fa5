#include "penstock/runtime/pipeline_runner.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/backends/local_process.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/pipeline/pipeline_ir.h"
#include "penstock/runtime/scheduler.h"

namespace penstock::backends {
namespace {

using runtime::NodeStatus;
using runtime::RunEvent;
using runtime::RunState;
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

class Recorder : public runtime::RunObserver {
 public:
  void OnStart(const std::string& run_id, bool resumed) override { run = run_id, is_resumed = resumed; }
  void OnEvent(const RunEvent& event, const RunState&) override {
    if (const auto* launched = std::get_if<runtime::event::NodeLaunched>(&event.what))
      launches.push_back(launched->node);
    if (on_event) on_event(event);
  }
  void OnProgress(const std::string&, double, const std::string&) override {}

  std::string run;
  bool is_resumed = false;
  std::vector<std::string> launches;
  std::function<void(const RunEvent&)> on_event;
};

class PipelineRunTest : public testing::Test {
 protected:
  Result<runtime::RunResult> Run(const std::vector<Script>& scripts) {
    recorder_.launches.clear();
    PENSTOCK_ASSIGN_OR_RETURN(const auto ir, pipeline::ParsePipelineIr(Ir(scripts), "test"));
    runtime::RunOptions options;
    options.root = root_;
    options.base_directory = root_;
    options.from_node = from_;
    options.is_cache_enabled = is_cache_enabled_;
    return runtime::RunPipeline(ir, options, components_, *backend_, clock_, cancellation_, recorder_);
  }
  std::string OutputOf(const RunState& state, const std::string& node) {
    const auto store = runtime::OpenExistingStore(root_, clock_);
    const auto outputs = (*store)->OutputsOf(state.nodes.at(node).execution_id);
    const auto& artifact = outputs->at("out").at(0);
    return *fs::ReadFile(fs::Join(artifact.uri, "data"));
  }

  const std::string root_ = fs::Join(testing::TempDir(), "pipeline_run_" + NewUuid());
  pipeline::ComponentCatalog components_{"component"};
  std::unique_ptr<runtime::TaskBackend> backend_ = MakeLocalProcessBackend(SelfPath());
  SystemClock clock_;
  CancellationToken cancellation_;
  Recorder recorder_;
  std::string from_;
  bool is_cache_enabled_ = true;
};

const Script kMake = {"make", "echo 1 > $1/data", ""};
const Script kCopy = {"copy", "cat $2/data $2/data > $1/data", "make"};

TEST_F(PipelineRunTest, RunsTasksInOrderAndPublishesWhatTheyWrote) {
  const auto result = Run({kMake, kCopy});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->state.succeeded);
  EXPECT_THAT(recorder_.launches, ElementsAre("make", "copy"));
  EXPECT_EQ(OutputOf(result->state, "copy"), "1\n1\n");
  EXPECT_THAT(*fs::List(fs::Join(root_, "staging")), IsEmpty());
}

TEST_F(PipelineRunTest, TakesWhatItDidBeforeFromTheCache) {
  ASSERT_TRUE(Run({kMake, kCopy}).ok());
  const auto again = Run({kMake, kCopy});
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(recorder_.launches, IsEmpty());
  EXPECT_TRUE(again->state.nodes.at("copy").is_cached);
  EXPECT_EQ(OutputOf(again->state, "copy"), "1\n1\n");
}

TEST_F(PipelineRunTest, RunsOnlyWhatChangedAndWhatItChanges) {
  ASSERT_TRUE(Run({kMake, kCopy}).ok());
  const auto changed = Run({kMake, {"copy", "cat $2/data > $1/data", "make"}});
  ASSERT_TRUE(changed.ok()) << changed.status();
  EXPECT_THAT(recorder_.launches, ElementsAre("copy"));
}

TEST_F(PipelineRunTest, KeepsTheCacheOfANodeWhoseInputComesOutTheSame) {
  ASSERT_TRUE(Run({kMake, kCopy}).ok());
  const auto changed = Run({{"make", "printf '1\\n' > $1/data", ""}, kCopy});
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
  const auto result = Run({{"make", "echo half > $1/data; exit 1", ""}, kCopy});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_FALSE(result->state.succeeded);
  EXPECT_EQ(result->state.nodes.at("make").status, NodeStatus::kFailed);
  EXPECT_THAT(result->state.nodes.at("make").last_error, HasSubstr("exit code 1"));
  EXPECT_EQ(result->state.nodes.at("copy").status, NodeStatus::kSkipped);
  EXPECT_EQ(runtime::ExitCodeOf(result->state), 1);
  EXPECT_THAT(*fs::List(fs::Join(root_, "staging")), IsEmpty());
  EXPECT_FALSE(*fs::Exists(fs::Join(root_, "artifacts/make")));
}

TEST_F(PipelineRunTest, TriesAFlakyTaskAgain) {
  const std::string flag = fs::Join(testing::TempDir(), "flag_" + NewUuid());
  const auto result =
      Run({{"make", fmt::format("echo 1 > $1/data; test -e {0} || {{ touch {0}; exit 1; }}", flag), "", 2}});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->state.succeeded);
  EXPECT_EQ(result->state.nodes.at("make").num_attempts, 2);
}

TEST_F(PipelineRunTest, StopsEverythingWhenCancelled) {
  recorder_.on_event = [this](const RunEvent& event) {
    if (std::holds_alternative<runtime::event::NodeLaunched>(event.what)) cancellation_.Cancel();
  };
  const auto result = Run({{"make", "sleep 100", ""}, kCopy});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->state.is_cancelled);
  EXPECT_FALSE(result->state.succeeded);
  EXPECT_LT(result->seconds, 50);
  const auto store = runtime::OpenExistingStore(root_, clock_);
  EXPECT_EQ((*store)->GetRun(result->run_id)->state, metadata::RunState::kCancelled);
}

TEST_F(PipelineRunTest, RefusesASecondRunBelowTheSameRoot) {
  Status second;
  recorder_.on_event = [&](const RunEvent& event) {
    if (!std::holds_alternative<runtime::event::NodeLaunched>(event.what)) return;
    const auto ir = pipeline::ParsePipelineIr(Ir({kMake}), "test");
    Recorder other;
    second = runtime::RunPipeline(*ir, {.root = root_}, components_, *backend_, clock_, cancellation_, other)
                 .status();
  };
  ASSERT_TRUE(Run({kMake}).ok());
  EXPECT_EQ(second.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.message()), HasSubstr("--root"));
}

TEST_F(PipelineRunTest, GoesOnWithARunThatWasInterrupted) {
  // What a killed process leaves: a run in state RUNNING, with one node done and one begun.
  const auto ir = pipeline::ParsePipelineIr(Ir({kMake, kCopy}), "test");
  ASSERT_TRUE(Run({kMake, kCopy}).ok());
  const std::string run_id = recorder_.run;
  const auto store = runtime::OpenExistingStore(root_, clock_);
  auto lines = *(*store)->ReadRunEvents(run_id);
  const auto record = *(*store)->GetRun(run_id);
  // Made make, launched copy: its first four events are launched, succeeded, launched, succeeded.
  const std::string interrupted = NewUuid();
  auto copy = record;
  copy.run_id = interrupted;
  copy.state = metadata::RunState::kRunning;
  const std::vector<std::string> history(lines.begin(), lines.begin() + 3);
  ASSERT_TRUE((*store)->CreateRun(copy, {0, history}).ok());
  is_cache_enabled_ = true;
  const auto result = Run({kMake, kCopy});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->is_resumed);
  EXPECT_EQ(result->run_id, interrupted);
  EXPECT_TRUE(result->state.succeeded);
  EXPECT_THAT(recorder_.launches, IsEmpty());  // make is done, copy is in the cache of the first run.
}

}  // namespace
}  // namespace penstock::backends
