#pragma once

#include <memory>
#include <string>

#include <arrow/array.h>
#include <arrow/type.h>

#include "penstock/base/status.h"

namespace penstock::data::parquet_format {

/// The type of batch.h that holds values of `type` without loss: integers as int64 (uint64 while they
/// fit), dates as days, times, timestamps and durations as int64 in the file's own unit, half as float,
/// dictionaries as their values, every text as utf8, lists of those as lists. kInvalidArgument names the
/// column for decimals, structs, maps, unions and nested lists.
Result<std::shared_ptr<arrow::DataType>> BatchType(const arrow::DataType& type, const std::string& column);

/// `array` as `target`, which is BatchType of its type. Texts are checked to be UTF-8.
Result<std::shared_ptr<arrow::Array>> ConvertToBatchType(std::shared_ptr<arrow::Array> array,
                                                         const std::shared_ptr<arrow::DataType>& target);

}  // namespace penstock::data::parquet_format
