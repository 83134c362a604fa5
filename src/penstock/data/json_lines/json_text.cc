#include "penstock/data/json_lines/json_text.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <fmt/format.h>

namespace penstock::data::json_lines {
void AppendJsonText(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

namespace {

using arrow::Type;

/// The shortest text that reads back as this value, and as a real.
template <class Real>
void AppendReal(Real value, std::string& out) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "Infinity" : "-Infinity";
  } else {
    const size_t begin = out.size();
    fmt::format_to(std::back_inserter(out), "{}", value);
    if (out.find_first_of(".e", begin) == out.npos) out += ".0";
  }
}

void AppendScalar(const arrow::Array& array, int64_t row, std::string& out) {
  if (array.IsNull(row)) {
    out += "null";
    return;
  }
  switch (array.type_id()) {
    case Type::INT64:
      fmt::format_to(std::back_inserter(out), "{}", static_cast<const arrow::Int64Array&>(array).Value(row));
      return;
    case Type::FLOAT:
      return AppendReal(static_cast<const arrow::FloatArray&>(array).Value(row), out);
    case Type::DOUBLE:
      return AppendReal(static_cast<const arrow::DoubleArray&>(array).Value(row), out);
    case Type::BOOL:
      out += static_cast<const arrow::BooleanArray&>(array).Value(row) ? "true" : "false";
      return;
    default:
      AppendJsonText(static_cast<const arrow::StringArray&>(array).GetView(row), out);
  }
}

}  // namespace

bool IsJsonType(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::INT64:
    case Type::FLOAT:
    case Type::DOUBLE:
    case Type::BOOL:
    case Type::STRING:
      return true;
    case Type::LIST:
      return IsJsonType(*static_cast<const arrow::ListType&>(type).value_type());
    case Type::STRUCT:
      return std::all_of(type.fields().begin(), type.fields().end(),
                         [](const auto& field) { return IsJsonType(*field->type()); });
    default:
      return false;
  }
}

void AppendJsonValue(const arrow::Array& array, int64_t row, std::string& out) {
  if (array.type_id() == Type::STRUCT && array.IsValid(row)) {
    const auto& fields = static_cast<const arrow::StructArray&>(array);
    out += '{';
    for (int i = 0; i < fields.num_fields(); ++i) {
      if (i > 0) out += ", ";
      AppendJsonText(fields.type()->field(i)->name(), out);
      out += ": ";
      AppendJsonValue(*fields.field(i), row, out);
    }
    out += '}';
    return;
  }
  if (array.type_id() != Type::LIST || array.IsNull(row)) return AppendScalar(array, row, out);
  const auto& list = static_cast<const arrow::ListArray&>(array);
  out += '[';
  for (int64_t i = list.value_offset(row); i < list.value_offset(row + 1); ++i) {
    if (i > list.value_offset(row)) out += ", ";
    AppendJsonValue(*list.values(), i, out);
  }
  out += ']';
}

void AppendJsonRow(const arrow::RecordBatch& batch, int64_t row, std::string& out) {
  out += '{';
  bool is_first = true;
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (batch.column(i)->IsNull(row)) continue;
    if (!is_first) out += ", ";
    is_first = false;
    AppendJsonText(batch.schema()->field(i)->name(), out);
    out += ": ";
    AppendJsonValue(*batch.column(i), row, out);
  }
  out += "}\n";
}

}  // namespace penstock::data::json_lines
