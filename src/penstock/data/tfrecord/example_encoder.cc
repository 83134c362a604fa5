#include "penstock/data/tfrecord/example_encoder.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include <arrow/array.h>

#include "penstock/data/tfrecord/example_decoder.h"

namespace penstock::data::tfrecord {
namespace {

using arrow::Type;

constexpr char LengthTag(int field) { return static_cast<char>(field << 3 | 2); }

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

size_t VarintSize(uint64_t value) { return (static_cast<size_t>(std::bit_width(value | 1)) + 6) / 7; }

void AppendField(int field, std::string_view bytes, std::string& out) {
  out.push_back(LengthTag(field));
  AppendVarint(bytes.size(), out);
  out.append(bytes);
}

void AppendFloat(float value, std::string& out) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>(bits >> (8 * i)));
}

/// The field number of a kind within Feature; 0 where there is none.
int KindField(Type::type type) {
  switch (type) {
    case Type::STRING:
    case Type::BINARY:
      return 1;
    case Type::FLOAT:
    case Type::DOUBLE:
      return 2;
    case Type::INT64:
    case Type::BOOL:
      return 3;
    default:
      return 0;
  }
}

// One value as it stands in its list: a whole field of bytes, or a packed number.
void AppendValue(const arrow::Array& values, int64_t i, std::string& out) {
  switch (values.type_id()) {
    case Type::INT64:
      AppendVarint(static_cast<uint64_t>(static_cast<const arrow::Int64Array&>(values).Value(i)), out);
      break;
    case Type::BOOL:
      AppendVarint(static_cast<const arrow::BooleanArray&>(values).Value(i) ? 1 : 0, out);
      break;
    case Type::FLOAT:
      AppendFloat(static_cast<const arrow::FloatArray&>(values).Value(i), out);
      break;
    case Type::DOUBLE:
      AppendFloat(static_cast<float>(static_cast<const arrow::DoubleArray&>(values).Value(i)), out);
      break;
    default:
      AppendField(1, static_cast<const arrow::BinaryArray&>(values).GetView(i), out);
      break;
  }
}

// Feature { <kind> { values [begin, end) } }
void AppendFeature(const arrow::Array& values, int64_t begin, int64_t end, std::string& scratch,
                   std::string& out) {
  const int kind = KindField(values.type_id());
  scratch.clear();
  for (int64_t i = begin; i < end; ++i) AppendValue(values, i, scratch);
  const bool is_packed = kind != 1 && begin < end;
  const size_t list_size = scratch.size() + (is_packed ? 1 + VarintSize(scratch.size()) : 0);
  AppendVarint(1 + VarintSize(list_size) + list_size, out);
  out.push_back(LengthTag(kind));
  AppendVarint(list_size, out);
  if (is_packed) {
    AppendField(1, scratch, out);
  } else {
    out.append(scratch);
  }
}

bool IsListOf(const arrow::DataType& type, int depth) {
  if (depth == 0) return KindField(type.id()) != 0;
  return type.id() == Type::LIST &&
         IsListOf(*static_cast<const arrow::ListType&>(type).value_type(), depth - 1);
}

/// Whether Features can hold all fields of the column of sequences.
bool IsSequences(const arrow::DataType& type) {
  return type.id() == Type::STRUCT && std::all_of(type.fields().begin(), type.fields().end(),
                                                  [](const auto& f) { return IsListOf(*f->type(), 2); });
}

// A length-delimited Feature: only the tag of the field that holds it is missing before it.
Status AppendCell(const arrow::Array& array, int64_t row, const std::string& column, std::string& scratch,
                  std::string& out) {
  if (array.IsNull(row)) {
    out.push_back('\0');
  } else if (array.type_id() == Type::LIST) {
    const auto& list = static_cast<const arrow::ListArray&>(array);
    const arrow::Array& values = *list.values();
    const int64_t begin = list.value_offset(row);
    const int64_t end = begin + list.value_length(row);
    for (int64_t i = begin; i < end; ++i)
      if (values.IsNull(i))
        return InvalidArgument(
            "Column '{}' holds a null inside a list, which a tf.Example cannot (use Parquet)", column);
    AppendFeature(values, begin, end, scratch, out);
  } else {
    AppendFeature(array, row, row + 1, scratch, out);
  }
  return OkStatus();
}

// FeatureList { feature for each list of the row }
Status AppendFeatureList(const arrow::ListArray& lists, int64_t row, const std::string& name,
                         std::string& scratch, std::string& out) {
  for (int64_t i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i) {
    out.push_back(LengthTag(1));
    PENSTOCK_RETURN_IF_ERROR(AppendCell(*lists.values(), i, name, scratch, out));
  }
  return OkStatus();
}

}  // namespace

Result<ExampleEncoder> ExampleEncoder::Make(const arrow::Schema& schema) {
  ExampleEncoder encoder;
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = *schema.field(i);
    if (field.name() == kSequenceColumn && IsSequences(*field.type())) {
      encoder.sequence_place_ = i;
      for (int at = 0; at < field.type()->num_fields(); ++at)
        encoder.sequences_.push_back({at, field.type()->field(at)->name()});
      continue;
    }
    if (!IsListOf(*field.type(), 0) && !IsListOf(*field.type(), 1))
      return InvalidArgument("Column '{}' has type {}, which a tf.Example cannot hold (use Parquet)",
                             field.name(), field.type()->ToString());
    encoder.columns_.push_back({i, field.name()});
  }
  std::sort(encoder.columns_.begin(), encoder.columns_.end(), by_name);
  std::sort(encoder.sequences_.begin(), encoder.sequences_.end(), by_name);
  return encoder;
}

Status ExampleEncoder::Encode(const arrow::RecordBatch& batch, int64_t row, std::string& record) const {
  std::string features, entry, value, scratch;
  for (const Column& column : columns_) {
    value.clear();
    PENSTOCK_RETURN_IF_ERROR(AppendCell(*batch.column(column.place), row, column.name, scratch, value));
    entry.clear();
    AppendField(1, column.name, entry);
    entry.push_back(LengthTag(2));
    entry.append(value);
    AppendField(1, entry, features);
  }
  record.clear();
  AppendField(1, features, record);
  if (sequence_place_ < 0) return OkStatus();
  const auto& sequences = static_cast<const arrow::StructArray&>(*batch.column(sequence_place_));
  std::string feature_lists;
  for (const Column& column : sequences_) {
    const auto lists = sequences.field(column.place);
    if (sequences.IsNull(row) || lists->IsNull(row)) continue;
    value.clear();
    PENSTOCK_RETURN_IF_ERROR(
        AppendFeatureList(static_cast<const arrow::ListArray&>(*lists), row, column.name, scratch, value));
    entry.clear();
    AppendField(1, column.name, entry);
    AppendField(2, value, entry);
    AppendField(1, entry, feature_lists);
  }
  AppendField(2, feature_lists, record);
  return OkStatus();
}

}  // namespace penstock::data::tfrecord
