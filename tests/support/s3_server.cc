#include "tests/support/s3_server.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "tests/support/paths.h"

namespace penstock::tests {
namespace {

std::string Interpreter() {
  std::ifstream file(SourcePath(".deps/s3_server/interpreter"));
  std::string path;
  std::getline(file, path);
  return path;
}

}  // namespace

std::string S3Server::WhyMissing() {
  return Interpreter().empty() ? "OBJECT STORAGE IS NOT TESTED: run tools/setup_s3_server.sh" : "";
}

S3Server::S3Server(const std::string& bucket) {
  int input[2], output[2];
  if (pipe(input) != 0 || pipe(output) != 0) {
    problem_ = "no pipes";
    return;
  }
  const std::string interpreter = Interpreter(), script = SourcePath("tests/support/s3_server.py");
  const std::string packages = SourcePath(".deps/s3_server");
  server_ = fork();
  if (server_ == 0) {
    dup2(input[0], 0);
    dup2(output[1], 1);
    for (const int end : {input[0], input[1], output[0], output[1]}) close(end);
    setenv("PYTHONPATH", packages.c_str(), 1);
    execl(interpreter.c_str(), interpreter.c_str(), script.c_str(), bucket.c_str(), nullptr);
    _exit(127);
  }
  close(input[0]);
  close(output[1]);
  input_ = input[1];
  std::string port;
  for (char c = 0; read(output[0], &c, 1) == 1 && c != '\n';) port += c;
  close(output[0]);
  if (port.empty()) {
    problem_ = "the S3 server does not start: " + interpreter + " " + script;
    return;
  }
  setenv("AWS_ENDPOINT_URL", ("http://127.0.0.1:" + port).c_str(), 1);
  setenv("AWS_ACCESS_KEY_ID", "test", 1);
  setenv("AWS_SECRET_ACCESS_KEY", "test", 1);
  setenv("AWS_REGION", "us-east-1", 1);
  setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
}

S3Server::~S3Server() {
  if (input_ >= 0) close(input_);
  if (server_ > 0) {
    kill(server_, SIGKILL);
    waitpid(server_, nullptr, 0);
  }
}

}  // namespace penstock::tests
