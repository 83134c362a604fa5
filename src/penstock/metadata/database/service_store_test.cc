#include "penstock/metadata/service_store.h"

#include <set>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock::metadata {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ServiceStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::Join(testing::TempDir(), "service-store-" + NewUuid());
    ASSERT_TRUE(fs::CreateDirectories(folder_).ok());
    Open();
  }
  void TearDown() override {
    store_.reset();
    EXPECT_TRUE(fs::RemoveAll(folder_).ok());
  }
  void Open() {
    store_.reset();
    auto store = OpenServiceStore(folder_ + "/metadata.sqlite");
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  void AddExperiment(const std::string& id, const std::string& name) {
    ASSERT_TRUE(store_->CreateExperiment({.id = id, .name = name, .created_seconds = 5}).ok());
  }
  void AddRun(const std::string& id, const std::string& experiment, int64_t created,
              const std::string& state = "PENDING") {
    const Status status = store_->CreateRun({.id = id,
                                             .experiment_id = experiment,
                                             .display_name = "run of " + id,
                                             .state = state,
                                             .spec = "{}",
                                             .created_seconds = created,
                                             .scheduled_seconds = created});
    ASSERT_TRUE(status.ok()) << status;
  }
  std::vector<std::string> RunIds(const ListQuery& query) {
    const auto page = store_->ListRuns(query);
    EXPECT_TRUE(page.ok()) << page.status();
    std::vector<std::string> ids;
    if (page.ok())
      for (const auto& run : page->items) ids.push_back(run.id);
    return ids;
  }

  std::string folder_;
  std::unique_ptr<ServiceStore> store_;
};

TEST_F(ServiceStoreTest, KeepsAnExperimentWithAllItsFields) {
  ASSERT_TRUE(
      store_
          ->CreateExperiment(
              {.id = "e", .namespace_name = "n", .name = "näme", .description = "d", .created_seconds = 7})
          .ok());
  Open();
  const auto found = store_->GetExperiment("e");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->name, "näme");
  EXPECT_EQ(found->description, "d");
  EXPECT_EQ(found->namespace_name, "n");
  EXPECT_EQ(found->created_seconds, 7);
  EXPECT_EQ(found->storage_state, "AVAILABLE");
}

TEST_F(ServiceStoreTest, RefusesANameTwiceInOneNamespaceOnly) {
  AddExperiment("a", "same");
  const Status status = store_->CreateExperiment({.id = "b", .name = "same"});
  EXPECT_EQ(status.code(), StatusCode::kAlreadyExists);
  EXPECT_THAT(std::string(status.message()), HasSubstr("The name same already exists"));
  EXPECT_TRUE(store_->CreateExperiment({.id = "b", .namespace_name = "other", .name = "same"}).ok());
}

TEST_F(ServiceStoreTest, ArchivesAnExperimentWithItsRunsAndStopsItsSchedules) {
  AddExperiment("e", "one");
  AddRun("r", "e", 10);
  ASSERT_TRUE(store_->CreateRecurringRun({.id = "c", .experiment_id = "e", .spec = "{}"}).ok());
  ASSERT_TRUE(store_->ArchiveExperiment("e").ok());
  EXPECT_EQ(store_->GetRun("r")->storage_state, "ARCHIVED");
  EXPECT_FALSE(store_->GetRecurringRun("c")->is_enabled);
  ASSERT_TRUE(store_->UnarchiveExperiment("e").ok());
  EXPECT_EQ(store_->GetExperiment("e")->storage_state, "AVAILABLE");
  EXPECT_EQ(store_->GetRun("r")->storage_state, "ARCHIVED");
}

TEST_F(ServiceStoreTest, DeletesAPipelineOnlyWithoutVersionsUnlessItCascades) {
  const PipelineVersionRecord version{.id = "v", .pipeline_id = "p", .name = "p", .spec = R"({"a":1})"};
  ASSERT_TRUE(store_->CreatePipeline({.id = "p", .name = "p"}, &version).ok());
  EXPECT_EQ(store_->GetPipelineVersion("v")->spec, R"({"a":1})");
  EXPECT_EQ(store_->DeletePipeline("p", false).code(), StatusCode::kInvalidArgument);
  EXPECT_TRUE(store_->DeletePipeline("p", true).ok());
  EXPECT_EQ(store_->GetPipelineVersion("v").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->DeletePipeline("p", true).code(), StatusCode::kNotFound);
}

