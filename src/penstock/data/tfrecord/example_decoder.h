#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <arrow/record_batch.h>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"
#include "penstock/data/tfrecord/feature_index.h"
#include "penstock/data/tfrecord/feature_types.h"

namespace penstock::data::tfrecord {

class FeatureBuilder;
class SequenceBuilder;

/// The column of a SequenceExample's feature lists: a struct of a list of lists each (tfx_bsl's name).
inline constexpr const char* kSequenceColumn = "##SEQUENCE##";

/// What of the records becomes columns.
struct ExampleColumns {
  std::vector<FeatureColumnType> features;
  /// Where kSequenceColumn stands among the columns; none: there is none.
  std::optional<size_t> sequence_place;
  std::vector<FeatureColumnType> sequences;  ///< is_list: what a feature of the list holds is a list.
};

std::shared_ptr<arrow::Schema> BatchSchema(const ExampleColumns& columns);

/// Turns serialized tf.Examples and tf.SequenceExamples into batches, straight into Arrow's builders. A
/// feature that is absent or has no kind is null, and so is a feature list that is absent; features beside
/// the columns are passed over; of a feature that is there twice the last one stands. Not for concurrent use.
class ExampleDecoder {
 public:
  ExampleDecoder(const ExampleColumns& columns, std::shared_ptr<arrow::Schema> schema);
  ~ExampleDecoder();

  /// kInvalidArgument says what is wrong, for the caller to add file and record; the decoder is then spent.
  Status Append(std::string_view record);
  int64_t num_rows() const { return num_rows_; }
  /// The rows so far; starts anew.
  Result<Batch> Finish();

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  const std::optional<size_t> sequence_place_;
  FeatureIndex index_;
  FeatureIndex sequence_index_;
  std::vector<std::unique_ptr<FeatureBuilder>> builders_;  // By number of the index.
  std::vector<std::unique_ptr<SequenceBuilder>> sequence_builders_;
  std::vector<FeatureView> features_;  // Of the record at hand, by the same number.
  std::vector<std::optional<std::string_view>> sequences_;
  int64_t num_rows_ = 0;
};

}  // namespace penstock::data::tfrecord
