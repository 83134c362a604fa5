#include "faults/kill_moments.h"

#include <signal.h>

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"

namespace penstock::faults {

using testing::HasSubstr;
using testing::IsEmpty;

Moment AfterLines(size_t num_lines) {
  return {fmt::format("after {} lines", num_lines), [=](const PipelineFolder&, const Program& program) {
            const std::string text = program.ErrorsSoFar();
            return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) >= num_lines;
          }};
}

Moment WhenThereIs(const std::string& glob) {
  return {"when there is " + glob, [=](const PipelineFolder& folder, const Program&) {
            return !Matches(fs::Join(folder.path(), glob)).empty();
          }};
}

bool WaitFor(const Moment& moment, const PipelineFolder& folder, Program& program) {
  while (!moment.has_come(folder, program))
    if (!program.IsRunning()) return false;
  return true;
}

void ExpectWholeRun(const PipelineFolder& folder) {
  folder.ExpectNothingHalf();
  EXPECT_THAT(folder.LivingProcessesAfterWaiting(), IsEmpty());
  EXPECT_EQ(Matches(folder.path() + "/serving/*/model.pb").size(), 1u);
  EXPECT_EQ(Matches(folder.path() + "/serving/*").size(), 1u);
}

void KillAndRunAgain(const Moment& moment) {
  SCOPED_TRACE(moment.name);
  const PipelineFolder folder;
  folder.UseTaxi();
  Program program({.arguments = folder.RunCommand(), .working_directory = folder.path(), .set_up = {}});
  const bool is_struck = WaitFor(moment, folder, program);
  program.Send(SIGKILL);
  const Ending killed = program.Wait();
  ASSERT_TRUE(is_struck) << "it ended before: " << killed.Describe();
  EXPECT_EQ(killed.signal, SIGKILL);
  EXPECT_THAT(folder.LivingProcessesAfterWaiting(), IsEmpty());

  const auto runs = folder.Runs();
  const auto published =
      runs.empty() ? std::map<int64_t, std::string>{} : folder.ExecutionsInState(PipelineFolder::kComplete);
  const bool is_unfinished = !runs.empty() && runs[0].second == "RUNNING";
  const Ending ending = folder.Run();
  EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
  const auto runs_after = folder.Runs();
  ASSERT_FALSE(runs_after.empty());
  EXPECT_EQ(runs_after[0].second, "SUCCEEDED");
  if (is_unfinished) {
    EXPECT_EQ(runs_after.size(), 1u);
    EXPECT_EQ(runs_after[0].first, runs[0].first);
    EXPECT_THAT(ending.errors, HasSubstr("goes on where it was interrupted"));
  }
  const auto complete = folder.ExecutionsInState(PipelineFolder::kComplete);
  for (const auto& [id, name] : published) EXPECT_TRUE(complete.contains(id)) << name;
  if (is_unfinished || runs.empty()) {
    EXPECT_EQ(complete.size(), 10u) << "a node's work was done twice, or not at all";
  }
  ExpectWholeRun(folder);
}

}  // namespace penstock::faults
