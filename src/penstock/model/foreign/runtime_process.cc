#include "penstock/model/foreign/runtime_process.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>

#include "penstock/base/filesystem.h"

namespace penstock::model::foreign {
namespace {

constexpr uint64_t kMaxAnswerBytes = uint64_t{1} << 32;

/// Where a runtime is, and how it is called.
struct RuntimePlaces {
  std::string_view name;
  std::string_view models;
  std::vector<std::string_view> libraries;  ///< Beginnings of their names.
  std::string_view host;
  const char* variable;
  std::string_view deps;    ///< Below .deps.
  std::string_view within;  ///< Where it is in a folder of Python packages.
  std::string_view setup;
};

const RuntimePlaces& PlacesOf(Runtime runtime) {
  static const RuntimePlaces tensorflow = {"TensorFlow",
                                           "SavedModels",
                                           {"libtensorflow_cc.so.2"},
                                           "penstock_tensorflow_host",
                                           "PENSTOCK_TENSORFLOW",
                                           "tensorflow",
                                           "tensorflow",
                                           "tools/setup_tensorflow.sh"};
  static const RuntimePlaces onnx = {
      "ONNX Runtime",          "ONNX models",  {"libonnxruntime.so"}, "penstock_onnx_host",
      "PENSTOCK_ONNX_RUNTIME", "onnx_runtime", "onnxruntime/capi",    "tools/setup_onnx_runtime.sh"};
  static const RuntimePlaces lite = {"TensorFlow Lite",
                                     "TensorFlow Lite models",
                                     {"libtensorflowlite_c.so", "libjnitensorflowlite.so"},
                                     "penstock_tflite_host",
                                     "PENSTOCK_TFLITE",
                                     "tflite",
                                     "",
                                     "tools/setup_tflite.sh"};
  switch (runtime) {
    case Runtime::kTensorFlow:
      return tensorflow;
    case Runtime::kOnnxRuntime:
      return onnx;
    case Runtime::kTensorFlowLite:
      break;
  }
  return lite;
}

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

Result<std::string> FindLibrary(const RuntimePlaces& places) {
  const std::string given = FromEnvironment(places.variable);
  // The second is where the set-up puts it, seen from build/<preset>/.
  const std::string folder =
      given.empty() ? fs::Join(fs::Join(fs::DirName(fs::DirName(ProgramRoot())), ".deps"), places.deps)
                    : given;
  for (const std::string& place : {folder, fs::Join(folder, places.within)}) {
    const auto entries = fs::List(place);
    if (!entries.ok()) continue;
    for (const auto& entry : *entries) {
      const std::string name = fs::BaseName(entry.path);
      const auto begins = [&](std::string_view library) { return name.starts_with(library); };
      if (std::any_of(places.libraries.begin(), places.libraries.end(), begins))
        return fs::Absolute(entry.path);
    }
  }
  return FailedPrecondition(
      "{} is not installed, which runs {}: there is no {} in {} (run {}, or set {} to the folder "
      "that holds it)",
      places.name, places.models, places.libraries[0], folder, places.setup, places.variable);
}

}  // namespace

Result<std::unique_ptr<RuntimeProcess>> RuntimeProcess::Start(Runtime runtime, const std::string& model) {
  const RuntimePlaces& places = PlacesOf(runtime);
  PENSTOCK_ASSIGN_OR_RETURN(const std::string library, FindLibrary(places));
  const std::string host = fs::Join(PluginFolder(), places.host);
  if (::access(host.c_str(), X_OK) != 0) {
    return FailedPrecondition("The plug-in for {} is not installed: there is no {} (set PENSTOCK_PLUGIN_DIR)",
                              places.models, host);
  }
  ChildOptions options;
  options.arguments = {host, library, fs::Absolute(model)};
  options.withholds_secrets = true;
  options.is_piped = true;
  PENSTOCK_ASSIGN_OR_RETURN(ChildProcess child, ChildProcess::Start(options));
  std::unique_ptr<RuntimeProcess> process(new RuntimeProcess(runtime, std::move(child)));
  auto loaded = process->ReadAnswer();
  if (!loaded.ok()) return Annotate(loaded.status(), fmt::format("{}'s process", places.name));
  if (!loaded->error.empty())
    return InvalidArgument("{}: {} does not load it: {}", model, places.name, loaded->error);
  process->description_ = std::move(loaded->tensors);
  return process;
}

Result<TensorMessage> RuntimeProcess::ReadAnswer() {
  const std::string_view name = PlacesOf(runtime_).name;
  std::string bytes;
  PENSTOCK_RETURN_IF_ERROR(child_.Read(8, bytes));
  uint64_t size = 0;
  std::memcpy(&size, bytes.data(), 8);
  if (size > kMaxAnswerBytes) return DataLoss("{}'s process answers with {} bytes", name, size);
  PENSTOCK_RETURN_IF_ERROR(child_.Read(size, bytes));
  TensorMessage answer;
  if (!DecodeMessage(bytes, answer)) return DataLoss("The answer of {}'s process is cut off", name);
  return answer;
}

Result<std::vector<TensorValue>> RuntimeProcess::Run(const TensorMessage& question) {
  const std::string_view name = PlacesOf(runtime_).name;
  const std::string bytes = EncodeMessage(question);
  const uint64_t size = bytes.size();
  const std::lock_guard lock(mutex_);
  PENSTOCK_RETURN_IF_ERROR(child_.Write({reinterpret_cast<const char*>(&size), 8}));
  PENSTOCK_RETURN_IF_ERROR(child_.Write(bytes));
  PENSTOCK_ASSIGN_OR_RETURN(TensorMessage answer, ReadAnswer());
  if (!answer.error.empty()) return InvalidArgument("{}: {}", name, answer.error);
  if (answer.tensors.size() != question.wanted.size())
    return DataLoss("{} gave {} tensors instead of {}", name, answer.tensors.size(), question.wanted.size());
  return std::move(answer.tensors);
}

}  // namespace penstock::model::foreign
