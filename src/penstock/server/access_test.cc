#include "penstock/server/access.h"

#include <fstream>

#include "penstock/server/api_testing.h"
#include "penstock/server/audit_log.h"

namespace penstock::server {
namespace {

using nlohmann::json;

TEST(Sha256Test, IsTheKnownFunction) {
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

class AccessTest : public ApiTest {
 protected:
  void SetUp() override {
    ApiTest::SetUp();
    auto store = metadata::OpenAccessStore(folder_ + "/metadata.sqlite");
    ASSERT_TRUE(store.ok()) << store.status();
    tokens_ = *std::move(store);
    access_ = std::make_unique<AccessControl>(tokens_.get(), clock_);
    service_->options.has_namespaces = true;
  }
  std::string Add(const std::string& name, const std::string& role, const std::string& namespace_name = "",
                  int64_t num_days = 0) {
    const auto token = MakeToken(name, role, namespace_name, service_->NowSeconds(), num_days);
    EXPECT_TRUE(token.ok()) << token.status();
    EXPECT_TRUE(tokens_->CreateToken(token->record).ok());
    return token->text;
  }

  std::unique_ptr<metadata::AccessStore> tokens_;
};

TEST_F(AccessTest, LetsNobodyInWithoutAKnownToken) {
  EXPECT_EQ(StatusOf("GET", "/runs"), 401);
  token_ = "penstock_guess";
  EXPECT_EQ(StatusOf("GET", "/runs"), 401);
  EXPECT_EQ(StatusOf("GET", "/healthz"), 200);
  token_ = Add("ann", "viewer");
  EXPECT_EQ(StatusOf("GET", "/runs"), 200);
  ASSERT_TRUE(tokens_->RevokeToken("ann").ok());
  EXPECT_EQ(StatusOf("GET", "/runs"), 401);
}

TEST_F(AccessTest, KeepsViewersFromChangesAndForgetsTokensInTime) {
  token_ = Add("ann", "viewer", "", 1);
  EXPECT_EQ(StatusOf("POST", "/experiments", {{"display_name", "e"}}), 403);
  clock_.Advance(int64_t{86'400} * 1'000'000);
  EXPECT_EQ(StatusOf("GET", "/runs"), 401);
  token_ = Add("bob", "editor");
  EXPECT_EQ(StatusOf("POST", "/experiments", {{"display_name", "e"}}), 200);
}

TEST_F(AccessTest, KeepsNamespacesApart) {
  const std::string ann = Add("ann", "editor", "a"), bob = Add("bob", "editor", "b");
  token_ = ann;
  const json made = Call("POST", "/experiments", {{"display_name", "e"}});
  EXPECT_EQ(made["namespace"], "a");
  const std::string url = "/experiments/" + made["experiment_id"].get<std::string>();
  EXPECT_EQ(StatusOf("GET", "/experiments?namespace=b"), 403);
  token_ = bob;
  EXPECT_EQ(StatusOf("GET", url), 404);
  EXPECT_EQ(StatusOf("DELETE", url), 404);
  EXPECT_EQ(Call("GET", "/experiments"), json::object());
  const json theirs = UploadPipeline("p");
  token_ = ann;
  EXPECT_EQ(StatusOf("GET", "/pipelines/" + theirs["pipeline_id"].get<std::string>()), 404);
  EXPECT_EQ(Upload("/pipelines/upload_version?name=v2&pipelineid=" + theirs["pipeline_id"].get<std::string>(),
                   "p.yaml", kPipelineYaml)
                .status,
            404);
  EXPECT_EQ(StatusOf("POST", "/runs",
                     {{"display_name", "r"},
                      {"pipeline_version_reference", {{"pipeline_id", theirs["pipeline_id"]}}}}),
            404);
  EXPECT_EQ(StatusOf("GET", "/events"), 403);
}

TEST_F(AccessTest, NeverStoresATokenItself) {
  const std::string token = Add("ann", "admin");
  std::string bytes;
  for (const char* file : {"/metadata.sqlite", "/metadata.sqlite-wal"}) {
    const auto content = fs::ReadFile(folder_ + file);
    if (content.ok()) bytes += *content;
  }
  EXPECT_EQ(bytes.find(token), std::string::npos);
  EXPECT_NE(bytes.find(Sha256Hex(token)), std::string::npos);
}

TEST_F(AccessTest, RefusesRolesThatThereAreNot) {
  EXPECT_EQ(MakeToken("ann", "edtor", "", 0, 0).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(MakeToken("", "editor", "", 0, 0).status().code(), StatusCode::kInvalidArgument);
}

TEST_F(AccessTest, WritesDownEveryChangeWithItsCaller) {
  const auto store = metadata::OpenAuditStore(folder_ + "/metadata.sqlite");
  ASSERT_TRUE(store.ok()) << store.status();
  const auto audit = AuditLog::Open(folder_ + "/audit.log", store->get());
  ASSERT_TRUE(audit.ok()) << audit.status();
  const std::string token = Add("ann", "editor");
  for (const char* method : {"POST", "GET"}) {
    HttpRequest request{
        .method = method, .path = "/apis/v2beta1/experiments", .body = R"({"display_name":"e"})"};
    request.headers["authorization"] = "Bearer " + token;
    request.peer = "10.0.0.1";
    EXPECT_EQ(Dispatch(router_, Gate{*access_, audit->get(), metrics_, clock_}, request).status, 200);
  }
  std::ifstream file(folder_ + "/audit.log");
  std::string line, rest;
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_FALSE(std::getline(file, rest));
  const json entry = json::parse(line);
  EXPECT_EQ(entry["caller"], "ann");
  EXPECT_EQ(entry["peer"], "10.0.0.1");
  EXPECT_EQ(entry["operation"], "ExperimentService_CreateExperiment");
  EXPECT_EQ(entry["status"], 200);
  EXPECT_EQ(line.find(token), std::string::npos);
  // The same in the database, where other servers' changes are.
  const auto records = (*store)->ListLatest(10);
  ASSERT_TRUE(records.ok()) << records.status();
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(AuditEntry(records->front()), entry);
}

TEST_F(AccessTest, ReadsTheLatestChangesByTimeWhoeverWroteThem) {
  const std::string path = folder_ + "/metadata.sqlite";
  const auto one = metadata::OpenAuditStore(path), other = metadata::OpenAuditStore(path);
  ASSERT_TRUE(one.ok() && other.ok());
  // The clock of the second server is behind.
  for (const int64_t seconds : {1, 4, 3})
    ASSERT_TRUE((seconds == 3 ? *other : *one)
                    ->Append({Timestamp{seconds * 1'000'000}, "a", "", "", "o", "/p", 200})
                    .ok());
  const auto latest = (*other)->ListLatest(2);
  ASSERT_TRUE(latest.ok()) << latest.status();
  ASSERT_EQ(latest->size(), 2U);
  EXPECT_EQ((*latest)[0].time.micros, 3'000'000);
  EXPECT_EQ((*latest)[1].time.micros, 4'000'000);
}

TEST_F(AccessTest, ReadsTheLastLinesOfAnAuditLogAndNotTheCutOne) {
  EXPECT_TRUE(absl::IsNotFound(ReadAuditLog(folder_ + "/none", 5).status()));
  std::ofstream(folder_ + "/audit.log") << "{\"path\":\"/1\"}\n{\"path\":\"/2\"}\n{\"path\":\"/3\"}\n{\"pa";
  const auto entries = ReadAuditLog(folder_ + "/audit.log", 3);
  ASSERT_TRUE(entries.ok()) << entries.status();
  EXPECT_EQ(*entries, json::parse(R"([{"path": "/2"}, {"path": "/3"}])"));
}

}  // namespace
}  // namespace penstock::server
