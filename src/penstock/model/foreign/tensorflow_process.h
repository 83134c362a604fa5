#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "penstock/base/child_process.h"
#include "penstock/base/status.h"
#include "penstock/model/foreign/tensor_message.h"

namespace penstock::model::foreign {

/// A SavedModel in a process of its own that runs TensorFlow. Safe from any thread: one question at a time.
class TensorFlowProcess {
 public:
  /// Starts penstock_tensorflow_host of the plug-ins' folder with the TensorFlow of $PENSTOCK_TENSORFLOW (a
  /// folder with libtensorflow_cc.so.2, or of Python packages with `tensorflow` in it), or of
  /// .deps/tensorflow beside the build. kFailedPrecondition says how to install what is missing.
  static Result<std::unique_ptr<TensorFlowProcess>> Start(const std::string& saved_model);

  /// The tensors of `wanted`. kInvalidArgument with TensorFlow's own words where it refuses.
  Result<std::vector<TensorValue>> Run(const TensorMessage& question);

 private:
  explicit TensorFlowProcess(ChildProcess child) : child_(std::move(child)) {}
  Result<TensorMessage> ReadAnswer();

  std::mutex mutex_;
  ChildProcess child_;  // Guarded by mutex_.
};

}  // namespace penstock::model::foreign
