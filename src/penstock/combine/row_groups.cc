#include "penstock/combine/row_groups.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>

#include "penstock/base/arrow_status.h"
#include "penstock/combine/column_numbers.h"

namespace penstock::combine {
namespace {

// A cross of list columns may multiply rows: no more than this many times.
constexpr size_t kMaxGroupsPerRow = 64;

// A column as indices into the texts of its distinct values; a row's are ids[starts[row]] to ids[starts[row +
// 1]].
struct EncodedColumn {
  std::vector<std::string> texts;
  std::vector<int32_t> ids;
  std::vector<int64_t> starts;
};

template <class ArrayType>
std::string NumberText(const arrow::Array& array, int64_t i) {
  return fmt::format("{}", static_cast<const ArrayType&>(array).Value(i));
}

Result<std::string> ValueText(const arrow::Array& array, int64_t i, const std::string& column) {
  switch (array.type_id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return std::string(static_cast<const arrow::BinaryArray&>(array).GetView(i));
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return std::string(static_cast<const arrow::LargeBinaryArray&>(array).GetView(i));
    case arrow::Type::INT64:
      return NumberText<arrow::Int64Array>(array, i);
    case arrow::Type::INT32:
      return NumberText<arrow::Int32Array>(array, i);
    case arrow::Type::INT16:
      return NumberText<arrow::Int16Array>(array, i);
    case arrow::Type::UINT64:
      return NumberText<arrow::UInt64Array>(array, i);
    case arrow::Type::UINT32:
      return NumberText<arrow::UInt32Array>(array, i);
    case arrow::Type::UINT16:
      return NumberText<arrow::UInt16Array>(array, i);
    case arrow::Type::DOUBLE:
      return NumberText<arrow::DoubleArray>(array, i);
    case arrow::Type::FLOAT:
      return NumberText<arrow::FloatArray>(array, i);
    case arrow::Type::BOOL:
      return NumberText<arrow::BooleanArray>(array, i);
    default:
      return InvalidArgument(
          "Column '{}' cannot be sliced by: it is of type {}; text, bytes, numbers and booleans can", column,
          array.type()->ToString());
  }
}

// The ids of all values of a flat array, -1 for nulls, and the texts they stand for.
Result<std::vector<int32_t>> EncodeValues(const std::shared_ptr<arrow::Array>& values,
                                          const std::string& column, std::vector<std::string>& texts) {
  std::vector<int32_t> ids(static_cast<size_t>(values->length()), -1);
  if (values->type_id() == arrow::Type::NA) return ids;
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const arrow::Datum datum, arrow::compute::DictionaryEncode(values));
  const auto encoded = std::static_pointer_cast<arrow::DictionaryArray>(datum.make_array());
  const arrow::Array& dictionary = *encoded->dictionary();
  // Values that differ in bits may be one in text (NaNs): they are one slice.
  std::unordered_map<std::string, int32_t> id_of_text;
  std::vector<int32_t> id_of_code;
  for (int64_t i = 0; i < dictionary.length(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(std::string text, ValueText(dictionary, i, column));
    const auto [at, added] = id_of_text.try_emplace(text, static_cast<int32_t>(texts.size()));
    if (added) texts.push_back(std::move(text));
    id_of_code.push_back(at->second);
  }
  for (int64_t i = 0; i < encoded->length(); ++i) {
    if (encoded->IsValid(i))
      ids[static_cast<size_t>(i)] = id_of_code[static_cast<size_t>(encoded->GetValueIndex(i))];
  }
  return ids;
}

Result<EncodedColumn> EncodeColumn(const Batch& batch, const std::string& name) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> array, FindColumn(batch, name));
  EncodedColumn column;
  column.starts.push_back(0);
  if (array->type_id() != arrow::Type::LIST) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, EncodeValues(array, name, column.texts));
    for (int32_t id : ids) {
      if (id >= 0) column.ids.push_back(id);
      column.starts.push_back(static_cast<int64_t>(column.ids.size()));
    }
    return column;
  }
  const auto& lists = static_cast<const arrow::ListArray&>(*array);
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<int32_t> ids, EncodeValues(lists.values(), name, column.texts));
  for (int64_t row = 0; row < lists.length(); ++row) {
    const auto begin = static_cast<std::ptrdiff_t>(column.ids.size());
    if (lists.IsValid(row)) {
      for (int64_t i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) {
        if (ids[static_cast<size_t>(i)] >= 0) column.ids.push_back(ids[static_cast<size_t>(i)]);
      }
    }
    // An example that has a value twice is in its slice once.
    std::sort(column.ids.begin() + begin, column.ids.end());
    column.ids.erase(std::unique(column.ids.begin() + begin, column.ids.end()), column.ids.end());
    column.starts.push_back(static_cast<int64_t>(column.ids.size()));
  }
  return column;
}

