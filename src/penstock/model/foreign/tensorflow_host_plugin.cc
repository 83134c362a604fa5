// A process of its own for TensorFlow, whose library collides with ours: loads a SavedModel through
// TensorFlow's C API and answers TensorMessages on its standard input with TensorMessages on its standard
// output.
//
//   penstock_tensorflow_host LIBRARY SAVED_MODEL
//
// The C API is declared here, so that TensorFlow is not needed to build: its ABI is kept by its owners
// (tensorflow/c/c_api.h).
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "penstock/model/foreign/host_loop.h"

namespace penstock::model::foreign {
namespace {

struct TF_Output {
  void* operation;
  int index;
};
/// Opaque here; TensorFlow's functions read and write it.
struct TF_TString {
  alignas(8) char bytes[24];
};

/// The functions that are used. A missing one ends the process with its name.
class Library {
 public:
  explicit Library(const char* path) : handle_(::dlopen(path, RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) {
      error_ = ::dlerror();
      return;
    }
    Load("TF_NewStatus", new_status);
    Load("TF_GetCode", code);
    Load("TF_Message", message);
    Load("TF_NewGraph", new_graph);
    Load("TF_NewSessionOptions", new_session_options);
    Load("TF_LoadSessionFromSavedModel", load_session);
    Load("TF_GraphOperationByName", operation_by_name);
    Load("TF_AllocateTensor", allocate_tensor);
    Load("TF_DeleteTensor", delete_tensor);
    Load("TF_TensorData", tensor_data);
    Load("TF_TensorByteSize", tensor_byte_size);
    Load("TF_TensorType", tensor_type);
    Load("TF_NumDims", num_dims);
    Load("TF_Dim", dim);
    Load("TF_SessionRun", session_run);
    Load("TF_StringInit", string_init);
    Load("TF_StringCopy", string_copy);
    Load("TF_StringGetDataPointer", string_data);
    Load("TF_StringGetSize", string_size);
    Load("TF_StringDealloc", string_free);
  }

  const std::string& error() const { return error_; }

  void* (*new_status)();
  int (*code)(const void*);
  const char* (*message)(const void*);
  void* (*new_graph)();
  void* (*new_session_options)();
  void* (*load_session)(const void*, const void*, const char*, const char* const*, int, void*, void*, void*);
  void* (*operation_by_name)(void*, const char*);
  void* (*allocate_tensor)(int, const int64_t*, int, size_t);
  void (*delete_tensor)(void*);
  void* (*tensor_data)(const void*);
  size_t (*tensor_byte_size)(const void*);
  int (*tensor_type)(const void*);
  int (*num_dims)(const void*);
  int64_t (*dim)(const void*, int);
  void (*session_run)(void*, const void*, const TF_Output*, void* const*, int, const TF_Output*, void**, int,
                      const void* const*, int, void*, void*);
  void (*string_init)(TF_TString*);
  void (*string_copy)(TF_TString*, const char*, size_t);
  const char* (*string_data)(const TF_TString*);
  size_t (*string_size)(const TF_TString*);
  void (*string_free)(TF_TString*);

 private:
  template <class Function>
  void Load(const char* name, Function& function) {
    function = reinterpret_cast<Function>(::dlsym(handle_, name));
    if (function == nullptr && error_.empty()) error_ = std::string("it has no ") + name;
  }

  void* handle_;
  std::string error_;
};

/// A loaded model. Lives as long as the process.
class Session {
 public:
  explicit Session(const Library& library)
      : library_(library), status_(library.new_status()), graph_(library.new_graph()) {}

  std::string Load(const char* folder) {
    const char* const tags[] = {"serve"};
    session_ = library_.load_session(library_.new_session_options(), nullptr, folder, tags, 1, graph_,
                                     nullptr, status_);
    return Error();
  }

  TensorMessage Run(const TensorMessage& question) {
    TensorMessage answer;
    std::vector<TF_Output> inputs, outputs;
    std::vector<void*> values;
    for (const TensorValue& tensor : question.tensors) {
      inputs.push_back(Find(tensor.name, answer.error));
      values.push_back(answer.error.empty() ? ToTensor(tensor, answer.error) : nullptr);
    }
    for (const std::string& name : question.wanted) outputs.push_back(Find(name, answer.error));
    std::vector<void*> computed(outputs.size(), nullptr);
    if (answer.error.empty()) {
      library_.session_run(session_, nullptr, inputs.data(), values.data(), static_cast<int>(inputs.size()),
                           outputs.data(), computed.data(), static_cast<int>(outputs.size()), nullptr, 0,
                           nullptr, status_);
      answer.error = Error();
    }
    for (size_t i = 0; i < values.size(); ++i) Free(values[i], &question.tensors[i]);
    for (size_t i = 0; i < computed.size(); ++i) {
      if (computed[i] == nullptr) continue;
      if (answer.error.empty()) answer.tensors.push_back(FromTensor(question.wanted[i], computed[i]));
      library_.delete_tensor(computed[i]);
    }
    return answer;
  }

