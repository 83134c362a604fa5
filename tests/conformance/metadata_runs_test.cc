#include "conformance/metadata_store_suite.h"

namespace penstock::metadata {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> IdsOfRuns(const std::vector<RunRecord>& runs) {
  std::vector<std::string> ids;
  for (const RunRecord& run : runs) ids.push_back(run.run_id);
  return ids;
}

TEST_P(MetadataStoreSuite, KeepsRunWhole) {
  const std::vector<std::string> events = {"{\"created\":true}"};
  const RunRecord run = NewRun("0a1b2c3d");
  PENSTOCK_ASSERT_OK(store().CreateRun(run, {0, events}));
  Reopen();
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const RunRecord read, store().GetRun("0a1b2c3d"));
  EXPECT_EQ(read.run_id, "0a1b2c3d");
  EXPECT_EQ(read.pipeline_name, "taxi");
  EXPECT_EQ(read.spec, run.spec);
  EXPECT_EQ(read.spec_digest, run.spec_digest);
  EXPECT_EQ(read.parameters, run.parameters);
  EXPECT_EQ(read.root, "/roots/taxi");
  EXPECT_EQ(read.state, RunState::kRunning);
  EXPECT_EQ(read.created, clock().Now());
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto history, store().ReadRunEvents("0a1b2c3d"));
  EXPECT_THAT(history, ElementsAre("{\"created\":true}"));
}

TEST_P(MetadataStoreSuite, FindsRunByTheBeginningOfItsId) {
  for (const char* id : {"abc1", "abc2", "abd", "ab", "100%"})
    PENSTOCK_ASSERT_OK(store().CreateRun(NewRun(id)));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const RunRecord one, store().GetRun("abd"));
  EXPECT_EQ(one.run_id, "abd");
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const RunRecord exact, store().GetRun("ab"));
  EXPECT_EQ(exact.run_id, "ab");
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const RunRecord percent, store().GetRun("100"));
  EXPECT_EQ(percent.run_id, "100%");
  EXPECT_THAT(store().GetRun("abc").status(), IsError(StatusCode::kInvalidArgument, "abc1, abc2"));
  EXPECT_THAT(store().GetRun("a").status(), IsError(StatusCode::kInvalidArgument, "..."));
  EXPECT_THAT(store().GetRun("%").status(), IsError(StatusCode::kNotFound, "'%'"));
  EXPECT_THAT(store().GetRun("").status(), IsError(StatusCode::kInvalidArgument, "empty"));
}

TEST_P(MetadataStoreSuite, RefusesTakenRunIdAndKeepsTheFirst) {
  PENSTOCK_ASSERT_OK(store().CreateRun(NewRun("r", "taxi")));
  EXPECT_THAT(store().CreateRun(NewRun("r", "flights")), IsError(StatusCode::kAlreadyExists, "'r'"));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const RunRecord run, store().GetRun("r"));
  EXPECT_EQ(run.pipeline_name, "taxi");
}

TEST_P(MetadataStoreSuite, WritesGroupOfVerbsWhole) {
  const std::vector<std::string> event = {"a"};
  PENSTOCK_ASSERT_OK(store().InOneTransaction([&]() -> Status {
    PENSTOCK_RETURN_IF_ERROR(store().CreateRun(NewRun("one")));
    PENSTOCK_RETURN_IF_ERROR(store().AppendRunEvents("one", {0, event}));
    return store().ReadRunEvents("one").status();
  }));
  Reopen();
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto history, store().ReadRunEvents("one"));
  EXPECT_THAT(history, ElementsAre("a"));
}

TEST_P(MetadataStoreSuite, RefusesSecondWriterOfHistory) {
  PENSTOCK_ASSERT_OK(store().CreateRun(NewRun("r")));
  const std::vector<std::string> two = {"a", "b"};
  const std::vector<std::string> one = {"b"};
  PENSTOCK_ASSERT_OK(store().AppendRunEvents("r", {0, two}));
  EXPECT_THAT(store().AppendRunEvents("r", {1, one}),
              IsError(StatusCode::kFailedPrecondition, "Another process"));
  EXPECT_THAT(store().AppendRunEvents("r", {3, one}), IsError(StatusCode::kFailedPrecondition, "2 events"));
  PENSTOCK_ASSERT_OK(store().AppendRunEvents("r", {2, one}));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto history, store().ReadRunEvents("r"));
  EXPECT_THAT(history, ElementsAre("a", "b", "b"));
}

TEST_P(MetadataStoreSuite, SetsRunStateWithItsEventsOrNotAtAll) {
  PENSTOCK_ASSERT_OK(store().CreateRun(NewRun("r")));
  clock().Advance(1'000);
  const std::vector<std::string> last = {"done"};
  EXPECT_THAT(store().SetRunState("r", RunState::kSucceeded, {7, last}),
              IsError(StatusCode::kFailedPrecondition, "7"));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const RunRecord unchanged, store().GetRun("r"));
  EXPECT_EQ(unchanged.state, RunState::kRunning);
  PENSTOCK_ASSERT_OK(store().SetRunState("r", RunState::kRefused, {0, last}));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const RunRecord changed, store().GetRun("r"));
  EXPECT_EQ(changed.state, RunState::kRefused);
  EXPECT_EQ(changed.updated, clock().Now());
}

TEST_P(MetadataStoreSuite, NamesUnknownRun) {
  const std::vector<std::string> events = {"x"};
  EXPECT_THAT(store().AppendRunEvents("nope", {0, events}), IsError(StatusCode::kNotFound, "'nope'"));
  EXPECT_THAT(store().ReadRunEvents("nope").status(), IsError(StatusCode::kNotFound, "'nope'"));
  EXPECT_THAT(store().SetRunState("nope", RunState::kFailed), IsError(StatusCode::kNotFound, "'nope'"));
  EXPECT_THAT(store().GetRun("nope").status(), IsError(StatusCode::kNotFound, "'nope'"));
}

TEST_P(MetadataStoreSuite, ListsRunsNewestFirst) {
  for (const auto& [id, pipeline_name] :
       {std::pair{"r1", "taxi"}, {"r2", "flights"}, {"r3", "taxi"}, {"r4", "taxi"}}) {
    PENSTOCK_ASSERT_OK(store().CreateRun(NewRun(id, pipeline_name)));
    clock().Advance(10);
  }
  PENSTOCK_ASSERT_OK(store().SetRunState("r3", RunState::kFailed));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto all, store().FindRuns());
  EXPECT_THAT(IdsOfRuns(all), ElementsAre("r4", "r3", "r2", "r1"));
  EXPECT_THAT(all.front().spec, IsEmpty());
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto of_taxi, store().FindRuns({.pipeline_name = "taxi", .limit = 2}));
  EXPECT_THAT(IdsOfRuns(of_taxi), ElementsAre("r4", "r3"));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto running,
                                store().FindRuns({.pipeline_name = "taxi", .state = RunState::kRunning}));
  EXPECT_THAT(IdsOfRuns(running), ElementsAre("r4", "r1"));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(const auto failed, store().FindRuns({.state = RunState::kFailed}));
  EXPECT_THAT(IdsOfRuns(failed), ElementsAre("r3"));
  EXPECT_THAT(store().FindRuns({.limit = -1}).status(), IsError(StatusCode::kInvalidArgument, "limit"));
}

}  // namespace
}  // namespace penstock::metadata
