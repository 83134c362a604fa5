// A process of its own for TensorFlow Lite: loads a model through its C API and answers TensorMessages on its
// standard input with TensorMessages on its standard output. The first one describes the model: its inputs
// ("input:NAME") and outputs ("output:NAME"), quantised ones as floats.
//
//   penstock_tflite_host LIBRARY MODEL
//
// The C API is declared here, so that TensorFlow Lite is not needed to build: its ABI is kept by its owners
// (tensorflow/lite/c/c_api.h).
#include <dlfcn.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>

#include "penstock/model/foreign/host_loop.h"

namespace penstock::model::foreign {
namespace {

struct Quantization {
  float scale;
  int32_t zero_point;
};

/// TfLiteType.
enum LiteType : int {
  kLiteFloat32 = 1,
  kLiteInt32 = 2,
  kLiteUint8 = 3,
  kLiteInt64 = 4,
  kLiteBool = 6,
  kLiteInt8 = 9,
  kLiteFloat64 = 11,
};

class Library {
 public:
  explicit Library(const char* path) : handle_(::dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) {
      error_ = ::dlerror();
      return;
    }
    Load("TfLiteModelCreateFromFile", model_from_file);
    Load("TfLiteInterpreterOptionsCreate", new_options);
    Load("TfLiteInterpreterOptionsSetNumThreads", set_threads);
    Load("TfLiteInterpreterCreate", new_interpreter);
    Load("TfLiteInterpreterAllocateTensors", allocate);
    Load("TfLiteInterpreterGetInputTensorCount", num_inputs);
    Load("TfLiteInterpreterGetOutputTensorCount", num_outputs);
    Load("TfLiteInterpreterGetInputTensor", input);
    Load("TfLiteInterpreterGetOutputTensor", output);
    Load("TfLiteInterpreterResizeInputTensor", resize);
    Load("TfLiteInterpreterInvoke", invoke);
    Load("TfLiteTensorType", type);
    Load("TfLiteTensorNumDims", num_dims);
    Load("TfLiteTensorDim", dim);
    Load("TfLiteTensorByteSize", byte_size);
    Load("TfLiteTensorData", data);
    Load("TfLiteTensorName", name);
    Load("TfLiteTensorQuantizationParams", quantization);
  }
  const std::string& error() const { return error_; }

  void* (*model_from_file)(const char*);
  void* (*new_options)();
  void (*set_threads)(void*, int32_t);
  void* (*new_interpreter)(const void*, const void*);
  int (*allocate)(void*);
  int32_t (*num_inputs)(const void*);
  int32_t (*num_outputs)(const void*);
  void* (*input)(const void*, int32_t);
  const void* (*output)(const void*, int32_t);
  int (*resize)(void*, int32_t, const int*, int32_t);
  int (*invoke)(void*);
  int (*type)(const void*);
  int32_t (*num_dims)(const void*);
  int32_t (*dim)(const void*, int32_t);
  size_t (*byte_size)(const void*);
  void* (*data)(const void*);
  const char* (*name)(const void*);
  Quantization (*quantization)(const void*);

 private:
  template <class Function>
  void Load(const char* symbol, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(handle_, symbol));
    if (function == nullptr && error_.empty()) error_ = std::string("it has no ") + symbol;
  }
  void* handle_;
  std::string error_;
};

/// As callers say them: converters put a prefix and a number to each. The number stays where more than one
/// has the name without it.
std::vector<std::string> ShortNames(std::vector<std::string> names) {
  constexpr std::string_view kPrefix = "serving_default_";
  std::map<std::string, int> num_of_name;
  for (std::string& name : names) {
    if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
    ++num_of_name[name.substr(0, name.rfind(':'))];
  }
  for (std::string& name : names) {
    const std::string brief = name.substr(0, name.rfind(':'));
    if (num_of_name[brief] == 1) name = brief;
  }
  return names;
}

