#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type.h>

#include "penstock/data/csv/column_types.h"
#include "penstock/data/declared_features.h"
#include "penstock/data/json_lines/line_scan.h"
#include "penstock/data/tfrecord/feature_index.h"

namespace penstock::data::json_lines {

enum class ColumnKind : uint8_t { kInt64, kDouble, kBool, kUtf8 };

struct ColumnType {
  std::string name;
  ColumnKind kind = ColumnKind::kUtf8;
  bool is_list = false;
  bool is_nested = false;  ///< A list of lists.
};
std::shared_ptr<arrow::DataType> ArrowType(const ColumnType& column);

/// What the values of one name look like over all rows: all that type inference needs. Merging commutes.
struct ColumnProfile {
  std::array<int64_t, kNumJsonKinds> num_values{};   ///< Elements of lists count as values.
  std::array<csv::CellSample, kNumJsonKinds> first;  ///< Of each kind.
  int64_t num_lists = 0;
  int64_t num_inner_lists = 0;
  csv::CellSample first_seen;  ///< Where the name stands for the first time.
  int64_t place = 0;           ///< Its place in that row, so that columns keep the order of the file.

  void MergeFrom(const ColumnProfile& other);
};
using ColumnProfiles = std::map<std::string, ColumnProfile, std::less<>>;

/// Profiles lines: the visitor of a LineScanner. Not for concurrent use.
class LineProfiler {
 public:
  /// `wanted`: the only names that count; empty: all.
  LineProfiler(const std::vector<std::string>& wanted, bool is_ascii);

  void StartLine(int file, int64_t offset);
  int Find(std::string_view name);
  const char* Scalar(int column, const JsonValue& value);
  const char* BeginList(int column);
  const char* BeginInnerList(int column);
  const char* EndInnerList(int) { return nullptr; }
  const char* Element(int column, const JsonValue& value) { return Count(column, value); }
  /// Null, or what is wrong with the line besides its syntax.
  const char* EndLine() const { return fault_; }
  ColumnProfiles Finish();

 private:
  const char* Count(int column, const JsonValue& value);

  const bool is_closed_;  // No names beyond those added at the start.
  const bool is_ascii_;
  tfrecord::FeatureIndex index_;
  std::vector<ColumnProfile> profiles_;  // By number of the index, as the next.
  std::vector<int64_t> last_line_;       // Where the name was seen last.
  int file_ = 0;
  int64_t offset_ = -1;
  int64_t num_lines_ = 0;
  int64_t place_ = 0;
  const char* fault_ = nullptr;
  std::string scratch_;
};

/// The columns, in the order of their names' first appearance. Values decide as CSV cells do
/// (csv/column_types.h), but a text in quotes is a text; true and false beside anything else are an error. A
/// column is a list where any value is one, and a list of lists where any holds one. `declared` decides for
/// the features it names. kInvalidArgument names both rows.
struct TypeFault {
  std::string message;
  const csv::CellSample* first = nullptr;   ///< The row to name.
  const csv::CellSample* second = nullptr;  ///< The other one; null: none.
};
std::vector<ColumnType> DecideTypes(const ColumnProfiles& profiles,
                                    const std::map<std::string, DeclaredFeature, std::less<>>& declared,
                                    std::vector<TypeFault>& faults);

}  // namespace penstock::data::json_lines
