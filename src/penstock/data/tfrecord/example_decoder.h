#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <arrow/record_batch.h>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"
#include "penstock/data/tfrecord/feature_index.h"
#include "penstock/data/tfrecord/feature_types.h"

namespace penstock::data::tfrecord {

/// One feature's values on their way into an array.
class FeatureBuilder;

std::shared_ptr<arrow::Schema> BatchSchema(const std::vector<FeatureColumnType>& columns);

/// Turns serialized tf.Examples into batches, straight into Arrow's builders. A feature that is absent or
/// has no kind is null; features beside the columns are passed over; of a feature that is there twice the
/// last one stands. Not for concurrent use.
class ExampleDecoder {
 public:
  ExampleDecoder(const std::vector<FeatureColumnType>& columns, std::shared_ptr<arrow::Schema> schema);
  ~ExampleDecoder();

  /// kInvalidArgument says what is wrong, for the caller to add file and record; the decoder is then spent.
  Status Append(std::string_view record);
  int64_t num_rows() const { return num_rows_; }
  /// The rows so far; starts anew.
  Result<Batch> Finish();

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  FeatureIndex index_;
  std::vector<std::unique_ptr<FeatureBuilder>> builders_;  // By number of the index, as the columns.
  std::vector<FeatureView> features_;                      // Of the record at hand, by the same number.
  int64_t num_rows_ = 0;
};

}  // namespace penstock::data::tfrecord