template <class T>
void Quantize(const TensorValue& from, Quantization quantization, void* to) {
  const size_t count = from.bytes.size() / sizeof(float);
  for (size_t i = 0; i < count; ++i) {
    float value = 0;
    std::memcpy(&value, from.bytes.data() + i * sizeof(float), sizeof(float));
    const double place =
        std::nearbyint(static_cast<double>(value) / quantization.scale) + quantization.zero_point;
    const double least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
    static_cast<T*>(to)[i] =
        static_cast<T>(std::isnan(place) ? quantization.zero_point : std::clamp(place, least, most));
  }
}

template <class T>
void Dequantize(const void* from, size_t count, Quantization quantization, std::string& bytes) {
  for (size_t i = 0; i < count; ++i) {
    const float value =
        quantization.scale * static_cast<float>(static_cast<const T*>(from)[i] - quantization.zero_point);
    bytes.append(reinterpret_cast<const char*>(&value), sizeof(float));
  }
}

class Session {
 public:
  TensorMessage Load(const char* library_path, const char* path) {
    TensorMessage described;
    library_ = std::make_unique<Library>(library_path);
    if (!library_->error().empty()) return Failed(library_->error());
    void* const model = library_->model_from_file(path);
    if (model == nullptr) return Failed("it is no TensorFlow Lite model, or is damaged");
    void* const options = library_->new_options();
    library_->set_threads(options, 1);
    interpreter_ = library_->new_interpreter(model, options);
    if (interpreter_ == nullptr || library_->allocate(interpreter_) != 0)
      return Failed("it uses operators that this TensorFlow Lite has not, or is damaged");
    for (int i = 0; i < library_->num_inputs(interpreter_); ++i)
      inputs_.emplace_back(library_->name(library_->input(interpreter_, i)));
    for (int i = 0; i < library_->num_outputs(interpreter_); ++i)
      outputs_.emplace_back(library_->name(library_->output(interpreter_, i)));
    inputs_ = ShortNames(std::move(inputs_));
    outputs_ = ShortNames(std::move(outputs_));
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const void* const tensor = library_->input(interpreter_, static_cast<int>(i));
      described.tensors.push_back(Description("input:" + inputs_[i], tensor));
    }
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const void* const tensor = library_->output(interpreter_, static_cast<int>(i));
      described.tensors.push_back(Description("output:" + outputs_[i], tensor));
    }
    return described;
  }

  TensorMessage Run(const TensorMessage& question) {
    error_.clear();
    TensorMessage answer;
    for (int i = 0; i < library_->num_inputs(interpreter_); ++i) Resize(i, question);
    if (error_.empty() && library_->allocate(interpreter_) != 0)
      error_ = "the examples do not fit into the model";
    for (int i = 0; i < library_->num_inputs(interpreter_) && error_.empty(); ++i) Fill(i, question);
    if (error_.empty() && library_->invoke(interpreter_) != 0) error_ = "the model fails with these examples";
    for (const std::string& wanted : question.wanted) {
      const auto found = std::find(outputs_.begin(), outputs_.end(), wanted);
      if (found == outputs_.end() || !error_.empty()) continue;
      const auto place = static_cast<int>(found - outputs_.begin());
      answer.tensors.push_back(ToValue(wanted, library_->output(interpreter_, place)));
    }
    answer.error = error_;
    return answer;
  }

 private:
  static TensorMessage Failed(const std::string& why) {
    TensorMessage message;
    message.error = why;
    return message;
  }

  bool IsQuantized(const void* tensor) const {
    const int type = library_->type(tensor);
    return (type == kLiteInt8 || type == kLiteUint8) && library_->quantization(tensor).scale > 0;
  }
  int32_t TypeOf(const void* tensor) const {
    if (IsQuantized(tensor)) return kFloat32;
    switch (library_->type(tensor)) {
      case kLiteFloat32:
        return kFloat32;
      case kLiteFloat64:
        return kFloat64;
      case kLiteInt32:
        return kInt32;
      case kLiteInt64:
        return kInt64;
      case kLiteUint8:
        return kUint8;
      case kLiteBool:
        return kBool;
      default:
        return 0;
    }
  }

  TensorValue Description(std::string name, const void* tensor) const {
    TensorValue value{std::move(name), TypeOf(tensor), {}, "", {}};
    for (int i = 0; i < library_->num_dims(tensor); ++i) value.dims.push_back(library_->dim(tensor, i));
    // The first is the number of examples, which a file has as 1.
    if (!value.dims.empty()) value.dims[0] = -1;
    return value;
  }

  const TensorValue* Given(int input, const TensorMessage& question) {
    const std::string& name = inputs_[static_cast<size_t>(input)];
    for (const TensorValue& tensor : question.tensors) {
      if (tensor.name == name) return &tensor;
    }
    if (error_.empty()) error_ = "the input " + name + " is not given";
    return nullptr;
  }

  void Resize(int input, const TensorMessage& question) {
    const TensorValue* const given = Given(input, question);
    if (given == nullptr) return;
    const std::vector<int> dims(given->dims.begin(), given->dims.end());
    if (library_->resize(interpreter_, input, dims.data(), static_cast<int32_t>(dims.size())) != 0)
      error_ = "the input " + given->name + " does not take so many examples at once";
  }

  void Fill(int input, const TensorMessage& question) {
    const TensorValue& given = *Given(input, question);
    void* const tensor = library_->input(interpreter_, input);
    void* const data = library_->data(tensor);
    if (IsQuantized(tensor)) {
      const bool is_signed = library_->type(tensor) == kLiteInt8;
      if (given.bytes.size() != library_->byte_size(tensor) * sizeof(float))
        error_ = "an input is of another size";
      if (!error_.empty()) return;
      is_signed ? Quantize<int8_t>(given, library_->quantization(tensor), data)
                : Quantize<uint8_t>(given, library_->quantization(tensor), data);
      return;
    }
    if (given.bytes.size() != library_->byte_size(tensor)) {
      error_ = "the input " + given.name + " is of another size or type";
      return;
    }
    std::memcpy(data, given.bytes.data(), given.bytes.size());
  }

  TensorValue ToValue(const std::string& name, const void* tensor) const {
    TensorValue value{name, TypeOf(tensor), {}, "", {}};
    size_t count = 1;
    for (int i = 0; i < library_->num_dims(tensor); ++i) {
      value.dims.push_back(library_->dim(tensor, i));
      count *= static_cast<size_t>(value.dims.back());
    }
    const void* const data = library_->data(tensor);
    if (IsQuantized(tensor)) {
      const Quantization quantization = library_->quantization(tensor);
      library_->type(tensor) == kLiteInt8 ? Dequantize<int8_t>(data, count, quantization, value.bytes)
                                          : Dequantize<uint8_t>(data, count, quantization, value.bytes);
    } else {
      value.bytes.assign(static_cast<const char*>(data), library_->byte_size(tensor));
    }
    return value;
  }

  std::unique_ptr<Library> library_;
  void* interpreter_ = nullptr;
  std::vector<std::string> inputs_, outputs_;  // Names, in the model's order.
  std::string error_;
};

}  // namespace
}  // namespace penstock::model::foreign

int main(int num_arguments, char** arguments) {
  if (num_arguments != 3) {
    std::fprintf(stderr, "usage: penstock_tflite_host LIBRARY MODEL (penstock starts it)\n");
    return 2;
  }
  penstock::model::foreign::Session session;
  const int code =
      penstock::model::foreign::ServeTensors([&] { return session.Load(arguments[1], arguments[2]); },
                                             [&](const auto& question) { return session.Run(question); });
  // Without the library's destructors: nothing is left to be saved.
  std::_Exit(code);
}
