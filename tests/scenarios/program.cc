#include "scenarios/program.h"
#include "tests/support/paths.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace penstock::scenarios {
namespace {

double Now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void Redirect(const std::string& path, int to) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (fd < 0) _exit(Program::kNotSetUp);
  ::dup2(fd, to);
  ::close(fd);
}

std::string FreshFolder(const std::string& name) {
  std::string pattern = testing::TempDir() + "/" + name + "-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    ADD_FAILURE() << "cannot make a folder like " << pattern;
    return "";
  }
  return std::filesystem::canonical(pattern).string();
}

}  // namespace

std::string PenstockPath() { return tests::BuildPath("bin/penstock"); }

std::string Ending::Describe() const {
  const std::string how =
      signal != 0 ? fmt::format("killed by signal {}", signal) : fmt::format("exit code {}", exit_code);
  return fmt::format("{} after {:.2f} s\n-- stdout --\n{}\n-- stderr --\n{}\n", how, seconds, output, errors);
}

Program::Program(const Options& options) : started_(Now()), files_(FreshFolder("output")) {
  std::vector<std::string> words = {PenstockPath()};
  words.insert(words.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> pointers;
  for (auto& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ != 0) return;
  const int null_fd = ::open("/dev/null", O_RDONLY);
  ::dup2(null_fd, 0);
  Redirect(files_ + "/stdout", 1);
  Redirect(files_ + "/stderr", 2);
  if (!options.working_directory.empty() && ::chdir(options.working_directory.c_str()) != 0) _exit(kNotSetUp);
  if (options.set_up && !options.set_up()) _exit(kNotSetUp);
  ::execv(pointers[0], pointers.data());
  _exit(kNotSetUp);
}

Program::~Program() {
  if (!has_ended_) Wait(0);
  std::error_code ignored;
  std::filesystem::remove_all(files_, ignored);
}

bool Program::Reap(bool is_blocking) {
  if (has_ended_ || pid_ < 0) return true;
  const pid_t reaped = ::waitpid(pid_, &wait_status_, is_blocking ? 0 : WNOHANG);
  has_ended_ = reaped == pid_;
  return has_ended_;
}

bool Program::IsRunning() { return !Reap(false); }

void Program::Send(int signal) const {
  if (!has_ended_ && pid_ > 0) ::kill(pid_, signal);
}

std::string Program::OutputSoFar() const { return Contents(files_ + "/stdout"); }
std::string Program::ErrorsSoFar() const { return Contents(files_ + "/stderr"); }

Ending Program::Wait(double limit_seconds) {
  const double limit = Now() + limit_seconds;
  while (!Reap(false)) {
    if (Now() > limit) {
      ::kill(pid_, SIGKILL);
      Reap(true);
      break;
    }
    ::usleep(2000);
  }
  Ending ending;
  ending.exit_code = WIFEXITED(wait_status_) ? WEXITSTATUS(wait_status_) : -1;
  ending.signal = WIFSIGNALED(wait_status_) ? WTERMSIG(wait_status_) : 0;
  ending.output = Contents(files_ + "/stdout");
  ending.errors = Contents(files_ + "/stderr");
  ending.seconds = Now() - started_;
  return ending;
}

Ending RunPenstock(const std::vector<std::string>& arguments, const std::string& working_directory) {
  return Program({.arguments = arguments, .working_directory = working_directory, .set_up = {}}).Wait();
}

std::string MakeTestFolder() {
  std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
  for (char& c : name)
    if (c == '/') c = '-';
  return FreshFolder(name);
}

}  // namespace penstock::scenarios
