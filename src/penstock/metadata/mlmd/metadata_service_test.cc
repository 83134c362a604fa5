#include "penstock/metadata/mlmd/metadata_service.h"

#include <atomic>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ml_metadata/proto/metadata_store.pb.h"
#include "ml_metadata/proto/metadata_store_service.pb.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/metadata/database/database_store.h"
#include "penstock/metadata/mlmd/service_methods.h"

namespace penstock::metadata::mlmd {
namespace {

using testing::HasSubstr;

class MetadataServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::Join(testing::TempDir(), "metadata-service-" + NewUuid());
    ASSERT_TRUE(fs::CreateDirectories(folder_).ok());
    auto service = OpenMetadataService(Path(), clock_);
    ASSERT_TRUE(service.ok()) << service.status();
    service_ = *std::move(service);
  }
  void TearDown() override {
    service_.reset();
    EXPECT_TRUE(fs::RemoveAll(folder_).ok());
  }
  std::string Path() const { return folder_ + "/metadata.sqlite"; }

  template <class Response, class Request>
  Result<Response> Call(const std::string& method, const Request& request) {
    std::promise<Result<std::string>> promise;
    service_->Call(method, request.SerializeAsString(),
                   [&](Result<std::string> response) { promise.set_value(std::move(response)); });
    PENSTOCK_ASSIGN_OR_RETURN(const std::string bytes, promise.get_future().get());
    Response response;
    EXPECT_TRUE(response.ParseFromString(bytes));
    return response;
  }