struct Member {
  int64_t row;
  size_t group;
};

// Crosses the groups so far with one more column.
Status CrossWith(const EncodedColumn& column, const std::string& name, int64_t max_groups, size_t max_members,
                 std::vector<SliceKey>& keys, std::vector<Member>& members) {
  std::unordered_map<uint64_t, size_t> group_of;
  std::vector<SliceKey> crossed_keys;
  std::vector<Member> crossed;
  crossed.reserve(members.size());
  for (const Member& member : members) {
    for (int64_t i = column.starts[static_cast<size_t>(member.row)];
         i < column.starts[static_cast<size_t>(member.row) + 1]; ++i) {
      const int32_t id = column.ids[static_cast<size_t>(i)];
      const uint64_t cross = member.group * column.texts.size() + static_cast<uint64_t>(id);
      const auto [at, added] = group_of.try_emplace(cross, crossed_keys.size());
      if (added) {
        if (static_cast<int64_t>(crossed_keys.size()) >= max_groups) {
          return InvalidArgument(
              "Slicing by '{}' gives more than {} slices; slice by columns with fewer values, or bucketize "
              "them first",
              name, max_groups);
        }
        crossed_keys.push_back(keys[member.group]);
        crossed_keys.back().features.emplace_back(name, column.texts[static_cast<size_t>(id)]);
      }
      crossed.push_back({member.row, at->second});
    }
    if (crossed.size() > max_members) {
      return InvalidArgument(
          "Slicing by '{}' puts examples into more than {} slices each; cross fewer list columns", name,
          kMaxGroupsPerRow);
    }
  }
  keys = std::move(crossed_keys);
  members = std::move(crossed);
  return OkStatus();
}

}  // namespace

std::string SliceKey::ToString() const {
  if (features.empty()) return "Overall";
  std::string text;
  for (const auto& [name, value] : features)
    text += fmt::format("{}{}:{}", text.empty() ? "" : "|", name, value);
  return text;
}

void SliceKey::Encode(StateWriter& writer) const {
  writer.Varint(features.size());
  for (const auto& [name, value] : features) writer.Text(name).Text(value);
}

Result<SliceKey> SliceKey::Decode(StateReader& reader) {
  SliceKey key;
  for (uint64_t left = reader.Count(2); left > 0 && reader.ok(); --left) {
    std::string name(reader.Text());
    key.features.emplace_back(std::move(name), std::string(reader.Text()));
  }
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  return key;
}

Result<std::vector<RowGroup>> GroupRows(const Batch& batch, std::span<const std::string> columns,
                                        int64_t max_groups) {
  const auto num_rows = static_cast<size_t>(batch->num_rows());
  std::vector<RowGroup> groups;
  if (columns.empty()) {
    groups.resize(num_rows == 0 ? 0 : 1);
    for (RowGroup& group : groups) {
      group.rows.resize(num_rows);
      std::iota(group.rows.begin(), group.rows.end(), int64_t{0});
    }
    return groups;
  }
  std::vector<SliceKey> keys(1);
  std::vector<Member> members(num_rows);
  for (size_t row = 0; row < num_rows; ++row) members[row] = {static_cast<int64_t>(row), 0};
  const size_t max_members = std::max<size_t>(num_rows, 1024) * kMaxGroupsPerRow;
  for (const std::string& name : columns) {
    PENSTOCK_ASSIGN_OR_RETURN(const EncodedColumn column, EncodeColumn(batch, name));
    PENSTOCK_RETURN_IF_ERROR(CrossWith(column, name, max_groups, max_members, keys, members));
  }
  if (members.empty()) return groups;
  for (SliceKey& key : keys) groups.push_back({std::move(key), {}});
  for (const Member& member : members) groups[member.group].rows.push_back(member.row);
  return groups;
}

Result<Batch> TakeRows(const Batch& batch, std::span<const int64_t> rows) {
  const auto indices = std::make_shared<arrow::Int64Array>(static_cast<int64_t>(rows.size()),
                                                           arrow::Buffer::Wrap(rows.data(), rows.size()));
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const arrow::Datum taken,
                                  arrow::compute::Take(arrow::Datum(batch), arrow::Datum(indices),
                                                       arrow::compute::TakeOptions::NoBoundsCheck()));
  return taken.record_batch();
}

}  // namespace penstock::combine
