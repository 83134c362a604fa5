#include "penstock/runtime/run_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::runtime {
namespace {

const std::vector<RunEvent>& OneOfEach() {
  static const std::vector<RunEvent> events = {
      {{1}, event::NodeLaunched{"a", 2}},
      {{2}, event::NodeSucceeded{"a", 7, true, 1.5, "AUC 0.5 is below 0.9"}},
      {{3}, event::NodeFailed{"b", StatusCode::kDataLoss, "line one\nline \"two\"", 0.25}},
      {{4}, event::NodeSkipped{"c", "b"}},
      {{5}, event::NodeInterrupted{"d"}},
      {{6}, event::CancelRequested{}},
      {{7}, event::RunCompleted{true}},
  };
  return events;
}

TEST(RunEventTest, SurvivesBeingStoredAndRead) {
  for (const auto& event : OneOfEach()) {
    const std::string line = EncodeEvent(event);
    const auto decoded = DecodeEvent(line);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(EncodeEvent(*decoded), line);
    EXPECT_EQ(decoded->what.index(), event.what.index());
    EXPECT_EQ(decoded->time, event.time);
  }
}

TEST(RunEventTest, IsOneLineWhateverAMessageHolds) {
  for (const auto& event : OneOfEach()) EXPECT_EQ(EncodeEvent(event).find('\n'), std::string::npos);
  const RunEvent damaged{{1}, event::NodeFailed{"a", StatusCode::kUnknown, "\xff\xfe not UTF-8", 0}};
  EXPECT_TRUE(DecodeEvent(EncodeEvent(damaged)).ok());
}

TEST(RunEventTest, RefusesDamagedLines) {
  for (const char* line :
       {"", "{", "[]", "{\"time\":1}", "{\"time\":1,\"event\":\"nonsense\"}",
        "{\"time\":\"x\",\"event\":\"cancel_requested\"}", "{\"time\":1,\"event\":\"node_launched\"}"})
    EXPECT_EQ(DecodeEvent(line).status().code(), StatusCode::kDataLoss) << line;
}

TEST(RunStateTest, IsRebuiltFromItsEvents) {
  RunState state;
  for (const auto& event : OneOfEach()) state = Apply(std::move(state), event);
  EXPECT_EQ(state.nodes["a"].status, NodeStatus::kSucceeded);
  EXPECT_EQ(state.nodes["a"].num_attempts, 2);
  EXPECT_EQ(state.nodes["a"].execution_id, 7);
  EXPECT_TRUE(state.nodes["a"].is_cached);
  EXPECT_EQ(state.nodes["b"].status, NodeStatus::kFailed);
  EXPECT_EQ(state.nodes["b"].num_failures, 1);
  EXPECT_EQ(state.nodes["c"].skip_cause, "b");
  EXPECT_EQ(state.nodes["d"].status, NodeStatus::kWaiting);
  EXPECT_TRUE(state.is_cancelled);
  EXPECT_TRUE(state.is_complete);
}

}  // namespace
}  // namespace penstock::runtime
