// Model checking by chance: random pipelines, failures, conditions, loops, kills and cancellations; what must
// hold of every run is checked on every one.
#include <random>

#include <gtest/gtest.h>

#include "penstock/runtime/machine_driver_testing.h"

namespace penstock::runtime {
namespace {

using testing::MachineDriver;

class RandomPipeline {
 public:
  explicit RandomPipeline(uint32_t seed) : random_(seed) {}

  int Below(int bound) { return static_cast<int>(random_() % static_cast<uint32_t>(bound)); }

  /// Tasks of a DAG; nested ones come to `components`.
  std::string Tasks(int depth) {
    std::string text;
    const int num_tasks = 1 + Below(5);
    for (int i = 0; i < num_tasks; ++i) {
      const bool is_dag = depth < 3 && Below(3) == 0;
      std::string component = "leaf";
      if (is_dag) {
        component = (Below(3) == 0 ? "comp-exit-handler-" : "c") + std::to_string(num_components_++);
        components +=
            (components.empty() ? "" : ", ") + component + ": {dag: {tasks: {" + Tasks(depth + 1) + "}}}";
      }
      std::string after;
      for (int j = 0; j < i; ++j)
        if (Below(3) == 0) after += (after.empty() ? "t" : ", t") + std::to_string(j);
      std::string trigger;
      if (Below(5) == 0) trigger += "strategy: ALL_UPSTREAM_TASKS_COMPLETED";
      if (is_dag && Below(3) == 0) trigger += std::string(trigger.empty() ? "" : ", ") + "condition: 'true'";
      text += (i == 0 ? "t" : ", t") + std::to_string(i) + ": {componentRef: {name: " + component + "}";
      if (!after.empty()) text += ", dependentTasks: [" + after + "]";
      if (!trigger.empty()) text += ", triggerPolicy: {" + trigger + "}";
      if (Below(4) == 0)
        text +=
            ", parameterIterator: {itemInput: i, items: {raw: '[]'}}, iteratorPolicy: {parallelismLimit: " +
            std::to_string(Below(3)) + "}";
      if (Below(3) == 0)
        text += ", retryPolicy: {maxRetryCount: " + std::to_string(Below(3)) + ", backoffDuration: 1s}";
      text += "}";
    }
    return text;
  }

  std::string components;

