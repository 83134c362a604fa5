#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "penstock/data/example_writer.h"

namespace penstock::data::tfrecord {

Result<std::unique_ptr<ExampleWriter>> OpenTfRecordWriter(const std::string& path,
                                                          const std::shared_ptr<arrow::Schema>& schema,
                                                          bool is_gzip);

/// Appends one record with its frame.
void AppendRecord(std::string_view data, std::string& out);

}  // namespace penstock::data::tfrecord
