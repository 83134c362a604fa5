#pragma once

#include <memory>
#include <vector>

#include <arrow/builder.h>
#include <arrow/record_batch.h>

#include "penstock/base/arrow_status.h"
#include "penstock/data/batch.h"

namespace penstock::data {

/// A column that is filled row by row with one value, or with a list of them.
class RowBuilder {
 public:
  /// `type`: of the column; a list's rows are then lists of `values`, which is what values are added to.
  RowBuilder(std::shared_ptr<arrow::ArrayBuilder> values, bool is_list,
             const std::shared_ptr<arrow::DataType>& type)
      : values_(std::move(values)) {
    if (is_list) list_ = std::make_shared<arrow::ListBuilder>(arrow::default_memory_pool(), values_, type);
  }

  bool is_list() const { return list_ != nullptr; }
  int64_t num_rows() const { return is_list() ? list_->length() : values_->length(); }
  int64_t num_values() const { return values_->length(); }

  arrow::Status AppendNullRow() { return is_list() ? list_->AppendNull() : values_->AppendNull(); }
  arrow::Status AppendNullValue() { return values_->AppendNull(); }
  /// Values added from now on are of a new row. Nothing to do where a value is a row.
  arrow::Status BeginRow() { return is_list() ? list_->Append() : arrow::Status::OK(); }

  /// What rows are appended to, for a list of such rows around them.
  std::shared_ptr<arrow::ArrayBuilder> rows() const {
    return is_list() ? std::static_pointer_cast<arrow::ArrayBuilder>(list_) : values_;
  }

  /// The rows so far; the builder is then empty.
  Result<std::shared_ptr<arrow::Array>> Finish() {
    std::shared_ptr<arrow::Array> array;
    PENSTOCK_RETURN_IF_ARROW_ERROR(is_list() ? list_->Finish(&array) : values_->Finish(&array));
    return array;
  }

 private:
  std::shared_ptr<arrow::ArrayBuilder> values_;
  std::shared_ptr<arrow::ListBuilder> list_;  // Null for one value a row.
};

/// The rows of all builders as a batch; they are then empty. `Builder` has Finish.
template <class Builder>
Result<Batch> FinishBatch(const std::shared_ptr<arrow::Schema>& schema, int64_t num_rows,
                          const std::vector<std::unique_ptr<Builder>>& builders) {
  std::vector<std::shared_ptr<arrow::Array>> arrays;
  for (const auto& builder : builders) {
    PENSTOCK_ASSIGN_OR_RETURN(arrays.emplace_back(), builder->Finish());
  }
  return Batch(arrow::RecordBatch::Make(schema, num_rows, std::move(arrays)));
}

}  // namespace penstock::data