TEST_F(ServiceStoreTest, TakesTheNewestVersionForTheLatest) {
  ASSERT_TRUE(store_->CreatePipeline({.id = "p", .name = "p"}, nullptr).ok());
  EXPECT_EQ(store_->GetLatestPipelineVersion("p").status().code(), StatusCode::kNotFound);
  for (const char* id : {"v1", "v2"})
    ASSERT_TRUE(store_
                    ->CreatePipelineVersion(
                        {.id = id, .pipeline_id = "p", .name = id, .spec = "{}", .created_seconds = 5})
                    .ok());
  EXPECT_EQ(store_->GetLatestPipelineVersion("p")->id, "v2");
  EXPECT_EQ(store_->CreatePipelineVersion({.id = "v3", .pipeline_id = "p", .name = "v1"}).code(),
            StatusCode::kAlreadyExists);
  EXPECT_EQ(store_->CreatePipelineVersion({.id = "v3", .pipeline_id = "q", .name = "v1"}).code(),
            StatusCode::kNotFound);
}

TEST_F(ServiceStoreTest, PagesThroughRunsInEitherOrderWithoutGapsOrRepeats) {
  for (int i = 0; i < 25; ++i) AddRun(fmt::format("r{:02}", i), i % 2 == 0 ? "e" : "f", 100 + i / 5);
  for (const bool is_descending : {false, true}) {
    ListQuery query{.sort_field = "created_at", .is_descending = is_descending, .limit = 7};
    std::vector<std::string> seen;
    while (true) {
      const auto page = store_->ListRuns(query);
      ASSERT_TRUE(page.ok()) << page.status();
      EXPECT_EQ(page->total, 25);
      for (const auto& run : page->items) seen.push_back(run.id);
      if (!page->next.has_value()) break;
      query.after = page->next;
    }
    EXPECT_EQ(seen.size(), 25u);
    std::vector<std::string> sorted = seen;
    std::sort(sorted.begin(), sorted.end());
    if (is_descending) std::reverse(sorted.begin(), sorted.end());
    EXPECT_EQ(seen, sorted);
  }
}

