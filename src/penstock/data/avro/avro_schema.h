#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type.h>

#include "penstock/base/status.h"

namespace penstock::data::avro {

/// A type of an Avro schema (specification 1.11), names resolved. A value.
struct AvroType {
  enum class Kind {
    kNull,
    kBoolean,
    kInteger,  ///< int and long: the same bytes.
    kFloat,
    kDouble,
    kBytes,
    kString,
    kEnum,
    kFixed,
    kArray,
    kMap,
    kRecord,
    kUnion
  };
  Kind kind = Kind::kNull;
  std::vector<AvroType> children;  ///< Fields, branches, or the one element type.
  std::vector<std::string> names;  ///< Of fields or symbols.
  int64_t fixed_bytes = 0;
  int decimal_scale = -1;  ///< Of the logical type decimal; -1: none.

  /// The fewest bytes a value takes.
  int64_t MinBytes() const;
  /// As a schema writes it, shortened: "array", "union of long and string".
  std::string ToString() const;
};

/// The schema of a file, which has to be a record. kInvalidArgument says what is wrong: not JSON, a name that
/// is not defined, a type that holds itself (which no column can hold), nesting beyond 32 levels, more than
/// 10,000 types, elements without any bytes.
Result<AvroType> ParseAvroSchema(std::string_view json);

/// The column type of batch.h that holds values of `type`: int and long as int64, enums as utf8, fixed as
/// binary, decimals as double (int64 where they have no scale), dates and times as int64 in their own unit,
/// records as structs, maps as lists of structs of key and value. A union with null is its other branch; one
/// of several numbers is the widest of them, one of string and enum utf8. kInvalidArgument names the column
/// for other unions.
Result<std::shared_ptr<arrow::DataType>> ColumnType(const AvroType& type, const std::string& column);

/// The one branch of a union that is not null, or the type itself; of several numbers the first.
const AvroType& MainBranch(const AvroType& type);

}  // namespace penstock::data::avro
