#include <signal.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/kill_moments.h"
#include "faults/pipeline_folder.h"
#include "penstock/base/filesystem.h"

namespace penstock::faults {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class KillTest : public testing::TestWithParam<int> {};

const std::vector<Moment>& FewMoments() {
  static const std::vector<Moment> moments = {AfterLines(2), WhenThereIs(".penstock/staging/*/model"),
                                              WhenThereIs("serving")};
  return moments;
}

TEST_P(KillTest, SameCommandFinishesRunWithoutRepeatingPublishedWork) {
  KillAndRunAgain(FewMoments()[static_cast<size_t>(GetParam())]);
}

INSTANTIATE_TEST_SUITE_P(Moments, KillTest, testing::Range(0, 3));

TEST(KilledRunTest, IsClosedByAnotherCommand) {
  const PipelineFolder folder;
  folder.UseTaxi();
  Program program({.arguments = folder.RunCommand(), .working_directory = folder.path(), .set_up = {}});
  ASSERT_TRUE(WaitFor(WhenThereIs(".penstock/staging/*/model"), folder, program));
  program.Send(SIGKILL);
  program.Wait();
  auto command = folder.RunCommand();
  command.push_back("--no-cache");
  const Ending ending = scenarios::RunPenstock(command, folder.path());
  EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
  const auto runs = folder.Runs();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].second, "SUCCEEDED");
  EXPECT_EQ(runs[1].second, "FAILED");
  EXPECT_THAT(folder.ExecutionsInState(PipelineFolder::kRunning), IsEmpty());
  ExpectWholeRun(folder);
}

TEST(KilledTaskTest, FailsItsNodeAndTheSameCommandMendsIt) {
  const PipelineFolder folder;
  folder.UseTaxi();
  Program program({.arguments = folder.RunCommand(), .working_directory = folder.path(), .set_up = {}});
  pid_t task = 0;
  while (task == 0 && program.IsRunning()) task = folder.FindTask("Trainer");
  ASSERT_NE(task, 0);
  ASSERT_EQ(kill(task, SIGKILL), 0);
  const Ending ending = program.Wait();
  EXPECT_EQ(ending.exit_code, 1) << ending.Describe();
  EXPECT_THAT(ending.errors, HasSubstr("signal 9"));
  EXPECT_THAT(ending.errors, HasSubstr("Pusher"));
  folder.ExpectNothingHalf();
  EXPECT_EQ(folder.Runs()[0].second, "FAILED");

  const Ending again = folder.Run();
  EXPECT_EQ(again.exit_code, 0) << again.Describe();
  EXPECT_THAT(again.errors, HasSubstr("Transform           cached"));
  ExpectWholeRun(folder);
}

TEST(KilledTaskTest, IsTriedAgainWhereRetriesAreAllowed) {
  const PipelineFolder folder;
  folder.UseTaxi();
  auto text = fs::ReadFile(folder.path() + "/pipeline.yaml");
  ASSERT_TRUE(text.ok());
  const size_t at = text->find("  Trainer:");
  ASSERT_NE(at, std::string::npos);
  folder.Write("pipeline.yaml", text->replace(at, 10, "  Trainer: {retries: 1}"));
  Program program({.arguments = folder.RunCommand(), .working_directory = folder.path(), .set_up = {}});
  pid_t task = 0;
  while (task == 0 && program.IsRunning()) task = folder.FindTask("Trainer");
  ASSERT_NE(task, 0);
  ASSERT_EQ(kill(task, SIGKILL), 0);
  const Ending ending = program.Wait();
  EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
  EXPECT_THAT(ending.errors, HasSubstr("signal 9"));
  ExpectWholeRun(folder);
}

void ExpectStopped(int signal) {
  const PipelineFolder folder;
  folder.UseTaxi();
  Program program({.arguments = folder.RunCommand(), .working_directory = folder.path(), .set_up = {}});
  ASSERT_TRUE(WaitFor(WhenThereIs(".penstock/staging/*/model"), folder, program));
  program.Send(signal);
  const Ending ending = program.Wait();
  EXPECT_EQ(ending.exit_code, 1) << ending.Describe();
  EXPECT_EQ(ending.signal, 0);
  EXPECT_THAT(ending.errors, HasSubstr("stopping"));
  EXPECT_THAT(folder.LivingProcessesAfterWaiting(), IsEmpty());
  folder.ExpectNothingHalf();
  const auto runs = folder.Runs();
  ASSERT_FALSE(runs.empty());
  EXPECT_EQ(runs[0].second, "CANCELLED");
  EXPECT_TRUE(Matches(folder.path() + "/serving/*").empty());

  const Ending again = folder.Run();
  EXPECT_EQ(again.exit_code, 0) << again.Describe();
  EXPECT_EQ(folder.Runs().size(), 2u);
  ExpectWholeRun(folder);
}

TEST(InterruptTest, ControlCStopsTheTasksAndClosesTheRun) { ExpectStopped(SIGINT); }

TEST(InterruptTest, TerminationStopsTheTasksAndClosesTheRun) { ExpectStopped(SIGTERM); }

TEST(TwoRunsTest, SecondAtTheSameRootIsToldToWait) {
  const PipelineFolder folder;
  folder.UseTaxi();
  Program first({.arguments = folder.RunCommand(), .working_directory = folder.path(), .set_up = {}});
  ASSERT_TRUE(WaitFor(AfterLines(1), folder, first));
  const Ending second = folder.Run();
  EXPECT_EQ(second.exit_code, 2) << second.Describe();
  EXPECT_THAT(second.errors, HasSubstr("Another penstock runs a pipeline below " + folder.root()));
  EXPECT_THAT(second.errors, HasSubstr("--root"));
  ASSERT_EQ(folder.Runs().size(), 1u);
  EXPECT_EQ(folder.Runs()[0].second, "RUNNING");
  const Ending ending = first.Wait();
  EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
  ExpectWholeRun(folder);
  const Ending other = scenarios::RunPenstock({"runs", "show", "--root", folder.root()});
  EXPECT_THAT(other.output, Not(HasSubstr("failed")));
}

}  // namespace
}  // namespace penstock::faults
