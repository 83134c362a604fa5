#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/record_batch.h>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"
#include "penstock/data/json_lines/column_types.h"
#include "penstock/data/tfrecord/feature_index.h"

namespace penstock::data::json_lines {

/// One column's values on their way into an array.
class ColumnBuilder;

/// Turns lines into batches, straight into Arrow's builders: the visitor of a LineScanner. Not for concurrent
/// use.
class LineDecoder {
 public:
  LineDecoder(const std::vector<ColumnType>& columns, std::shared_ptr<arrow::Schema> schema);
  ~LineDecoder();

  void StartLine() { index_.StartRecord(); }
  int Find(std::string_view name) { return index_.Find(name); }
  const char* Scalar(int column, const JsonValue& value);
  const char* BeginList(int column);
  const char* BeginInnerList(int column);
  const char* EndInnerList(int column);
  const char* Element(int column, const JsonValue& value);
  /// Fills what the line lacks. Call after each line.
  Status EndLine();

  int64_t num_rows() const { return num_rows_; }
  /// The rows so far; starts anew.
  Result<Batch> Finish();

 private:
  const std::shared_ptr<arrow::Schema> schema_;
  tfrecord::FeatureIndex index_;
  std::vector<std::unique_ptr<ColumnBuilder>> builders_;  // By number of the index, as the columns.
  int64_t num_rows_ = 0;
};

}  // namespace penstock::data::json_lines
