#include <signal.h>

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "faults/kill_moments.h"
#include "faults/pipeline_folder.h"
#include "penstock/base/filesystem.h"
#include "tests/support/database_server.h"
#include "tests/support/s3_server.h"

namespace penstock::faults {
namespace {

using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* kStoreSecret = "cRsu93-store-secret-key";
constexpr const char* kDatabaseSecret = "cRsu93-database-password";

/// Runs with their artifacts in a real S3 server's bucket, one server for all of these tests.
class StoredRootTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!tests::S3Server::WhyMissing().empty()) return;
    server_ = new tests::S3Server("lake");
    setenv("AWS_SECRET_ACCESS_KEY", kStoreSecret, 1);
  }
  static void TearDownTestSuite() {
    delete server_;
    server_ = nullptr;
  }
  void SetUp() override {
    if (server_ == nullptr) GTEST_SKIP() << tests::S3Server::WhyMissing();
    ASSERT_EQ(server_->problem(), "");
    root_ = fmt::format("s3://lake/{}", testing::UnitTest::GetInstance()->current_test_info()->name());
  }

  Ending Run(const std::vector<std::string>& more = {}) const {
    auto command = folder_.RunCommand();
    command.insert(command.end(), {"--pipeline-root", root_, "--json"});
    command.insert(command.end(), more.begin(), more.end());
    return scenarios::RunPenstock(command, folder_.path());
  }

  /// The objects below `uri`, without folders; none where there is nothing.
  static std::vector<std::string> Objects(const std::string& uri) {
    std::vector<std::string> paths;
    const auto exists = fs::Exists(uri);
    EXPECT_TRUE(exists.ok()) << exists.status();
    if (!exists.ok() || !*exists) return paths;
    const auto listed = fs::List(uri, /*recursive=*/true);
    EXPECT_TRUE(listed.ok()) << listed.status();
    if (listed.ok())
      for (const auto& entry : *listed)
        if (!entry.is_directory) paths.push_back(entry.path);
    return paths;
  }

  /// Every object belongs to an execution that the store knows as published.
  void ExpectNothingHalfStored() const {
    folder_.ExpectNothingHalf();
    std::set<std::string> published;
    for (const auto& [id, name] : folder_.ExecutionsInState(PipelineFolder::kComplete))
      published.insert(std::to_string(id));
    const std::string artifacts = root_ + "/artifacts/";
    for (const auto& path : Objects(artifacts)) {
      const std::string rest = path.substr(artifacts.size());
      const size_t node = rest.find('/'), output = rest.find('/', node + 1);
      const std::string execution = rest.substr(output + 1, rest.find('/', output + 1) - output - 1);
      EXPECT_TRUE(published.contains(execution)) << path << " was never published";
    }
  }

  static std::vector<std::string> Uris(const Ending& ending) {
    std::vector<std::string> uris;
    const auto report = nlohmann::json::parse(ending.output, nullptr, false);
    for (const auto& node : report.value("nodes", nlohmann::json::array()))
      for (const auto& output : node.value("outputs", nlohmann::json::array()))
        uris.push_back(output.value("uri", ""));
    return uris;
  }

  static int NumCached(const Ending& ending) {
    const auto report = nlohmann::json::parse(ending.output, nullptr, false);
    int num_cached = 0;
    for (const auto& node : report.value("nodes", nlohmann::json::array()))
      num_cached += node.value("cached", false) ? 1 : 0;
    return num_cached;
  }

  static tests::S3Server* server_;
  PipelineFolder folder_;
  std::string root_;
};

tests::S3Server* StoredRootTest::server_ = nullptr;