 private:
  std::string Error() const { return library_.code(status_) == 0 ? "" : library_.message(status_); }

  /// Of "operation:index".
  TF_Output Find(const std::string& name, std::string& error) {
    const size_t colon = name.rfind(':');
    const std::string operation = name.substr(0, colon);
    TF_Output found{library_.operation_by_name(graph_, operation.c_str()),
                    colon == std::string::npos ? 0 : std::atoi(name.c_str() + colon + 1)};
    if (found.operation == nullptr && error.empty()) error = "the graph has no operation " + operation;
    return found;
  }

  void* ToTensor(const TensorValue& value, std::string& error) {
    const bool is_text = value.type == kString;
    const size_t size = is_text ? value.texts.size() * sizeof(TF_TString) : value.bytes.size();
    void* const tensor =
        library_.allocate_tensor(value.type, value.dims.data(), static_cast<int>(value.dims.size()), size);
    if (tensor == nullptr || library_.tensor_byte_size(tensor) < size) {
      error = "a tensor could not be made";
      return tensor;
    }
    if (!is_text) {
      std::memcpy(library_.tensor_data(tensor), value.bytes.data(), size);
      return tensor;
    }
    auto* const texts = static_cast<TF_TString*>(library_.tensor_data(tensor));
    for (size_t i = 0; i < value.texts.size(); ++i) {
      library_.string_init(texts + i);
      library_.string_copy(texts + i, value.texts[i].data(), value.texts[i].size());
    }
    return tensor;
  }

  void Free(void* tensor, const TensorValue* value) {
    if (tensor == nullptr) return;
    if (value->type == kString) {
      auto* const texts = static_cast<TF_TString*>(library_.tensor_data(tensor));
      for (size_t i = 0; i < value->texts.size(); ++i) library_.string_free(texts + i);
    }
    library_.delete_tensor(tensor);
  }

  TensorValue FromTensor(const std::string& name, const void* tensor) {
    TensorValue value;
    value.name = name;
    value.type = library_.tensor_type(tensor);
    int64_t count = 1;
    for (int i = 0; i < library_.num_dims(tensor); ++i) {
      value.dims.push_back(library_.dim(tensor, i));
      count *= value.dims.back();
    }
    if (value.type == kString) {
      const auto* const texts = static_cast<const TF_TString*>(library_.tensor_data(tensor));
      for (int64_t i = 0; i < count; ++i)
        value.texts.emplace_back(library_.string_data(texts + i), library_.string_size(texts + i));
    } else {
      value.bytes.assign(static_cast<const char*>(library_.tensor_data(tensor)),
                         library_.tensor_byte_size(tensor));
    }
    return value;
  }

  const Library& library_;
  void* const status_;
  void* const graph_;
  void* session_ = nullptr;
};

int Serve(const char* library_path, const char* model) {
  ::setenv("TF_CPP_MIN_LOG_LEVEL", "3", 0);
  ::setenv("TF_ENABLE_ONEDNN_OPTS", "0", 0);
  ::setenv("CUDA_VISIBLE_DEVICES", "", 0);
  std::unique_ptr<Library> library;
  std::unique_ptr<Session> session;
  const auto load = [&] {
    TensorMessage loaded;
    library = std::make_unique<Library>(library_path);
    loaded.error = library->error();
    if (!loaded.error.empty()) return loaded;
    session = std::make_unique<Session>(*library);
    loaded.error = session->Load(model);
    return loaded;
  };
  return ServeTensors(load, [&](const TensorMessage& question) { return session->Run(question); });
}

}  // namespace
}  // namespace penstock::model::foreign

int main(int num_arguments, char** arguments) {
  if (num_arguments != 3) {
    std::fprintf(stderr, "usage: penstock_tensorflow_host LIBRARY SAVED_MODEL (penstock starts it)\n");
    return 2;
  }
  const int code = penstock::model::foreign::Serve(arguments[1], arguments[2]);
  // Without TensorFlow's destructors: they are slow, and nothing is left to be saved.
  std::_Exit(code);
}