 private:
  std::mt19937 random_;
  int num_components_ = 0;
};

/// What the task's dependencies had come to when it started.
void CheckOrder(const MachineDriver& driver) {
  for (size_t i = 1; i < driver.machine->tasks().size(); ++i) {
    const TaskState& task = driver.machine->tasks()[i];
    if (task.started.micros == 0 || task.iteration >= 0) continue;
    for (const auto& name : task.view->dependencies) {
      const TaskIndex upstream = driver.machine->FindSibling(static_cast<TaskIndex>(i), name);
      ASSERT_GE(upstream, 0);
      const TaskState& before = driver.machine->task(upstream);
      EXPECT_TRUE(IsFinal(before.state)) << driver.machine->PathOf(static_cast<TaskIndex>(i));
      EXPECT_LE(before.ended, task.started);
      if (!task.view->runs_after_failures) {
        EXPECT_EQ(before.state, RuntimeState::kSucceeded);
      }
    }
  }
}

void CheckEnd(const MachineDriver& driver) {
  bool has_failed = false;
  for (const TaskState& task : driver.machine->tasks()) {
    EXPECT_TRUE(IsFinal(task.state));
    EXPECT_EQ(task.num_open, 0);
    has_failed = has_failed || task.state == RuntimeState::kFailed;
    if (task.kind == TaskKind::kLoop && task.state == RuntimeState::kSucceeded) {
      EXPECT_EQ(static_cast<int>(task.children.size()), task.num_iterations);
    }
    for (const TaskIndex child : task.children)
      if (task.state == RuntimeState::kSucceeded) {
        EXPECT_NE(driver.machine->task(child).state, RuntimeState::kFailed);
      }
  }
  if (!driver.machine->is_canceled()) {
    EXPECT_EQ(driver.machine->state() == RuntimeState::kFailed, has_failed);
  }
}

/// At most one success a task: the store publishes each once. (After a retry an exit task is told another
/// thing.)
void CheckPublishedOnce(const MachineDriver& driver) {
  std::map<TaskIndex, int> num_published;
  for (const RunEvent& event : driver.history) {
    if (std::holds_alternative<event::RetryRequested>(event.what))
      std::erase_if(num_published,
                    [&](const auto& entry) { return driver.machine->task(entry.first).view->is_exit_task; });
    if (const auto* done = std::get_if<event::TaskSucceeded>(&event.what)) {
      EXPECT_EQ(++num_published[done->task], 1);
    }
  }
}

/// The process is killed: only what is stored is left, and the tasks at work are gone.
void Kill(MachineDriver& driver) {
  auto machine = std::make_unique<RunMachine>(*driver.view, Timestamp{0});
  for (const RunEvent& event : driver.history) ASSERT_TRUE(machine->Apply(event).ok());
  ASSERT_EQ(machine->tasks().size(), driver.machine->tasks().size());
  for (size_t i = 0; i < machine->tasks().size(); ++i)
    ASSERT_EQ(machine->tasks()[i].state, driver.machine->tasks()[i].state);
  driver.machine = std::move(machine);
  for (const TaskIndex task : driver.running) ASSERT_TRUE(driver.Apply(event::TaskInterrupted{task}).ok());
  driver.running.clear();
}

class RandomRuns : public ::testing::TestWithParam<int> {};

TEST_P(RandomRuns, KeepWhatMustHoldWhateverHappens) {
  for (int round = 0; round < 200; ++round) {
    const auto seed = static_cast<uint32_t>(GetParam() * 1000 + round);
    SCOPED_TRACE(seed);
    RandomPipeline random(seed);
    const std::string tasks = random.Tasks(0);
    MachineDriver driver(tasks, random.components);
    driver.capacity = 1 + random.Below(4);
    for (const char* name : {"t0", "t1", "t2", "t3", "t4"}) driver.iterations[name] = random.Below(4);
    if (random.Below(3) == 0) driver.false_conditions = {"t" + std::to_string(random.Below(5))};
    const int failure_percent = random.Below(3) * 15;
    driver.fails = [&](const std::string&, int) {
      return random.Below(100) < failure_percent ? Unavailable("it broke") : OkStatus();
    };
    driver.pick = [&](const std::set<TaskIndex>& running) {
      return *std::next(running.begin(), random.Below(static_cast<int>(running.size())));
    };
    ASSERT_TRUE(driver.Apply(event::RunCreated{}).ok());
    int num_steps = 0;
    while (driver.Step() && ++num_steps < 5000) {
      driver.now.micros += 1000;
      if (random.Below(20) == 0) Kill(driver);
      if (random.Below(driver.machine->is_canceled() ? 20 : 200) == 0 && !driver.machine->is_complete()) {
        ASSERT_TRUE(driver.Apply(event::CancelRequested{}).ok());
        for (const TaskIndex task : std::set<TaskIndex>(driver.running)) {
          if (!driver.machine->IsStopped(task)) continue;
          driver.running.erase(task);
          ASSERT_TRUE(driver.Apply(event::TaskFailed{task, StatusCode::kCancelled, "killed"}).ok());
        }
      }
    }
    ASSERT_TRUE(driver.machine->is_complete()) << tasks << "\n" << random.components;
    CheckEnd(driver);
    CheckOrder(driver);
    CheckPublishedOnce(driver);
    // Retried without further failures, everything but false conditions and their consequences succeeds.
    if (driver.machine->state() == RuntimeState::kSucceeded) continue;
    driver.fails = nullptr;
    driver.false_conditions.clear();
    ASSERT_TRUE(driver.Apply(event::RetryRequested{}).ok());
    EXPECT_EQ(driver.GoOn(), RuntimeState::kSucceeded) << tasks << "\n" << random.components;
    CheckEnd(driver);
    CheckPublishedOnce(driver);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomRuns, ::testing::Range(0, 10));

}  // namespace
}  // namespace penstock::runtime
