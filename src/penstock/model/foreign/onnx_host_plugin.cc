// A process of its own for ONNX Runtime: loads a model through its C API and answers TensorMessages on its
// standard input with TensorMessages on its standard output. The first one describes the model: its inputs
// ("input:NAME") and outputs ("output:NAME").
//
//   penstock_onnx_host LIBRARY MODEL
//
// The C API is a table of functions whose order never changes (onnxruntime_c_api.h: only its end grows); the
// places of those used stand here, so that ONNX Runtime is not needed to build.
#include <dlfcn.h>

#include <memory>

#include "penstock/model/foreign/host_loop.h"

namespace penstock::model::foreign {
namespace {

struct ApiBase {
  const void* const* (*get_api)(uint32_t version);
  const char* (*get_version)();
};

enum Place : size_t {
  kGetErrorMessage = 2,
  kCreateEnv = 3,
  kCreateSession = 7,
  kRun = 9,
  kCreateSessionOptions = 10,
  kSetIntraOpNumThreads = 24,
  kSessionGetInputCount = 30,
  kSessionGetOutputCount = 31,
  kSessionGetInputTypeInfo = 33,
  kSessionGetOutputTypeInfo = 34,
  kSessionGetInputName = 36,
  kSessionGetOutputName = 37,
  kCreateTensorAsOrtValue = 48,
  kGetTensorMutableData = 51,
  kFillStringTensor = 52,
  kGetStringTensorDataLength = 53,
  kGetStringTensorContent = 54,
  kCastTypeInfoToTensorInfo = 55,
  kGetTensorElementType = 60,
  kGetDimensionsCount = 61,
  kGetDimensions = 62,
  kGetTensorTypeAndShape = 65,
  kGetValueType = 67,
  kGetAllocatorWithDefaultOptions = 78,
  kGetValue = 80,
  kGetValueCount = 81,
  kReleaseStatus = 93,
  kReleaseValue = 96,
  kReleaseTypeInfo = 98,
  kReleaseTensorTypeAndShapeInfo = 99,
};
/// ONNXType.
constexpr int kTensor = 1, kSequence = 2;

/// ONNX's numbers of types, from 0, as TensorFlow's; 0 where the message has none.
constexpr int32_t kTypes[] = {0, kFloat32, kUint8, 0, 0, 0, kInt32, kInt64, kString, kBool, 0, kFloat64};

int32_t TypeOf(int onnx) { return onnx >= 0 && onnx < 12 ? kTypes[onnx] : 0; }
int OnnxTypeOf(int32_t type) {
  for (int i = 1; i < 12; ++i) {
    if (kTypes[i] == type) return i;
  }
  return 0;
}

class Session {
 public:
  TensorMessage Load(const char* library_path, const char* model) {
    TensorMessage described;
    void* const handle = ::dlopen(library_path, RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return Failed(::dlerror());
    const auto get_base = reinterpret_cast<const ApiBase* (*)()>(::dlsym(handle, "OrtGetApiBase"));
    if (get_base == nullptr) return Failed("it has no OrtGetApiBase");
    api_ = get_base()->get_api(1);
    if (api_ == nullptr) return Failed("it has no version 1 of its API");
    void *environment = nullptr, *options = nullptr;
    constexpr int kWarnings = 3;
    Call(kCreateEnv, kWarnings, "penstock", &environment);
    Call(kCreateSessionOptions, &options);
    if (error_.empty()) Call(kSetIntraOpNumThreads, options, 1);
    if (error_.empty()) Call(kCreateSession, environment, model, options, &session_);
    if (error_.empty()) Call(kGetAllocatorWithDefaultOptions, &allocator_);
    if (error_.empty()) {
      Describe(kSessionGetInputCount, kSessionGetInputName, kSessionGetInputTypeInfo, "input:", described);
      Describe(kSessionGetOutputCount, kSessionGetOutputName, kSessionGetOutputTypeInfo,
               "output:", described);
    }
    described.error = error_;
    return described;
  }

  TensorMessage Run(const TensorMessage& question) {
    error_.clear();
    std::vector<const char*> input_names, output_names;
    std::vector<void*> inputs, outputs(question.wanted.size(), nullptr);
    for (const TensorValue& tensor : question.tensors) {
      input_names.push_back(tensor.name.c_str());
      inputs.push_back(ToValue(tensor));
    }
    for (const std::string& name : question.wanted) output_names.push_back(name.c_str());
    if (error_.empty()) {
      Call(kRun, session_, nullptr, input_names.data(), inputs.data(), inputs.size(), output_names.data(),
           output_names.size(), outputs.data());
    }
    TensorMessage answer;
    for (size_t i = 0; i < outputs.size() && error_.empty(); ++i) {
      TensorValue value{question.wanted[i], 0, {}, "", {}};
      FromValue(outputs[i], value);
      answer.tensors.push_back(std::move(value));
    }
    for (const auto* values : {&inputs, &outputs}) {
      for (void* value : *values) Release(kReleaseValue, value);
    }
    answer.error = error_;
    return answer;
  }

 private:
  TensorMessage Failed(const char* why) {
    TensorMessage message;
    message.error = why;
    return message;
  }

  /// Calls a function that gives a status; after the first that fails, error_ says why.
  template <class... Arguments>
  void Call(Place place, Arguments... arguments) {
    const auto function = reinterpret_cast<void* (*)(Arguments...)>(const_cast<void*>(api_[place]));
    void* const status = function(arguments...);
    if (status == nullptr) return;
    const auto message =
        reinterpret_cast<const char* (*)(const void*)>(const_cast<void*>(api_[kGetErrorMessage]));
    if (error_.empty()) error_ = message(status);
    Release(kReleaseStatus, status);
  }
  void Release(Place place, void* object) {
    if (object != nullptr) reinterpret_cast<void (*)(void*)>(const_cast<void*>(api_[place]))(object);
  }

  void Describe(Place count_place, Place name_place, Place type_place, const char* prefix,
                TensorMessage& into) {
    size_t count = 0;
    Call(count_place, session_, &count);
    for (size_t i = 0; i < count && error_.empty(); ++i) {
      char* name = nullptr;
      void* type = nullptr;
      Call(name_place, session_, i, allocator_, &name);
      Call(type_place, session_, i, &type);
      if (!error_.empty()) return;
      // Names are few and live as long as the process.
      TensorValue value{std::string(prefix) + name, 0, {}, "", {}};
      const void* info = nullptr;
      Call(kCastTypeInfoToTensorInfo, type, &info);
      if (info != nullptr) {
        ReadShape(info, value);
      } else {
        // What classifiers of scikit-learn give: a sequence of maps from class to probability.
        value.type = kFloat32;
        value.dims = {-1, -1};
      }
      Release(kReleaseTypeInfo, type);
      into.tensors.push_back(std::move(value));
    }
  }

  void ReadShape(const void* info, TensorValue& value) {
    int type = 0;
    size_t rank = 0;
    Call(kGetTensorElementType, info, &type);
    Call(kGetDimensionsCount, info, &rank);
    value.type = TypeOf(type);
    value.dims.resize(rank, -1);
    if (rank > 0) Call(kGetDimensions, info, value.dims.data(), rank);
  }

  void* ToValue(const TensorValue& tensor) {
    void* value = nullptr;
    Call(kCreateTensorAsOrtValue, allocator_, tensor.dims.data(), tensor.dims.size(), OnnxTypeOf(tensor.type),
         &value);
    if (!error_.empty()) return value;
    if (tensor.type == kString) {
      std::vector<const char*> texts;
      for (const std::string& text : tensor.texts) texts.push_back(text.c_str());
      Call(kFillStringTensor, value, texts.data(), texts.size());
      return value;
    }
    void* data = nullptr;
    Call(kGetTensorMutableData, value, &data);
    if (data != nullptr) std::memcpy(data, tensor.bytes.data(), tensor.bytes.size());
    return value;
  }

  void FromValue(void* from, TensorValue& value) {
    int kind = 0;
    Call(kGetValueType, from, &kind);
    if (kind == kSequence) return FromMaps(from, value);
    if (kind != kTensor) {
      error_ = "the output " + value.name + " is neither a tensor nor a sequence of maps";
      return;
    }
    void* info = nullptr;
    Call(kGetTensorTypeAndShape, from, &info);
    if (error_.empty()) ReadShape(info, value);
    Release(kReleaseTensorTypeAndShapeInfo, info);
    size_t count = 1;
    for (const int64_t dim : value.dims) count *= static_cast<size_t>(dim);
    if (value.type == kString) return ReadTexts(from, count, value);
    if (SizeOf(value.type) == 0) error_ = "the output " + value.name + " is of a type that is not known";
    void* data = nullptr;
    if (error_.empty() && count > 0) Call(kGetTensorMutableData, from, &data);
    if (error_.empty() && count > 0)
      value.bytes.assign(static_cast<const char*>(data), count * SizeOf(value.type));
  }

  void ReadTexts(void* from, size_t count, TensorValue& value) {
    size_t size = 0;
    Call(kGetStringTensorDataLength, from, &size);
    std::string all(size, '\0');
    std::vector<size_t> offsets(count);
    if (error_.empty()) Call(kGetStringTensorContent, from, all.data(), size, offsets.data(), count);
    for (size_t i = 0; i < count && error_.empty(); ++i) {
      const size_t end = i + 1 < count ? offsets[i + 1] : size;
      value.texts.push_back(all.substr(offsets[i], end - offsets[i]));
    }
  }

  /// A row of numbers for each map, in the order of its keys; their names in texts.
  void FromMaps(void* sequence, TensorValue& value) {
    size_t count = 0;
    Call(kGetValueCount, sequence, &count);
    value.type = kFloat32;
    value.dims = {static_cast<int64_t>(count), 0};
    for (size_t i = 0; i < count && error_.empty(); ++i) {
      void *map = nullptr, *keys = nullptr, *values = nullptr;
      Call(kGetValue, sequence, static_cast<int>(i), allocator_, &map);
      if (error_.empty()) Call(kGetValue, map, 0, allocator_, &keys);
      if (error_.empty()) Call(kGetValue, map, 1, allocator_, &values);
      TensorValue row{value.name, 0, {}, "", {}}, names{value.name, 0, {}, "", {}};
      if (error_.empty()) FromValue(values, row);
      if (error_.empty() && i == 0) FromValue(keys, names);
      if (row.type != kFloat32 && error_.empty())
        error_ = "the maps of " + value.name + " do not hold floats";
      if (i == 0) value.texts = NamesOf(names);
      value.dims[1] = static_cast<int64_t>(row.bytes.size() / sizeof(float));
      value.bytes += row.bytes;
      for (void* object : {map, keys, values}) Release(kReleaseValue, object);
    }
    if (value.bytes.size() != static_cast<size_t>(value.dims[0] * value.dims[1]) * sizeof(float) &&
        error_.empty())
      error_ = "the maps of " + value.name + " are of several sizes";
  }

  static std::vector<std::string> NamesOf(const TensorValue& keys) {
    if (keys.type != kInt64) return keys.texts;
    std::vector<std::string> names;
    for (size_t at = 0; at + 8 <= keys.bytes.size(); at += 8) {
      int64_t number = 0;
      std::memcpy(&number, keys.bytes.data() + at, 8);
      names.push_back(std::to_string(number));
    }
    return names;
  }

  const void* const* api_ = nullptr;
  void* session_ = nullptr;
  void* allocator_ = nullptr;
  std::string error_;
};

}  // namespace
}  // namespace penstock::model::foreign

int main(int num_arguments, char** arguments) {
  if (num_arguments != 3) {
    std::fprintf(stderr, "usage: penstock_onnx_host LIBRARY MODEL (penstock starts it)\n");
    return 2;
  }
  penstock::model::foreign::Session session;
  const int code =
      penstock::model::foreign::ServeTensors([&] { return session.Load(arguments[1], arguments[2]); },
                                             [&](const auto& question) { return session.Run(question); });
  // Without the library's destructors: nothing is left to be saved.
  std::_Exit(code);
}
