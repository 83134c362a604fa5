#pragma once

#include <memory>
#include <string>

#include "penstock/data/example_writer.h"

namespace penstock::data::avro {

/// An Avro object container file, deflated: one record an example, every field, element and struct a union
/// with null, so that all columns of batch.h survive. The sync marker is a digest of the schema: equal
/// batches give equal bytes. kInvalidArgument for a column whose name Avro does not allow (letters, digits
/// and '_', no digit first).
Result<std::unique_ptr<ExampleWriter>> OpenAvroWriter(const std::string& path,
                                                      const std::shared_ptr<arrow::Schema>& schema);

}  // namespace penstock::data::avro
