#pragma once

#include <memory>
#include <string>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"
#include "penstock/model/model.h"

namespace penstock::model {

/// Writes examples with what a model says of them as TFRecords of TensorFlow Serving's PredictionLog, one an
/// example, as TFX's BulkInferrer does: a ClassifyLog with the scores of all classes ("0" and "1" where the
/// classes have no names), or a RegressLog. The request holds the example. Not for concurrent use.
class PredictionLogWriter {
 public:
  /// Creates (or overwrites) the file; gzipped. `signature` must outlive the writer. kInvalidArgument for
  /// columns that no tf.Example holds.
  static Result<std::unique_ptr<PredictionLogWriter>> Open(const std::string& path,
                                                           const arrow::Schema& examples,
                                                           const Signature& signature);
  virtual ~PredictionLogWriter() = default;

  /// `predictions` are the model's of `examples`.
  virtual Status Write(const Batch& examples, const Batch& predictions) = 0;
  /// Call once, last; without it the file is incomplete.
  virtual Status Close() = 0;
};

}  // namespace penstock::model
