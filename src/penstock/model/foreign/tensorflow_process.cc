#include "penstock/model/foreign/tensorflow_process.h"

#include <unistd.h>

#include <climits>
#include <cstdlib>

#include "penstock/base/filesystem.h"

namespace penstock::model::foreign {
namespace {

constexpr std::string_view kLibrary = "libtensorflow_cc.so.2";
constexpr std::string_view kHost = "penstock_tensorflow_host";
constexpr uint64_t kMaxAnswerBytes = uint64_t{1} << 32;

std::string FromEnvironment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The folder that the program's own folder is in.
std::string ProgramRoot() {
  char program[PATH_MAX];
  const ssize_t length = ::readlink("/proc/self/exe", program, sizeof(program));
  if (length <= 0) return "..";
  return fs::DirName(fs::DirName(std::string_view(program, static_cast<size_t>(length))));
}

std::string PluginFolder() {
  const std::string given = FromEnvironment("PENSTOCK_PLUGIN_DIR");
  return given.empty() ? fs::Join(ProgramRoot(), "lib/penstock") : given;
}

Result<std::string> FindLibrary() {
  const std::string given = FromEnvironment("PENSTOCK_TENSORFLOW");
  // The second is where tools/setup_tensorflow.sh puts it, seen from build/<preset>/.
  const std::string folder =
      given.empty() ? fs::Join(fs::DirName(fs::DirName(ProgramRoot())), ".deps/tensorflow") : given;
  for (const std::string& place : {folder, fs::Join(folder, "tensorflow")}) {
    const std::string path = fs::Join(place, kLibrary);
    if (::access(path.c_str(), R_OK) == 0) return fs::Absolute(path);
  }
  return FailedPrecondition(
      "TensorFlow is not installed, which runs SavedModels: there is no {} in {} (run "
      "tools/setup_tensorflow.sh, "
      "or set PENSTOCK_TENSORFLOW to the site-packages folder of a Python with tensorflow or tensorflow-cpu)",
      kLibrary, folder);
}

}  // namespace

Result<std::unique_ptr<TensorFlowProcess>> TensorFlowProcess::Start(const std::string& saved_model) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string library, FindLibrary());
  const std::string host = fs::Join(PluginFolder(), kHost);
  if (::access(host.c_str(), X_OK) != 0) {
    return FailedPrecondition(
        "The plug-in for SavedModels is not installed: there is no {} (set PENSTOCK_PLUGIN_DIR)", host);
  }
  ChildOptions options;
  options.arguments = {host, library, fs::Absolute(saved_model)};
  options.withholds_secrets = true;
  options.is_piped = true;
  PENSTOCK_ASSIGN_OR_RETURN(ChildProcess child, ChildProcess::Start(options));
  std::unique_ptr<TensorFlowProcess> process(new TensorFlowProcess(std::move(child)));
  auto loaded = process->ReadAnswer();
  if (!loaded.ok()) return Annotate(loaded.status(), "TensorFlow's process");
  if (!loaded->error.empty())
    return InvalidArgument("{}: TensorFlow does not load it: {}", saved_model, loaded->error);
  return process;
}

Result<TensorMessage> TensorFlowProcess::ReadAnswer() {
  std::string bytes;
  PENSTOCK_RETURN_IF_ERROR(child_.Read(8, bytes));
  uint64_t size = 0;
  std::memcpy(&size, bytes.data(), 8);
  if (size > kMaxAnswerBytes) return DataLoss("TensorFlow's process answers with {} bytes", size);
  PENSTOCK_RETURN_IF_ERROR(child_.Read(size, bytes));
  TensorMessage answer;
  if (!DecodeMessage(bytes, answer)) return DataLoss("The answer of TensorFlow's process is cut off");
  return answer;
}

Result<std::vector<TensorValue>> TensorFlowProcess::Run(const TensorMessage& question) {
  const std::string bytes = EncodeMessage(question);
  const uint64_t size = bytes.size();
  const std::lock_guard lock(mutex_);
  PENSTOCK_RETURN_IF_ERROR(child_.Write({reinterpret_cast<const char*>(&size), 8}));
  PENSTOCK_RETURN_IF_ERROR(child_.Write(bytes));
  PENSTOCK_ASSIGN_OR_RETURN(TensorMessage answer, ReadAnswer());
  if (!answer.error.empty()) return InvalidArgument("TensorFlow: {}", answer.error);
  if (answer.tensors.size() != question.wanted.size())
    return DataLoss("TensorFlow gave {} tensors instead of {}", answer.tensors.size(),
                    question.wanted.size());
  return std::move(answer.tensors);
}

}  // namespace penstock::model::foreign
