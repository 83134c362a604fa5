#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "penstock/base/child_process.h"
#include "penstock/base/status.h"
#include "penstock/model/foreign/tensor_message.h"

namespace penstock::model::foreign {

/// What runs models that were made elsewhere, each in a process of its own.
enum class Runtime {
  kTensorFlow,      ///< SavedModels. $PENSTOCK_TENSORFLOW: a folder with libtensorflow_cc.so.2, or of Python
                    ///< packages with `tensorflow` in it.
  kOnnxRuntime,     ///< .onnx. $PENSTOCK_ONNX_RUNTIME: the same of libonnxruntime.so.* and `onnxruntime`.
  kTensorFlowLite,  ///< .tflite. $PENSTOCK_TFLITE: a folder with libjnitensorflowlite.so or
                    ///< libtensorflowlite_c.so.
};

/// A loaded model in a process of its own. Safe from any thread: one question at a time.
class RuntimeProcess {
 public:
  /// Starts the host of the plug-ins' folder with the runtime's library: of its environment variable, else
  /// what its tools/setup_*.sh put into .deps beside the build. kFailedPrecondition says how to install what
  /// is missing; kInvalidArgument, with the runtime's own words, why it does not load the model.
  static Result<std::unique_ptr<RuntimeProcess>> Start(Runtime runtime, const std::string& model);

  /// What the host said of the model: "input:NAME" and "output:NAME", with types and shapes. Of
  /// kTensorFlow nothing: a SavedModel says so itself.
  const std::vector<TensorValue>& description() const { return description_; }

  /// The tensors of `wanted`. kInvalidArgument with the runtime's own words where it refuses.
  Result<std::vector<TensorValue>> Run(const TensorMessage& question);

 private:
  RuntimeProcess(Runtime runtime, ChildProcess child) : runtime_(runtime), child_(std::move(child)) {}
  Result<TensorMessage> ReadAnswer();

  const Runtime runtime_;
  std::vector<TensorValue> description_;  // Constant after Start.
  std::mutex mutex_;
  ChildProcess child_;  // Guarded by mutex_.
};

}  // namespace penstock::model::foreign