TEST_F(ServiceStoreTest, FiltersByEveryOperation) {
  AddRun("a", "e", 100, "SUCCEEDED");
  AddRun("b", "e", 200, "FAILED");
  AddRun("c", "f", 300, "RUNNING");
  using Operation = Predicate::Operation;
  EXPECT_THAT(RunIds({.predicates = {{"state", Operation::kEquals, "FAILED"}}}), ElementsAre("b"));
  EXPECT_THAT(RunIds({.predicates = {{"state", Operation::kNotEquals, "FAILED"}}}), ElementsAre("a", "c"));
  EXPECT_THAT(RunIds({.predicates = {{"created_at", Operation::kGreaterThan, int64_t{200}}}}),
              ElementsAre("c"));
  EXPECT_THAT(RunIds({.predicates = {{"created_at", Operation::kGreaterThanEquals, int64_t{200}}}}),
              ElementsAre("b", "c"));
  EXPECT_THAT(RunIds({.predicates = {{"created_at", Operation::kLessThan, int64_t{200}}}}), ElementsAre("a"));
  EXPECT_THAT(RunIds({.predicates = {{"created_at", Operation::kLessThanEquals, int64_t{200}}}}),
              ElementsAre("a", "b"));
  EXPECT_THAT(
      RunIds({.predicates = {{"state", Operation::kIn, std::vector<std::string>{"FAILED", "RUNNING"}}}}),
      ElementsAre("b", "c"));
  EXPECT_THAT(RunIds({.predicates = {{"name", Operation::kIsSubstring, "OF B"}}}), ElementsAre("b"));
  EXPECT_THAT(RunIds({.predicates = {{"name", Operation::kEquals, "' OR 1=1 --"}}}), ElementsAre());
  EXPECT_THAT(RunIds({.experiment_id = "f"}), ElementsAre("c"));
  const auto unknown = store_->ListRuns({.predicates = {{"stat", Operation::kEquals, "x"}}});
  EXPECT_EQ(unknown.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(unknown.status().message()), HasSubstr("did you mean 'state'"));
  EXPECT_EQ(store_->ListRuns({.sort_field = "spec"}).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(ServiceStoreTest, CountsRunsByWhatChangesThem) {
  for (const char* id : {"a", "b", "c"}) AddRun(id, "e", 1);
  ASSERT_TRUE(store_->SetRunState("a", "SUCCEEDED", nullptr, Timestamp{9'000'000}).ok());
  ASSERT_TRUE(store_->SetRunStorage("b", kArchived).ok());
  ASSERT_TRUE(store_->DeleteRun("c").ok());
  const auto total = [&](ListQuery query) { return store_->ListRuns(query)->total; };
  using Operation = Predicate::Operation;
  EXPECT_EQ(total({}), 2);
  EXPECT_EQ(total({.predicates = {{"state", Operation::kEquals, "SUCCEEDED"}}}), 1);
  EXPECT_EQ(
      total({.predicates = {{"storage_state", Operation::kNotEquals, kArchived}}, .experiment_id = "e"}), 1);
  EXPECT_EQ(total({.predicates = {{"name", Operation::kIsSubstring, "run"}}}), 2);
}

TEST_F(ServiceStoreTest, KeepsTheHistoryOfStatesAndTheTimeItEnded) {
  AddRun("r", "e", 1);
  ASSERT_TRUE(store_->SetRunState("r", "RUNNING", nullptr, Timestamp{2'500'000}).ok());
  ASSERT_TRUE(store_->SetRunState("r", "RUNNING", nullptr, Timestamp{2'900'000}).ok());
  ASSERT_TRUE(
      store_->SetRunState("r", "FAILED", {{"code", 3}, {"message", "no"}}, Timestamp{3'000'000}).ok());
  auto run = store_->GetRun("r");
  ASSERT_TRUE(run.ok());
  EXPECT_EQ(run->state_history.size(), 3u);
  EXPECT_EQ(run->state_history[1]["update_time"], "1970-01-01T00:00:02Z");
  EXPECT_EQ(run->state_history[2]["error"]["message"], "no");
  EXPECT_EQ(run->finished_seconds, 3);
  EXPECT_EQ(run->error["code"], 3);
  ASSERT_TRUE(store_->SetRunState("r", "RUNNING", nullptr, Timestamp{4'000'000}).ok());
  run = store_->GetRun("r");
  EXPECT_EQ(run->finished_seconds, 0);
  EXPECT_TRUE(run->error.is_null());
  EXPECT_THAT(*store_->FindUnfinishedRuns(), ElementsAre("r"));
}

TEST_F(ServiceStoreTest, NeverStartsOneTickOfARecurringRunTwice) {
  ASSERT_TRUE(store_->CreateRecurringRun({.id = "c", .pipeline_id = "p", .created_seconds = 5}).ok());
  const auto recurring = store_->GetRecurringRun("c");
  ASSERT_TRUE(recurring.ok());
  const ServiceRunRecord run{.id = "r1", .recurring_run_id = "c", .spec = "{}", .created_seconds = 9};
  ASSERT_TRUE(store_->AdvanceRecurringRun(*recurring, 60, &run).ok());
  ServiceRunRecord again = run;
  again.id = "r2";
  EXPECT_EQ(store_->AdvanceRecurringRun(*recurring, 60, &again).code(), StatusCode::kAborted);
  EXPECT_EQ(store_->GetRun("r2").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(store_->GetRecurringRun("c")->last_scheduled_seconds, 60);
  EXPECT_EQ(*store_->CountActiveRuns("c"), 1);
}

TEST_F(ServiceStoreTest, SharesTransactionsWithoutSharingFailures) {
  std::vector<std::thread> threads;
  std::atomic<int> num_created{0}, num_refused{0};
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 20; ++j) {
        // Every name is tried by two threads.
        const Status status = store_->CreateExperiment(
            {.id = fmt::format("{}-{}", i, j), .name = fmt::format("{}-{}", i / 2, j)});
        ++(status.ok() ? num_created : num_refused);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(num_created, 80);
  EXPECT_EQ(num_refused, 80);
  Open();
  EXPECT_EQ(store_->ListExperiments({.limit = 200})->total, 80);
}

}  // namespace
}  // namespace penstock::metadata