TEST_F(StoredRootTest, HoldsAWholePipelineThatIsCachedTheSecondTime) {
  folder_.UseTaxi();
  const Ending first = Run();
  ASSERT_EQ(first.exit_code, 0) << first.Describe();
  EXPECT_EQ(NumCached(first), 0);
  EXPECT_THAT(Uris(first), Each(StartsWith(root_ + "/artifacts/")));
  EXPECT_THAT(first.output, HasSubstr(R"("current_model": ")" + root_ + "/artifacts/Trainer/model/"));
  EXPECT_THAT(first.output, Not(HasSubstr("/fetched/")));
  EXPECT_FALSE(std::filesystem::exists(folder_.root() + "/artifacts"));
  ExpectWholeRun(folder_);
  ExpectNothingHalfStored();
  const auto models = Objects(root_ + "/artifacts/Trainer/model");
  EXPECT_THAT(models, testing::Contains(testing::EndsWith("/model.pb")));

  const Ending second = Run();
  EXPECT_EQ(second.exit_code, 0) << second.Describe();
  EXPECT_EQ(NumCached(second), 8) << second.Describe();  // All but the resolver and the Pusher.
  EXPECT_EQ(Objects(root_ + "/artifacts/Trainer/model"), models);
}

TEST_F(StoredRootTest, IsReadByAMachineThatHasNoCopies) {
  folder_.UseTaxi();
  ASSERT_EQ(Run().exit_code, 0);
  ASSERT_TRUE(fs::RemoveAll(folder_.root() + "/fetched").ok());
  const Ending again = Run({"--from", "Evaluator"});
  EXPECT_EQ(again.exit_code, 0) << again.Describe();
  EXPECT_THAT(Matches(folder_.root() + "/fetched/*"), Not(IsEmpty()));
  ExpectNothingHalfStored();
}

TEST_F(StoredRootTest, IsNotReadWhereSomethingElseHasWrittenToIt) {
  folder_.UseSmall();
  ASSERT_EQ(Run().exit_code, 0);
  ASSERT_TRUE(fs::RemoveAll(folder_.root() + "/fetched").ok());
  for (const auto& path : Objects(root_ + "/artifacts/SchemaGen"))
    ASSERT_TRUE(fs::WriteFileAtomically(path, "feature { name: 'z' }").ok());
  const Ending again = Run({"--from", "Transform"});
  EXPECT_EQ(again.exit_code, 2) << again.Describe();
  EXPECT_THAT(again.output, HasSubstr("not what was published there"));
  EXPECT_THAT(again.output, HasSubstr("Input 'schema'"));
}

TEST_F(StoredRootTest, TakesAsRootAUriAndKeepsTheRecordBesideThePipeline) {
  folder_.UseSmall();
  folder_.set_root(root_);
  const Ending ending = folder_.Run();
  folder_.set_root(folder_.path() + "/.penstock");
  EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
  EXPECT_TRUE(std::filesystem::exists(folder_.root() + "/metadata.sqlite"));
  EXPECT_THAT(Objects(root_ + "/artifacts/Trainer/model"), Not(IsEmpty()));
  const Ending listed = scenarios::RunPenstock({"runs", "list", "--root", root_}, folder_.path());
  EXPECT_EQ(listed.exit_code, 2);
  EXPECT_THAT(listed.errors, HasSubstr("set --root to that folder"));
}

TEST_F(StoredRootTest, TakesPushedModels) {
  folder_.UseSmall();
  auto text = *fs::ReadFile(folder_.path() + "/pipeline.yaml");
  const std::string destination = root_ + "/serving";
  text.replace(text.find("destination: serving"), 20, "destination: \"" + destination + "\"");
  folder_.Write("pipeline.yaml", text);
  const Ending first = Run();
  ASSERT_EQ(first.exit_code, 0) << first.Describe();
  const auto pushed = Objects(destination);
  EXPECT_THAT(pushed, testing::Contains(testing::EndsWith("/model.pb")));
  EXPECT_EQ(Run().exit_code, 0);
  EXPECT_EQ(Objects(destination), pushed) << "the same bytes were pushed twice";
}

TEST_F(StoredRootTest, IsClearedOfOldRuns) {
  folder_.UseSmall();
  ASSERT_EQ(Run().exit_code, 0);
  const std::vector<std::string> collect = {"gc",          "--root", folder_.root(), "--keep-runs", "0",
                                            "--keep-days", "0"};
  const Ending said = scenarios::RunPenstock(collect);
  EXPECT_THAT(said.output, HasSubstr(root_ + "/artifacts/Trainer/model/"));
  EXPECT_THAT(Objects(root_ + "/artifacts"), Not(IsEmpty()));
  auto remove = collect;
  remove.push_back("--remove");
  const Ending removed = scenarios::RunPenstock(remove);
  EXPECT_EQ(removed.exit_code, 0) << removed.Describe();
  EXPECT_THAT(Objects(root_ + "/artifacts"), IsEmpty());
  EXPECT_THAT(Matches(folder_.root() + "/fetched/*"), IsEmpty());
  const Ending again = Run();
  EXPECT_EQ(again.exit_code, 0) << again.Describe();
  EXPECT_EQ(NumCached(again), 0);
}

/// Killed at the moment something of `output` is in the store, and run again.
void KillWhen(const std::string& root, const PipelineFolder& folder, const std::string& output) {
  auto command = folder.RunCommand();
  command.insert(command.end(), {"--pipeline-root", root});
  Program program({.arguments = command, .working_directory = folder.path(), .set_up = {}});
  const Moment moment{"when " + output + " is stored", [&](const PipelineFolder&, const Program&) {
                        return fs::Exists(root + "/artifacts/" + output).value_or(false);
                      }};
  const bool is_struck = WaitFor(moment, folder, program);
  program.Send(SIGKILL);
  const Ending killed = program.Wait();
  ASSERT_TRUE(is_struck) << "it ended before: " << killed.Describe();
  EXPECT_THAT(folder.LivingProcessesAfterWaiting(), IsEmpty());
}

TEST_F(StoredRootTest, IsWholeAfterAKillAndTheSameCommand) {
  folder_.UseTaxi();
  for (const char* output : {"ExampleGen/examples", "Transform/transformed_examples", "Trainer/model"}) {
    SCOPED_TRACE(output);
    KillWhen(root_, folder_, output);
    if (HasFailure()) return;
  }
  const Ending again = Run();
  EXPECT_EQ(again.exit_code, 0) << again.Describe();
  EXPECT_EQ(folder_.Runs().size(), 1u);
  ExpectWholeRun(folder_);
  ExpectNothingHalfStored();
}

TEST_F(StoredRootTest, SaysThatTheBucketIsMissingBeforeAnythingRuns) {
  folder_.UseSmall();
  root_ = "s3://lak/runs";
  const Ending ending = Run();
  EXPECT_EQ(ending.exit_code, 2) << ending.Describe();
  EXPECT_THAT(ending.errors, HasSubstr("is the bucket 'lak' right?"));
}

TEST_F(StoredRootTest, IsRefusedWithAPasswordInIt) {
  folder_.UseSmall();
  root_ = fmt::format("s3://KEY:{}@lake/runs", kStoreSecret);
  const Ending ending = Run();
  EXPECT_EQ(ending.exit_code, 2) << ending.Describe();
  EXPECT_THAT(ending.errors, HasSubstr("holds a password"));
  EXPECT_THAT(ending.errors, Not(HasSubstr(kStoreSecret)));
}

/// Files below `folder` that hold `secret`, with the database's pages and logs.
std::vector<std::string> FilesHolding(const std::string& secret, const std::string& folder) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const auto content = fs::ReadFile(entry.path().string());
    EXPECT_TRUE(content.ok()) << content.status();
    if (content.ok() && content->find(secret) != std::string::npos) found.push_back(entry.path().string());
  }
  return found;
}

