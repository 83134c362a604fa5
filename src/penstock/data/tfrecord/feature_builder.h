#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include <arrow/builder.h>
#include <arrow/type.h>

#include "penstock/base/status.h"
#include "penstock/data/row_builder.h"
#include "penstock/data/tfrecord/example_wire.h"
#include "penstock/data/tfrecord/feature_types.h"

namespace penstock::data::tfrecord {

/// int64, float, utf8 or binary; a list of one of these where the column is a list.
std::shared_ptr<arrow::DataType> ColumnType(const FeatureColumnType& column);

/// One feature's values on their way into an array: a value a row, or a list of them. Not for concurrent use.
class FeatureBuilder {
 public:
  explicit FeatureBuilder(const FeatureColumnType& column);

  /// A feature without a kind is null. kInvalidArgument where the feature is not of the column's type.
  Status Append(const FeatureView& feature);
  Result<std::shared_ptr<arrow::Array>> Finish();
  /// What Append appends to, for a builder of lists of this feature.
  std::shared_ptr<arrow::ArrayBuilder> rows() const { return rows_->rows(); }

 private:
  Status AppendValues(const FeatureView& feature);

  const FeatureColumnType column_;
  std::shared_ptr<arrow::Int64Builder> integers_;  // One of these three is filled.
  std::shared_ptr<arrow::FloatBuilder> floats_;
  std::shared_ptr<arrow::BinaryBuilder> bytes_;
  std::optional<RowBuilder> rows_;
};

/// One feature list's values: a list of lists a row. A feature of the list that has no kind is a null list.
class SequenceBuilder {
 public:
  explicit SequenceBuilder(const FeatureColumnType& column);

  Status Append(std::string_view feature_list);
  Status AppendNull();
  Result<std::shared_ptr<arrow::Array>> Finish();

 private:
  FeatureBuilder features_;
  arrow::ListBuilder list_;
};

}  // namespace penstock::data::tfrecord
