#pragma once

#include <set>
#include <string>
#include <string_view>

#include <google/protobuf/map.h>

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"

namespace google::protobuf {
class FieldMask;
}
namespace ml_metadata {
class Value;
}

namespace penstock::metadata::mlmd {

using ValueMap = google::protobuf::Map<std::string, ml_metadata::Value>;

/// A property's value as ML Metadata's tables hold it: one column set, the rest NULL. A struct is the text
/// "mlmd-struct::" and its bytes in base64, a proto its Any's bytes in base64.
struct ValueColumns {
  std::optional<int64_t> int_value;
  std::optional<double> double_value;
  std::optional<std::string> string_value;
  std::optional<std::string> proto_value;
  std::optional<bool> bool_value;
};

/// kInvalidArgument where no value is set, or a double is NaN: SQLite would take it for NULL.
Result<ValueColumns> ToColumns(std::string_view name, const ml_metadata::Value& value);
/// Reads the columns int, double, string, proto, bool from `first_column` on.
Status ReadValue(const database::Statement& row, int first_column, ml_metadata::Value& value);

/// Which properties (or custom properties) a write concerns: all without a mask or where the mask names the
/// whole map, otherwise those that it names ("properties.span").
class PropertyMask {
 public:
  PropertyMask(const google::protobuf::FieldMask& mask, bool is_custom);
  bool Covers(const std::string& name) const { return is_all_ || names_.contains(name); }

 private:
  bool is_all_ = false;
  std::set<std::string> names_;
};

}  // namespace penstock::metadata::mlmd
