#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <arrow/type_fwd.h>

namespace penstock::data::json_lines {

/// Whether JSON can hold such values: all of batch.h but bytes.
bool IsJsonType(const arrow::DataType& type);

/// Appends the value of a row, null included; the array's type is IsJsonType. A real always has a point, an
/// exponent or a name (NaN, Infinity), and reads back as the same bits.
void AppendJsonValue(const arrow::Array& array, int64_t row, std::string& out);

/// Appends UTF-8 text in quotes.
void AppendJsonText(std::string_view text, std::string& out);

/// Appends the row as an object and a line end; nulls are left out.
void AppendJsonRow(const arrow::RecordBatch& batch, int64_t row, std::string& out);

}  // namespace penstock::data::json_lines
