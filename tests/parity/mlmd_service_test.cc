// Runs against `penstock metadata serve` what ran against ML Metadata 1.17.1: the client's own test file, and
// calls whose answers were recorded. The client: tools/setup_mlmd_client.sh.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <fstream>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "scenarios/program.h"
#include "tests/support/paths.h"

namespace penstock {
namespace {

using nlohmann::json;
using scenarios::Program;
using testing::HasSubstr;

const std::string kClient = tests::SourcePath(".deps/mlmd_client");

struct ClientRun {
  int exit_code = -1;
  std::string output;
};

class MlmdServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::ifstream(kClient + "/interpreter") >> interpreter_;
    if (interpreter_.empty()) {
      GTEST_SKIP() << "NOT TESTED: the ml-metadata client is not there; run tools/setup_mlmd_client.sh";
    }
    folder_ = scenarios::MakeTestFolder();
    server_ = std::make_unique<Program>(
        Program::Options{.arguments = {"metadata", "serve", "--port", "0", "--db",
                                       "sqlite:///" + folder_ + "/metadata.sqlite"}});
    std::string line;
    for (int i = 0; i < 2000 && line.find('\n') == std::string::npos && server_->IsRunning(); ++i) {
      usleep(10'000);
      line = server_->OutputSoFar();
    }
    const json ready = json::parse(line, nullptr, false);
    ASSERT_TRUE(ready.is_object() && ready.contains("grpc")) << line << server_->ErrorsSoFar();
    address_ = ready["grpc"];
    ASSERT_THAT(address_, testing::StartsWith("127.0.0.1:"));
  }
  void TearDown() override {
    if (server_ == nullptr) return;
    server_->Send(SIGTERM);
    const auto ending = server_->Wait(30);
    EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
    EXPECT_EQ(ending.errors, "");
  }

  std::string port() const { return address_.substr(address_.rfind(':') + 1); }

  /// Runs Python with these arguments in `folder`, the server's address in its environment.
  ClientRun RunPython(const std::string& folder, const std::string& arguments) const {
    const std::string line = fmt::format(
        "cd '{}' && PYTHONDONTWRITEBYTECODE=1 MLMD_HOST=127.0.0.1 MLMD_PORT={} PYTHONPATH='{}' '{}' {} 2>&1",
        folder, port(), kClient, interpreter_, arguments);
    ClientRun run;
    FILE* pipe = popen(line.c_str(), "r");
    if (pipe == nullptr) return run;
    char buffer[4096];
    for (size_t size = 0; (size = fread(buffer, 1, sizeof(buffer), pipe)) > 0;)
      run.output.append(buffer, size);
    const int status = pclose(pipe);
    run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return run;
  }

  static std::string RecordedCases() {
    const std::string folder = tests::SharedPath("conformance/mlmd");
    return access(folder.c_str(), R_OK) == 0 ? folder : "";
  }

  std::string interpreter_;
  std::string folder_;
  std::string address_;
  std::unique_ptr<Program> server_;
};

TEST_F(MlmdServiceTest, PassesTheClientsOwnTestFileAsTheOriginalDoes) {
  // These fail against the original too: the file says `self.self.cli_args` in them.
  const std::set<std::string> kBroken = {
      "test_connection_config_with_grpc_client_timeout_sec_errors",
      "test_connection_config_with_grpc_http2_max_ping_strikes",
      "test_connection_config_with_grpc_max_receive_message_length",
      "test_connection_config_with_grpc_max_receive_message_length_errors"};
  const ClientRun run = RunPython(kClient + "/ml_metadata/metadata_store",
                                  "-m pytest -q --tb=short -p no:cacheprovider metadata_store_test.py "
                                  "--use_grpc_backend --grpc_host 127.0.0.1 --grpc_port " +
                                      port());
  std::set<std::string> failed;
  for (size_t at = 0; (at = run.output.find("\nFAILED ", at)) != std::string::npos; ++at) {
    const size_t name = run.output.find("::test_", at);
    failed.insert(run.output.substr(name + 2, run.output.find_first_of(" \n", name) - name - 2));
  }
  EXPECT_EQ(failed, kBroken) << run.output;
  EXPECT_THAT(run.output, HasSubstr("4 failed, 102 passed"));
}

TEST_F(MlmdServiceTest, AnswersFilterQueriesMessageForMessage) {
  if (RecordedCases().empty()) GTEST_SKIP() << "NOT TESTED: the recorded calls need PENSTOCK_TEST_DATA";
  const ClientRun run = RunPython(RecordedCases() + "/filter", "filter_cases.py cases.json --messages");
  EXPECT_EQ(run.exit_code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr(" passed, 0 failed"));
}

TEST_F(MlmdServiceTest, AnswersTypesUpsertsLinksAndLineageAsTheOriginal) {
  if (RecordedCases().empty()) GTEST_SKIP() << "NOT TESTED: the recorded calls need PENSTOCK_TEST_DATA";
  const ClientRun run = RunPython(RecordedCases() + "/semantics", "semantics_cases.py cases.json");
  EXPECT_EQ(run.exit_code, 0) << run.output;
  EXPECT_THAT(run.output, HasSubstr(" passed, 0 failed"));
}

TEST_F(MlmdServiceTest, WordsErrorsAsTheOriginalButForTheTimesInThem) {
  if (RecordedCases().empty()) GTEST_SKIP() << "NOT TESTED: the recorded calls need PENSTOCK_TEST_DATA";
  // These messages hold the time at which they were recorded.
  const std::set<std::string> kWithTimes = {"same external_id", "abort_if_latest_updated_time_changed, stale",
                                            "context name taken", "the very same event again"};
  const ClientRun run = RunPython(RecordedCases() + "/semantics", "semantics_cases.py cases.json --messages");
  std::set<std::string> different;
  for (size_t at = run.output.find("FAIL "); at != std::string::npos; at = run.output.find("FAIL ", at + 1)) {
    const size_t name = run.output.find(" - ", at) + 3;
    different.insert(run.output.substr(name, run.output.find(" | want", name) - name));
  }
  EXPECT_EQ(different, kWithTimes) << run.output;
}

TEST_F(MlmdServiceTest, SaysThatItIsHealthy) {
  // grpc.health.v1.HealthCheckRequest is empty; SERVING is field 1 = 1.
  const ClientRun run = RunPython(
      folder_,
      "-c \"import grpc, os; c = grpc.insecure_channel('127.0.0.1:' + os.environ['MLMD_PORT']); "
      "print(c.unary_unary('/grpc.health.v1.Health/Check', lambda m: m, lambda b: b)(b'', timeout=10))\"");
  EXPECT_EQ(run.output, "b'\\x08\\x01'\n");
}

}  // namespace
}  // namespace penstock
