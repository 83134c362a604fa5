#pragma once

#include <memory>
#include <string>

#include "penstock/data/example_writer.h"

namespace penstock::data::tfrecord {

Result<std::unique_ptr<ExampleWriter>> OpenTfRecordWriter(const std::string& path,
                                                          const std::shared_ptr<arrow::Schema>& schema,
                                                          bool is_gzip);

}  // namespace penstock::data::tfrecord
