#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include <google/protobuf/message.h>

namespace penstock::validation {

/// A repeated field of a message: an SQL array.
struct SqlArray {
  const google::protobuf::Message* message;
  const google::protobuf::FieldDescriptor* field;
  int size() const;
};

/// A value of an enum: compares with its name and with its number.
struct SqlEnum {
  const google::protobuf::EnumValueDescriptor* value;
};

/// What an SQL expression over statistics can be. monostate: NULL. Messages and arrays are those of the
/// statistics, which must outlive it.
using SqlValue = std::variant<std::monostate, bool, int64_t, double, std::string, SqlEnum,
                              const google::protobuf::Message*, SqlArray>;

inline bool IsNull(const SqlValue& value) { return std::holds_alternative<std::monostate>(value); }
inline bool IsNumber(const SqlValue& value) {
  return std::holds_alternative<int64_t>(value) || std::holds_alternative<double>(value);
}
/// Of a number.
double AsReal(const SqlValue& value);
/// "a number", for messages.
std::string KindOf(const SqlValue& value);

}  // namespace penstock::validation
