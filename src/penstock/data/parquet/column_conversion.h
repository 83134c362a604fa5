#pragma once

#include <memory>
#include <string>

#include <arrow/array.h>
#include <arrow/type.h>

#include "penstock/base/status.h"

namespace penstock::data::parquet_format {

/// The type of batch.h that holds values of `type`, without loss but for decimals: integers as int64 (uint64
/// while they fit), dates as days, times, timestamps and durations as int64 in the file's own unit, half as
/// float, decimals without digits behind the point as int64 (while they fit), other decimals as the nearest
/// double, dictionaries as their values, every text as utf8, extension types as what they are stored as,
/// lists and structs of those as such, maps as lists of structs of key and value. kInvalidArgument names the
/// column for unions, intervals and what is nested deeper than 32 levels.
Result<std::shared_ptr<arrow::DataType>> BatchType(const arrow::DataType& type, const std::string& column);

/// `array` as `target`, which is BatchType of its type. Texts are checked to be UTF-8.
Result<std::shared_ptr<arrow::Array>> ConvertToBatchType(std::shared_ptr<arrow::Array> array,
                                                         const std::shared_ptr<arrow::DataType>& target);

}  // namespace penstock::data::parquet_format
