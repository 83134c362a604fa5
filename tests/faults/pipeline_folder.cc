#include "faults/pipeline_folder.h"

#include <glob.h>
#include <signal.h>
#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "penstock/base/filesystem.h"
#include "tests/support/paths.h"

namespace penstock::faults {
namespace {

using testing::IsEmpty;

constexpr const char* kSmallPipeline = R"(pipeline: small
nodes:
  ExampleGen: {{input: "{}"}}
  StatisticsGen:
  SchemaGen:
  Transform: {{features: features.yaml}}
  Trainer: {{hyperparameters: {{num_rounds: 5}}}}
  Pusher: {{destination: serving}}
)";

/// Process ids and command lines of all that run now.
std::map<pid_t, std::string> CommandLines() {
  std::map<pid_t, std::string> lines;
  for (const auto& path : Matches("/proc/[0-9]*")) {
    std::FILE* file = std::fopen((path + "/cmdline").c_str(), "r");
    if (file == nullptr) continue;
    std::string line(1 << 16, '\0');
    line.resize(std::fread(line.data(), 1, line.size(), file));
    std::fclose(file);
    for (char& c : line)
      if (c == '\0') c = ' ';
    if (!line.empty()) lines[std::atoi(path.c_str() + 6)] = line;
  }
  return lines;
}

}  // namespace

std::vector<std::string> Matches(const std::string& pattern) {
  std::vector<std::string> paths;
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0)
    for (size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  ::globfree(&found);
  return paths;
}

PipelineFolder::PipelineFolder() : path_(scenarios::MakeTestFolder()), root_(path_ + "/.penstock") {}

PipelineFolder::~PipelineFolder() {
  if (testing::Test::HasFailure()) return;
  EXPECT_TRUE(fs::RemoveAll(path_).ok());
}

void PipelineFolder::Write(const std::string& name, const std::string& content) const {
  const Status status = fs::WriteFileAtomically(fs::Join(path_, name), content);
  ASSERT_TRUE(status.ok()) << status;
}

void PipelineFolder::UseTaxi() const {
  auto pipeline = fs::ReadFile(tests::SourcePath("examples/taxi/pipeline.yaml"));
  const auto features = fs::ReadFile(tests::SourcePath("examples/taxi/features.yaml"));
  ASSERT_TRUE(pipeline.ok() && features.ok());
  const std::string relative = "../../.deps";
  const size_t at = pipeline->find(relative);
  ASSERT_NE(at, std::string::npos);
  pipeline->replace(at, relative.size(), tests::SourcePath(".deps"));
  Write("pipeline.yaml", *pipeline);
  Write("features.yaml", *features);
}

void PipelineFolder::UseSmall(const std::string& data) const {
  Write("pipeline.yaml", fmt::format(kSmallPipeline, data));
  Write("features.yaml", "label: y > 0\nfeatures:\n  x: x\n");
  Write("data.csv", GoodRows());
}

std::vector<std::string> PipelineFolder::RunCommand() const {
  return {"run", fs::Join(path_, "pipeline.yaml"), "--root", root_};
}

Ending PipelineFolder::Run() const { return scenarios::RunPenstock(RunCommand(), path_); }

void PipelineFolder::ExpectNothingHalf() const {
  EXPECT_THAT(Matches(root_ + "/staging/*"), IsEmpty());
  EXPECT_THAT(Matches(path_ + "/serving/.[!.]*"), IsEmpty());
  std::set<std::string> published;
  if (std::filesystem::exists(root_ + "/metadata.sqlite")) {
    for (const auto& [id, name] : ExecutionsInState(kComplete)) published.insert(std::to_string(id));
    const Ending listed = scenarios::RunPenstock({"runs", "list", "--root", root_});
    EXPECT_EQ(listed.exit_code, 0) << listed.Describe();
  }
  for (const auto& artifact : Matches(root_ + "/artifacts/*/*/*"))
    EXPECT_TRUE(published.contains(fs::BaseName(artifact))) << artifact << " was never published";
}

std::vector<std::string> PipelineFolder::LivingProcesses() const {
  std::vector<std::string> living;
  for (const auto& [process, line] : CommandLines())
    if (process != ::getpid() && line.find("penstock") != std::string::npos &&
        line.find(path_) != std::string::npos)
      living.push_back(line);
  return living;
}

std::vector<std::string> PipelineFolder::LivingProcessesAfterWaiting() const {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  auto living = LivingProcesses();
  while (!living.empty() && std::chrono::steady_clock::now() < limit) living = LivingProcesses();
  return living;
}

pid_t PipelineFolder::FindTask(const std::string& component) const {
  for (const auto& [process, line] : CommandLines())
    if (line.find("penstock component " + component + " ") != std::string::npos &&
        line.find(path_) != std::string::npos)
      return process;
  return 0;
}

std::map<int64_t, std::string> PipelineFolder::ExecutionsInState(int state) const {
  std::map<int64_t, std::string> executions;
  sqlite3* database = nullptr;
  EXPECT_EQ(sqlite3_open_v2((root_ + "/metadata.sqlite").c_str(), &database, SQLITE_OPEN_READWRITE, nullptr),
            SQLITE_OK);
  sqlite3_busy_timeout(database, 5000);
  sqlite3_stmt* statement = nullptr;
  EXPECT_EQ(sqlite3_prepare_v2(database, "SELECT id, name FROM Execution WHERE last_known_state = ?", -1,
                               &statement, nullptr),
            SQLITE_OK);
  sqlite3_bind_int(statement, 1, state);
  while (sqlite3_step(statement) == SQLITE_ROW)
    executions[sqlite3_column_int64(statement, 0)] =
        reinterpret_cast<const char*>(sqlite3_column_text(statement, 1));
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return executions;
}

std::vector<std::pair<std::string, std::string>> PipelineFolder::Runs() const {
  const Ending listed = scenarios::RunPenstock({"runs", "list", "--json", "--root", root_});
  std::vector<std::pair<std::string, std::string>> runs;
  const auto list = nlohmann::json::parse(listed.output, nullptr, false);
  if (listed.exit_code != 0 || !list.is_array()) return runs;
  for (const auto& run : list) runs.emplace_back(run.value("run_id", ""), run.value("state", ""));
  return runs;
}

std::string GoodRows(int num_rows) {
  std::string rows = "x,y\n";
  for (int i = 0; i < num_rows; ++i) rows += fmt::format("{}.{},{}\n", i % 17, i, i % 3 == 0 ? 1 : -1);
  return rows;
}

}  // namespace penstock::faults
