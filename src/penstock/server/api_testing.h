#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/metadata/database/database_store.h"
#include "penstock/metadata/service_store.h"
#include "penstock/server/dispatch.h"
#include "penstock/server/service.h"

namespace penstock::server {

/// Runs nothing; remembers what it was asked.
class FakeRuns : public RunControl {
 public:
  Status Check(const metadata::ServiceRunRecord& run) override {
    return run.runtime_config.dump().find("bad") == std::string::npos ? OkStatus()
                                                                      : InvalidArgument("bad value");
  }
  void Start(const std::string& run_id) override { started.push_back(run_id); }
  Status Terminate(const std::string& run_id) override {
    terminated.push_back(run_id);
    return OkStatus();
  }
  Status Retry(const std::string& run_id) override {
    retried.push_back(run_id);
    return OkStatus();
  }
  Status Forget(const std::string&) override { return OkStatus(); }
  Result<runtime::RunSnapshot> Snapshot(const std::string& run_id, bool) override {
    const auto entry = snapshots.find(run_id);
    if (entry == snapshots.end()) return NotFound("no run {}", run_id);
    return entry->second;
  }

  std::vector<std::string> started, terminated, retried;
  std::map<std::string, runtime::RunSnapshot> snapshots;
};

inline constexpr const char* kPipelineYaml = R"(
pipelineInfo:
  name: hello
components:
  comp-say:
    executorLabel: exec-say
    inputDefinitions:
      parameters:
        text: {parameterType: STRING}
deploymentSpec:
  executors:
    exec-say:
      container:
        image: busybox
        command: [echo]
        args: ["{{$.inputs.parameters['text']}}"]
root:
  dag:
    tasks:
      say:
        componentRef: {name: comp-say}
        taskInfo: {name: say}
        inputs:
          parameters:
            text: {runtimeValue: {constant: hello}}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
)";

/// The API over a store of its own, asked as if by HTTP.
class ApiTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::Join(testing::TempDir(), "api-" + NewUuid());
    ASSERT_TRUE(fs::CreateDirectories(folder_).ok());
    auto store = metadata::OpenServiceStore(folder_ + "/metadata.sqlite");
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    auto artifacts = metadata::OpenStore(folder_ + "/metadata.sqlite", clock_);
    ASSERT_TRUE(artifacts.ok()) << artifacts.status();
    artifacts_ = *std::move(artifacts);
    service_ = std::make_unique<Service>(
        Service{*store_, *artifacts_, runs_, clock_, events_, metrics_, ServiceOptions{.root = folder_}});
    AddExperimentRoutes(router_, *service_);
    AddPipelineRoutes(router_, *service_);
    AddUploadRoutes(router_, *service_);
    AddRunRoutes(router_, *service_);
    AddRunContentRoutes(router_, *service_);
    AddArtifactRoutes(router_, *service_);
    AddRecurringRunRoutes(router_, *service_);
    AddSystemRoutes(router_, *service_);
  }
  void TearDown() override {
    artifacts_.reset();
    store_.reset();
    EXPECT_TRUE(fs::RemoveAll(folder_).ok());
  }

  HttpResponse Ask(const std::string& method, const std::string& url, const std::string& body = "",
                   const std::string& content_type = "application/json") {
    HttpRequest request{.method = method, .body = body};
    const size_t question = url.find('?');
    request.path = url.substr(0, question);
    if (question != std::string::npos) request.query = *ParseQuery(url.substr(question + 1));
    if (request.path.starts_with("/") && !request.path.starts_with("/apis") && request.path != "/metrics" &&
        request.path != "/openapi.json")
      request.path = "/apis/v2beta1" + request.path;
    request.headers["content-type"] = content_type;
    if (!token_.empty()) request.headers["authorization"] = "Bearer " + token_;
    return Dispatch(router_, Gate{*access_, nullptr, metrics_, clock_}, request);
  }
  /// The answer of a call that must succeed.
  nlohmann::json Call(const std::string& method, const std::string& url, const nlohmann::json& body = {}) {
    const HttpResponse response = Ask(method, url, body.is_null() ? "" : body.dump());
    EXPECT_EQ(response.status, 200) << method << " " << url << ": " << response.body;
    return nlohmann::json::parse(response.body);
  }
  int StatusOf(const std::string& method, const std::string& url, const nlohmann::json& body = {}) {
    return Ask(method, url, body.is_null() ? "" : body.dump()).status;
  }
  HttpResponse Upload(const std::string& url, const std::string& file_name, const std::string& content) {
    return Ask("POST", url,
               "--x\r\nContent-Disposition: form-data; name=\"uploadfile\"; filename=\"" + file_name +
                   "\"\r\nContent-Type: application/octet-stream\r\n\r\n" + content + "\r\n--x--\r\n",
               "multipart/form-data; boundary=x");
  }
  nlohmann::json UploadPipeline(const std::string& name) {
    const HttpResponse response = Upload("/pipelines/upload?name=" + name, "p.yaml", kPipelineYaml);
    EXPECT_EQ(response.status, 200) << response.body;
    return nlohmann::json::parse(response.body);
  }

  std::string folder_;
  FakeClock clock_{Timestamp{1'800'000'000'000'000}};
  std::unique_ptr<metadata::ServiceStore> store_;
  std::unique_ptr<metadata::MetadataStore> artifacts_;
  FakeRuns runs_;
  EventHub events_;
  Metrics metrics_;
  std::unique_ptr<Service> service_;
  Router router_;
  std::string token_;  ///< Sent along where it is not empty.
  std::unique_ptr<AccessControl> access_ = std::make_unique<AccessControl>(nullptr, clock_);
};

}  // namespace penstock::server