  int64_t PutType(const std::string& name) {
    ml_metadata::PutArtifactTypeRequest request;
    request.mutable_artifact_type()->set_name(name);
    (*request.mutable_artifact_type()->mutable_properties())["span"] = ml_metadata::INT;
    const auto response = Call<ml_metadata::PutArtifactTypeResponse>("PutArtifactType", request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? response->type_id() : 0;
  }
  Result<ml_metadata::PutArtifactsResponse> PutArtifact(int64_t type_id, const std::string& name) {
    ml_metadata::PutArtifactsRequest request;
    auto& artifact = *request.add_artifacts();
    artifact.set_type_id(type_id);
    artifact.set_name(name);
    artifact.set_uri("/" + name);
    (*artifact.mutable_properties())["span"].set_int_value(7);
    (*artifact.mutable_custom_properties())["owner"].set_string_value("me");
    return Call<ml_metadata::PutArtifactsResponse>("PutArtifacts", request);
  }
  int CountArtifacts(int64_t type_id) {
    ml_metadata::GetArtifactsRequest request;
    const auto response = Call<ml_metadata::GetArtifactsResponse>("GetArtifacts", request);
    int count = 0;
    for (const auto& artifact : response->artifacts()) count += artifact.type_id() == type_id ? 1 : 0;
    return count;
  }

  SystemClock clock_;
  std::string folder_;
  std::unique_ptr<MetadataService> service_;
};

TEST_F(MetadataServiceTest, HasAllMethodsOfTheService) {
  const auto* service = google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(
      "ml_metadata.MetadataStoreService");
  ASSERT_NE(service, nullptr);
  for (int i = 0; i < service->method_count(); ++i) {
    EXPECT_NE(FindServiceMethod(service->method(i)->name()), nullptr) << service->method(i)->name();
  }
  EXPECT_EQ(static_cast<int>(ServiceMethods().size()), service->method_count());
}

TEST_F(MetadataServiceTest, ReadsWhatWasWritten) {
  const int64_t type_id = PutType("Examples");
  const auto put = PutArtifact(type_id, "a");
  ASSERT_TRUE(put.ok()) << put.status();
  ml_metadata::GetArtifactsByIDRequest request;
  request.add_artifact_ids(put->artifact_ids(0));
  request.add_artifact_ids(99'999);
  const auto got = Call<ml_metadata::GetArtifactsByIDResponse>("GetArtifactsByID", request);
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(got->artifacts_size(), 1);
  EXPECT_EQ(got->artifacts(0).type(), "Examples");
  EXPECT_EQ(got->artifacts(0).uri(), "/a");
  EXPECT_EQ(got->artifacts(0).properties().at("span").int_value(), 7);
  EXPECT_EQ(got->artifacts(0).custom_properties().at("owner").string_value(), "me");
}

TEST_F(MetadataServiceTest, WritesOfOneMomentFailOneByOne) {
  const int64_t type_id = PutType("Examples");
  ASSERT_TRUE(PutArtifact(type_id, "taken").ok());
  constexpr int kNumThreads = 8, kNumEach = 40;
  std::atomic<int> num_refused = 0, num_written = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kNumThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kNumEach; ++i) {
        const bool is_taken = i % 4 == 0;
        const auto put = PutArtifact(
            type_id, is_taken ? std::string("taken") : std::to_string(thread) + "-" + std::to_string(i));
        EXPECT_EQ(put.status().code(), is_taken ? StatusCode::kAlreadyExists : StatusCode::kOk);
        ++(put.ok() ? num_written : num_refused);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(num_refused, kNumThreads * kNumEach / 4);
  EXPECT_EQ(CountArtifacts(type_id), num_written + 1);
}

TEST_F(MetadataServiceTest, AWriteThatFailsHalfwayLeavesNothing) {
  const int64_t type_id = PutType("Examples");
  ml_metadata::PutArtifactsRequest request;
  request.add_artifacts()->set_type_id(type_id);
  request.add_artifacts()->set_type_id(99'999);
  const auto put = Call<ml_metadata::PutArtifactsResponse>("PutArtifacts", request);
  EXPECT_EQ(put.status().code(), StatusCode::kNotFound);
  EXPECT_EQ(CountArtifacts(type_id), 0);
}

TEST_F(MetadataServiceTest, IsOnDiskWhenItIsAnswered) {
  const int64_t type_id = PutType("Examples");
  ASSERT_TRUE(PutArtifact(type_id, "kept").ok());
  const auto store = OpenStore(Path(), clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  const auto found = (*store)->FindArtifacts({.type = "Examples"});
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_EQ(found->size(), 1u);
  EXPECT_EQ(found->front().name, "kept");
}

TEST_F(MetadataServiceTest, RefusesWhatIsNoRequest) {
  std::promise<Status> unknown, damaged;
  service_->Call("PutNothing", "",
                 [&](Result<std::string> response) { unknown.set_value(response.status()); });
  EXPECT_EQ(unknown.get_future().get().code(), StatusCode::kUnimplemented);
  service_->Call("PutArtifacts", "\xff\xff\xff",
                 [&](Result<std::string> response) { damaged.set_value(response.status()); });
  const Status status = damaged.get_future().get();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("PutArtifactsRequest"));
}

TEST_F(MetadataServiceTest, PagesGoOnWhereTheLastEnded) {
  const int64_t type_id = PutType("Examples");
  ml_metadata::PutArtifactsRequest put;
  for (int i = 0; i < 250; ++i) put.add_artifacts()->set_type_id(type_id);
  ASSERT_TRUE((Call<ml_metadata::PutArtifactsResponse>("PutArtifacts", put)).ok());
  using Order = ml_metadata::ListOperationOptions::OrderByField;
  for (const auto field : {Order::ID, Order::CREATE_TIME, Order::LAST_UPDATE_TIME}) {
    for (const bool is_ascending : {true, false}) {
      ml_metadata::GetArtifactsRequest request;
      request.mutable_options()->set_max_result_size(1000);  // A page has 100 at most.
      request.mutable_options()->mutable_order_by_field()->set_field(field);
      request.mutable_options()->mutable_order_by_field()->set_is_asc(is_ascending);
      std::vector<int64_t> ids;
      int num_pages = 0;
      do {
        const auto page = Call<ml_metadata::GetArtifactsResponse>("GetArtifacts", request);
        ASSERT_TRUE(page.ok()) << page.status();
        for (const auto& artifact : page->artifacts()) ids.push_back(artifact.id());
        request.mutable_options()->set_next_page_token(page->next_page_token());
        ++num_pages;
      } while (!request.options().next_page_token().empty() && num_pages < 10);
      EXPECT_EQ(num_pages, 3);
      ASSERT_EQ(ids.size(), 250u);
      EXPECT_TRUE(is_ascending ? std::is_sorted(ids.begin(), ids.end())
                               : std::is_sorted(ids.rbegin(), ids.rend()));
    }
  }
}

TEST_F(MetadataServiceTest, TextInAQueryIsNeverSql) {
  const int64_t type_id = PutType("Examples");
  ASSERT_TRUE(PutArtifact(type_id, "x' OR '1'='1").ok());
  ASSERT_TRUE(PutArtifact(type_id, "name").ok());
  const auto count = [&](const std::string& filter_query) {
    ml_metadata::GetArtifactsRequest request;
    request.mutable_options()->set_filter_query(filter_query);
    const auto page = Call<ml_metadata::GetArtifactsResponse>("GetArtifacts", request);
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? page->artifacts_size() : -1;
  };
  EXPECT_EQ(count(R"(name = 'x\' OR \'1\'=\'1')"), 1);
  EXPECT_EQ(count(R"(name = "x' OR '1'='1")"), 1);
  // Not the column of that name, which is what SQLite takes a text in double quotes for.
  EXPECT_EQ(count("custom_properties.owner.string_value = 'name'"), 0);
  EXPECT_EQ(count("custom_properties.`owner\" OR 1=1`.string_value = 'me'"), 0);
}

}  // namespace
}  // namespace penstock::metadata::mlmd
