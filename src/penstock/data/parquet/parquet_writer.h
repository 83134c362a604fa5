#pragma once

#include <memory>
#include <string>

#include "penstock/data/example_writer.h"

namespace penstock::data::parquet_format {

Result<std::unique_ptr<ExampleWriter>> OpenParquetWriter(const std::string& path,
                                                         const std::shared_ptr<arrow::Schema>& schema);

}  // namespace penstock::data::parquet_format
