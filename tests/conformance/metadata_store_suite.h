#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/clock.h"
#include "penstock/metadata/metadata_store.h"

namespace penstock::metadata {

/// One implementation of MetadataStore: how to open a store at a fresh location.
struct StoreFactory {
  std::string name;  ///< Of the instance: "Sqlite".
  /// `folder` is empty at first; opening it again must give the same store.
  std::function<Result<std::unique_ptr<MetadataStore>>(const std::string& folder, const Clock& clock)> open;
  /// Null, or why this store cannot be tested here; empty: it can.
  std::function<std::string()> why_not = nullptr;
  bool has_infinity = true;  ///< MySQL's doubles are finite.
};

/// What every MetadataStore must do. A new backend compiles these files into its test
/// program and adds one line:
///   INSTANTIATE_TEST_SUITE_P(Sqlite, MetadataStoreSuite, testing::Values(StoreFactory{...}), NameOfFactory);
class MetadataStoreSuite : public testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override;
  void TearDown() override;

  MetadataStore& store() { return *store_; }
  FakeClock& clock() { return clock_; }
  const std::string& folder() const { return folder_; }
  /// Closes the store and opens it anew.
  void Reopen();

  /// Run "run-1" of pipeline "taxi" unless changed.
  static ExecutionPlan Plan(const std::string& node, const std::string& component = "StatisticsGen");
  static pipeline::Artifact NewArtifact(std::string_view type, const std::string& uri);
  /// Records a complete execution of `plan` with these outputs; answers its id.
  int64_t Complete(const ExecutionPlan& plan, const ArtifactsByName& outputs);
  /// The same with one output; answers the artifact as stored.
  pipeline::Artifact Produce(const ExecutionPlan& plan, const std::string& name,
                             const pipeline::Artifact& output);
  RunRecord NewRun(const std::string& run_id, const std::string& pipeline_name = "taxi");

 private:
  std::string folder_;
  FakeClock clock_{Timestamp{1'700'000'000'123'000}};
  std::unique_ptr<MetadataStore> store_;
};

std::string NameOfFactory(const testing::TestParamInfo<StoreFactory>& factory);

std::vector<int64_t> IdsOf(const std::vector<pipeline::Artifact>& artifacts);

/// Status with this code whose message contains `text`.
MATCHER_P2(IsError, code, text, "") {
  const Status& status = arg;
  *result_listener << status;
  return status.code() == code && std::string(status.message()).find(text) != std::string::npos;
}

/// Value of `result`, which must be OK.
#define PENSTOCK_ASSERT_OK_AND_ASSIGN(lhs, expression) \
  PENSTOCK_ASSERT_OK_AND_ASSIGN_INNER(PENSTOCK_CONCAT(asserted_, __LINE__), lhs, expression)
#define PENSTOCK_ASSERT_OK_AND_ASSIGN_INNER(result, lhs, expression) \
  auto result = (expression);                                        \
  ASSERT_TRUE(result.ok()) << result.status();                       \
  lhs = std::move(result).value()
#define PENSTOCK_ASSERT_OK(expression)                       \
  do {                                                       \
    const ::penstock::Status asserted_status = (expression); \
    ASSERT_TRUE(asserted_status.ok()) << asserted_status;    \
  } while (0)

}  // namespace penstock::metadata