TEST_F(StoredRootTest, KeepsNoCredentialsOfStoresAndDatabases) {
  const auto database = tests::DatabaseServer::PostgresqlWithPassword(kDatabaseSecret);
  if (!database->why_not().empty()) GTEST_SKIP() << database->why_not();
  ASSERT_TRUE(database->Run("postgres",
                            "CREATE TABLE points AS SELECT n * 0.25 AS x, CASE WHEN n % 3 = 0 THEN 1 ELSE -1 "
                            "END AS y FROM generate_series(1, 600) AS n"));
  const std::string profiles = scenarios::MakeTestFolder() + "/connections.yaml";
  ASSERT_TRUE(fs::WriteFileAtomically(profiles, fmt::format("warehouse:\n  driver: postgresql\n  uri: {}\n  "
                                                            "password: ${{WAREHOUSE_PASSWORD}}\n",
                                                            database->Database("postgres")))
                  .ok());
  setenv("PENSTOCK_CONNECTIONS", profiles.c_str(), 1);
  setenv("WAREHOUSE_PASSWORD", kDatabaseSecret, 1);
  folder_.UseSmall();
  auto text = *fs::ReadFile(folder_.path() + "/pipeline.yaml");
  const std::string input = "input: \"data.csv\"";
  text.replace(text.find(input), input.size(),
               "connection: warehouse, query: \"SELECT x::float8 AS x, y FROM points ORDER BY x\"");
  folder_.Write("pipeline.yaml", text);
  Ending ending = Run();
  if (ending.output.find("driver") != std::string::npos && ending.exit_code != 0)
    GTEST_SKIP() << "PostgreSQL's driver is not here: " << ending.Describe();
  ASSERT_EQ(ending.exit_code, 0) << ending.Describe();
  // A second one that fails at the database, whose message could tell the password.
  folder_.Write("pipeline.yaml", std::string(text).replace(text.find("FROM points"), 11, "FROM pints "));
  const Ending failed = Run();
  EXPECT_EQ(failed.exit_code, 2) << failed.Describe();
  EXPECT_THAT(failed.output, HasSubstr("pints"));
  unsetenv("PENSTOCK_CONNECTIONS");
  unsetenv("WAREHOUSE_PASSWORD");
  for (const char* secret : {kStoreSecret, kDatabaseSecret}) {
    EXPECT_THAT(ending.output + ending.errors + failed.output + failed.errors, Not(HasSubstr(secret)));
    EXPECT_THAT(FilesHolding(secret, folder_.path()), IsEmpty());
    for (const auto& path : Objects(root_)) EXPECT_THAT(*fs::ReadFile(path), Not(HasSubstr(secret))) << path;
  }
}

}  // namespace
}  // namespace penstock::faults
