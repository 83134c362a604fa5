#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/data/batch.h"

namespace arrow {
class Schema;
}

namespace penstock::data {

/// The faults of schemas that files bring along (Parquet, Arrow). All are kInvalidArgument and name the file.

Status CheckColumnNamesDiffer(const std::string& path, const std::vector<std::string>& names);

/// The files of one dataset have the same columns, in whatever order.
Status CheckSameSchema(const arrow::Schema& first, const std::string& first_path, const arrow::Schema& other,
                       const std::string& path);

/// A file takes only batches of the columns it was opened with.
Status CheckBatchFits(const Batch& batch, const arrow::Schema& schema, const std::string& path);

/// The columns of `schema` out of what a file gave, converted to the types of batches. kDataLoss where one
/// is missing, as when the file changed since its schema was read.
Result<Batch> ConvertToSchema(const std::string& path, const Batch& raw,
                              const std::shared_ptr<arrow::Schema>& schema);

}  // namespace penstock::data
