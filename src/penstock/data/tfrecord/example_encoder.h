#pragma once

#include <string>
#include <vector>

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"

namespace penstock::data::tfrecord {

/// Turns rows into serialized tf.Examples, straight from Arrow's arrays: features sorted by name, a null as
/// a feature without a kind, numbers packed. double becomes float and bool int64. A null inside a list
/// has no form there and is an error. With a column kSequenceColumn (a struct of lists of lists) the records
/// are tf.SequenceExamples: a null field is no feature list, a null list in one a feature without a kind.
/// Constant after construction.
class ExampleEncoder {
 public:
  /// kInvalidArgument names a column whose type no Feature holds.
  static Result<ExampleEncoder> Make(const arrow::Schema& schema);

  /// Replaces `record` by row `row` of `batch`, which has the schema of Make.
  Status Encode(const arrow::RecordBatch& batch, int64_t row, std::string& record) const;

 private:
  struct Column {
    int place = 0;
    std::string name;
  };
  std::vector<Column> columns_;    // By name, without that of sequences.
  int sequence_place_ = -1;        // -1: Examples.
  std::vector<Column> sequences_;  // Fields of that column, by name.
};

}  // namespace penstock::data::tfrecord
