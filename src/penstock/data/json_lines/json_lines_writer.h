#pragma once

#include <memory>
#include <string>

#include "penstock/data/example_writer.h"

namespace penstock::data::json_lines {

/// One JSON object a line, names in the order of the columns; a null is left out, numbers are written so that
/// they read back as they are, NaN and infinities as Python writes them. Binary columns are refused: JSON has
/// none.
Result<std::unique_ptr<ExampleWriter>> OpenJsonLinesWriter(const std::string& path,
                                                           const std::shared_ptr<arrow::Schema>& schema);

}  // namespace penstock::data::json_lines
