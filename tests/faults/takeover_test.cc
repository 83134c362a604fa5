// Two servers on one PostgreSQL: one leads; when it is killed the other goes on with what was running.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "scenarios/program.h"
#include "tests/support/database_server.h"

namespace penstock::faults {
namespace {

using nlohmann::json;
using scenarios::Program;
using Clock = std::chrono::steady_clock;

constexpr int kNumTasks = 6;

/// Tasks in a row, each of which leaves a line in a file when it begins and waits for another file to be
/// there.
std::string Pipeline(const std::string& folder) {
  json executors, components, tasks;
  for (int i = 0; i < kNumTasks; ++i) {
    const std::string name = "t" + std::to_string(i);
    const std::string script = "echo " + name + " >> " + folder + "/began; while [ ! -e " + folder + "/go-" +
                               name + " ]; do sleep 0.02; done; echo " + name + " > $0";
    executors["e-" + name] = {
        {"container",
         {{"image", "x"}, {"command", {"sh", "-c", script, "{{$.outputs.artifacts['out'].path}}"}}}}};
    components["c-" + name] = {
        {"executorLabel", "e-" + name},
        {"outputDefinitions",
         {{"artifacts", {{"out", {{"artifactType", {{"schemaTitle", "system.Artifact"}}}}}}}}}};
    tasks[name] = {{"componentRef", {{"name", "c-" + name}}}, {"cachingOptions", {{"enableCache", false}}}};
    if (i > 0) tasks[name]["dependentTasks"] = {"t" + std::to_string(i - 1)};
  }
  return json{{"pipelineInfo", {{"name", "takeover"}}},
              {"schemaVersion", "2.1.0"},
              {"deploymentSpec", {{"executors", executors}}},
              {"components", components},
              {"root", {{"dag", {{"tasks", tasks}}}}}}
      .dump();
}

void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::vector<std::string> Lines(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

/// Until `condition` holds; false after `seconds`.
template <class Condition>
bool WaitUntil(double seconds, Condition condition) {
  const auto deadline = Clock::now() + std::chrono::duration<double>(seconds);
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    ::usleep(10'000);
  }
  return true;
}

/// The address of its ready line; empty while it has not said it.
std::string UrlOf(const Program& server) {
  const json ready = json::parse(server.OutputSoFar(), nullptr, false);
  return ready.is_object() ? ready.value("rest", "") : "";
}

struct Engine {
  const char* name;
  tests::DatabaseServer& (*server)();
};

class TakeoverTest : public testing::TestWithParam<Engine> {};

TEST_P(TakeoverTest, TheOtherServerGoesOnWithinTenSecondsAndPublishesNothingTwice) {
  auto& database = GetParam().server();
  if (!database.why_not().empty()) GTEST_SKIP() << database.why_not();
  const std::string folder = scenarios::MakeTestFolder();
  const Program::Options options = {
      .arguments = {"server", "--root", folder + "/root", "--db", database.Database("takeover"), "--port",
                    "0", "--grpc-port", "0"},
      .working_directory = folder,
      .set_up = {}};
  Program first(options);
  ASSERT_TRUE(WaitUntil(60, [&] { return !UrlOf(first).empty(); })) << first.ErrorsSoFar();
  Program second(options);
  Write(folder + "/pipeline.json", Pipeline(folder));
  const auto submitted = scenarios::RunPenstock(
      {"runs", "submit", folder + "/pipeline.json", "--host", UrlOf(first), "--json"}, folder);
  ASSERT_EQ(submitted.exit_code, 0) << submitted.Describe();
  const json answer = json::parse(submitted.output);
  const std::string run = (answer.is_array() ? answer.at(0) : answer).at("run_id").get<std::string>();
  // Two have ended and the third is at work when the leader dies.
  Write(folder + "/go-t0", "");
  Write(folder + "/go-t1", "");
  ASSERT_TRUE(WaitUntil(60, [&] { return Lines(folder + "/began").size() == 3; }));
  EXPECT_EQ(UrlOf(second), "") << "a server that does not lead must not serve";
  first.Send(SIGKILL);
  const auto killed = Clock::now();
  ASSERT_TRUE(WaitUntil(60, [&] { return !UrlOf(second).empty(); })) << second.ErrorsSoFar();
  EXPECT_LT(std::chrono::duration<double>(Clock::now() - killed).count(), 10);
  for (int i = 2; i < kNumTasks; ++i) Write(folder + "/go-t" + std::to_string(i), "");
  const auto waited =
      scenarios::RunPenstock({"runs", "wait", run, "--host", UrlOf(second), "--json"}, folder);
  EXPECT_EQ(waited.exit_code, 0) << waited.Describe();
  // What had ended was not begun again, what was at work was, the rest ran once.
  EXPECT_THAT(Lines(folder + "/began"), testing::ElementsAre("t0", "t1", "t2", "t2", "t3", "t4", "t5"));
  // What the first and what the second server was asked for stands together.
  const auto archived = scenarios::RunPenstock({"runs", "archive", run, "--host", UrlOf(second)}, folder);
  EXPECT_EQ(archived.exit_code, 0) << archived.Describe();
  const auto audit =
      scenarios::RunPenstock({"audit", "--db", database.Database("takeover"), "--json"}, folder);
  ASSERT_EQ(audit.exit_code, 0) << audit.Describe();
  std::vector<std::string> operations;
  for (const auto& entry : json::parse(audit.output)) operations.push_back(entry.value("operation", ""));
  EXPECT_THAT(operations, testing::Contains("RunService_CreateRun"));
  EXPECT_EQ(operations.back(), "RunService_ArchiveRun");
  // A subquery of two rows is how both say no.
  EXPECT_TRUE(database.Run(
      "takeover",
      "SELECT CASE WHEN (SELECT COUNT(*) FROM Execution WHERE last_known_state = 3) = 6 AND "
      "(SELECT COUNT(*) FROM Artifact WHERE state = 2) = 6 THEN 1 ELSE (SELECT 1 UNION SELECT 2) END"));
  second.Send(SIGTERM);
  EXPECT_EQ(second.Wait(30).exit_code, 0);
}

INSTANTIATE_TEST_SUITE_P(Databases, TakeoverTest,
                         testing::Values(Engine{"Postgresql", &tests::DatabaseServer::Postgresql},
                                         Engine{"Mysql", &tests::DatabaseServer::Mysql}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace penstock::faults
