#include "penstock/metadata/mlmd/property_values.h"

#include <cmath>

#include <absl/strings/escaping.h>
#include <google/protobuf/field_mask.pb.h>

#include "ml_metadata/proto/metadata_store.pb.h"

namespace penstock::metadata::mlmd {
namespace {

using ml_metadata::Value;

constexpr std::string_view kStructPrefix = "mlmd-struct::";

/// Bytes that are equal for equal messages: maps in order of their keys.
std::string Serialize(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

Status ReadStruct(std::string_view text, google::protobuf::Struct& value) {
  std::string bytes;
  text.remove_prefix(kStructPrefix.size());
  if (absl::Base64Unescape({text.data(), text.size()}, &bytes) && value.ParseFromString(bytes))
    return OkStatus();
  return InvalidArgument("Unable to parse serialized `google.protobuf.Struct` value: {}", text);
}

Status ReadAny(std::string_view text, google::protobuf::Any& value) {
  std::string bytes;
  if (!absl::Base64Unescape({text.data(), text.size()}, &bytes) || !value.ParseFromString(bytes)) {
    return Internal("Failed to Base64Unescape value '{}'", text);
  }
  if (!value.type_url().empty()) return OkStatus();
  return Internal("Retrieved proto_value should have a nonempty type_url. Got: {}", value.DebugString());
}

}  // namespace

Result<ValueColumns> ToColumns(std::string_view name, const Value& value) {
  ValueColumns columns;
  switch (value.value_case()) {
    case Value::kIntValue:
      columns.int_value = value.int_value();
      return columns;
    case Value::kDoubleValue:
      if (std::isnan(value.double_value())) return InvalidArgument("The property {} is not a number", name);
      columns.double_value = value.double_value();
      return columns;
    case Value::kStringValue:
      columns.string_value = value.string_value();
      return columns;
    case Value::kStructValue:
      columns.string_value = std::string(kStructPrefix) + absl::Base64Escape(Serialize(value.struct_value()));
      return columns;
    case Value::kProtoValue:
      columns.proto_value = absl::Base64Escape(Serialize(value.proto_value()));
      return columns;
    case Value::kBoolValue:
      columns.bool_value = value.bool_value();
      return columns;
    case Value::VALUE_NOT_SET:
      break;
  }
  return InvalidArgument("The property {} has no value", name);
}

Status ReadValue(const database::Statement& row, int first_column, Value& value) {
  if (!row.IsNull(first_column)) {
    value.set_int_value(row.Int(first_column));
  } else if (!row.IsNull(first_column + 1)) {
    value.set_double_value(row.Double(first_column + 1));
  } else if (!row.IsNull(first_column + 2)) {
    const std::string_view text = row.TextView(first_column + 2);
    if (text.starts_with(kStructPrefix)) return ReadStruct(text, *value.mutable_struct_value());
    value.set_string_value(text.data(), text.size());
  } else if (!row.IsNull(first_column + 3)) {
    return ReadAny(row.TextView(first_column + 3), *value.mutable_proto_value());
  } else if (!row.IsNull(first_column + 4)) {
    value.set_bool_value(row.Int(first_column + 4) != 0);
  } else {
    return Internal("Attempt to populate property with null value in every known *_value column.");
  }
  return OkStatus();
}

PropertyMask::PropertyMask(const google::protobuf::FieldMask& mask, bool is_custom) {
  const std::string_view field = is_custom ? "custom_properties" : "properties";
  is_all_ = mask.paths().empty();
  for (const std::string& path : mask.paths()) {
    if (path == field) {
      is_all_ = true;
    } else if (path.size() > field.size() && path.starts_with(field) && path[field.size()] == '.') {
      names_.insert(path.substr(field.size() + 1));
    }
  }
}

}  // namespace penstock::metadata::mlmd
