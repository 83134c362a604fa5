#include "penstock/data/row_hash.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <map>

#include <arrow/array.h>
#include <arrow/record_batch.h>

#include "penstock/base/digest.h"
#include "penstock/base/near_miss.h"

namespace penstock::data {
namespace {

using arrow::Type;

constexpr uint64_t kListType = 16;
constexpr uint64_t kStructType = 64;
/// Rows are hashed in blocks, so that the cell hashes of a block stay in the cache.
constexpr int64_t kBlockRows = 512;

/// 0: not a type of batch.h.
uint64_t ScalarType(Type::type type) {
  switch (type) {
    case Type::INT64:
      return 1;
    case Type::FLOAT:
    case Type::DOUBLE:
      return 2;
    case Type::STRING:
    case Type::BINARY:
      return 3;
    case Type::BOOL:
      return 4;
    default:
      return 0;
  }
}

uint64_t LittleEndian(uint64_t word) {
  if constexpr (std::endian::native == std::endian::big) return __builtin_bswap64(word);
  return word;
}

uint64_t HashWord(uint64_t word, uint64_t seed) {
  word = LittleEndian(word);
  return Hash64({reinterpret_cast<const char*>(&word), sizeof word}, seed);
}

uint64_t HashReal(double value, uint64_t seed) {
  if (std::isnan(value)) return HashWord(0x7FF8000000000000u, seed);
  return HashWord(std::bit_cast<uint64_t>(value + 0.0), seed);  // -0 + 0 is +0.
}

/// Calls use(row, hash) for the rows of [begin, end) that are not null.
template <class ArrayType, class HashValue, class Use>
void ForEachValid(const arrow::Array& array, int64_t begin, int64_t end, const HashValue& hash,
                  const Use& use) {
  const auto& values = static_cast<const ArrayType&>(array);
  const bool has_nulls = array.null_count() > 0;
  for (int64_t row = begin; row < end; ++row)
    if (!has_nulls || values.IsValid(row)) use(row, hash(values, row));
}

template <class Use>
void HashScalars(const arrow::Array& array, int64_t begin, int64_t end, uint64_t seed, const Use& use) {
  switch (array.type_id()) {
    case Type::INT64:
      return ForEachValid<arrow::Int64Array>(
          array, begin, end,
          [&](const auto& a, int64_t i) { return HashWord(static_cast<uint64_t>(a.Value(i)), seed); }, use);
    case Type::FLOAT:
      return ForEachValid<arrow::FloatArray>(
          array, begin, end, [&](const auto& a, int64_t i) { return HashReal(a.Value(i), seed); }, use);
    case Type::DOUBLE:
      return ForEachValid<arrow::DoubleArray>(
          array, begin, end, [&](const auto& a, int64_t i) { return HashReal(a.Value(i), seed); }, use);
    case Type::BOOL:
      return ForEachValid<arrow::BooleanArray>(
          array, begin, end,
          [&](const auto& a, int64_t i) {
            return Hash64(a.Value(i) ? std::string_view("\1", 1) : std::string_view("\0", 1), seed);
          },
          use);
    default:
      return ForEachValid<arrow::BinaryArray>(
          array, begin, end, [&](const auto& a, int64_t i) { return Hash64(a.GetView(i), seed); }, use);
  }
}

template <class Use>
void HashLists(const arrow::ListArray& lists, int64_t begin, int64_t end, uint64_t seed,
               uint64_t element_seed, const Use& use) {
  const int64_t first = lists.value_offset(begin);
  std::vector<uint64_t> elements(static_cast<size_t>(lists.value_offset(end) - first), 0);
  HashScalars(*lists.values(), first, lists.value_offset(end), element_seed, [&](int64_t i, uint64_t hash) {
    elements[static_cast<size_t>(i - first)] = LittleEndian(hash);
  });
  for (int64_t row = begin; row < end; ++row) {
    if (lists.IsNull(row)) continue;
    const auto* const from =
        reinterpret_cast<const char*>(elements.data() + (lists.value_offset(row) - first));
    use(row, Hash64({from, static_cast<size_t>(lists.value_length(row)) * sizeof(uint64_t)}, seed));
  }
}

/// 0: not a type of batch.h.
uint64_t TypeOf(const arrow::DataType& type) {
  if (type.id() == Type::LIST) {
    const uint64_t element = TypeOf(*static_cast<const arrow::ListType&>(type).value_type());
    return element == 0 ? 0 : kListType + element;
  }
  if (type.id() != Type::STRUCT) return ScalarType(type.id());
  for (const auto& field : type.fields())
    if (TypeOf(*field->type()) == 0) return 0;
  return kStructType;
}

/// The hash of a value that is not null, of the column or field whose name hashes to `name`.
uint64_t HashNested(const arrow::Array& array, int64_t i, uint64_t name) {
  const uint64_t seed = name + TypeOf(*array.type());
  if (array.type_id() == Type::LIST) {
    const auto& list = static_cast<const arrow::ListArray&>(array);
    std::vector<uint64_t> elements;
    for (int64_t at = list.value_offset(i); at < list.value_offset(i + 1); ++at)
      elements.push_back(list.values()->IsNull(at) ? 0 : LittleEndian(HashNested(*list.values(), at, name)));
    return Hash64({reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(uint64_t)}, seed);
  }
  if (array.type_id() == Type::STRUCT) {
    const auto& fields = static_cast<const arrow::StructArray&>(array);
    std::map<std::string, uint64_t> by_name;
    for (int field = 0; field < fields.num_fields(); ++field) {
      const std::string& field_name = fields.type()->field(field)->name();
      const auto values = fields.field(field);
      if (values->IsValid(i)) by_name[field_name] = LittleEndian(HashNested(*values, i, Hash64(field_name)));
    }
    std::vector<uint64_t> cells;
    for (const auto& [field_name, hash] : by_name) cells.push_back(hash);
    return Hash64({reinterpret_cast<const char*>(cells.data()), cells.size() * sizeof(uint64_t)}, seed);
  }
  uint64_t hash = 0;
  HashScalars(array, i, i + 1, seed, [&](int64_t, uint64_t cell) { hash = cell; });
  return hash;
}

}  // namespace

Result<RowHasher> RowHasher::Make(const arrow::Schema& schema) {
  RowHasher hasher;
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = *schema.field(i);
    const uint64_t type = TypeOf(*field.type());
    if (type == 0)
      return InvalidArgument("Column '{}' has type {}, which examples cannot hold", field.name(),
                             field.type()->ToString());
    const uint64_t seed = Hash64(field.name());
    const bool is_list = type > kListType && type < 2 * kListType;
    const bool is_nested = type >= 2 * kListType;
    hasher.columns_.push_back({i, field.name(), is_nested ? seed : seed + type,
                               seed + type - (is_list ? kListType : 0), is_nested});
  }
  std::sort(hasher.columns_.begin(), hasher.columns_.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return hasher;
}

Result<RowHasher> RowHasher::MakeOfColumn(const arrow::Schema& schema, const std::string& column) {
  PENSTOCK_ASSIGN_OR_RETURN(RowHasher hasher, Make(schema));
  std::erase_if(hasher.columns_, [&](const Column& other) { return other.name != column; });
  if (hasher.columns_.empty())
    return NotFound("There is no column '{}' to partition by{}", column,
                    DidYouMean(column, schema.field_names()));
  return hasher;
}

std::vector<uint64_t> RowHasher::Hash(const arrow::RecordBatch& batch) const {
  std::vector<uint64_t> hashes(static_cast<size_t>(batch.num_rows()));
  std::vector<uint64_t> cells(static_cast<size_t>(kBlockRows) * columns_.size());
  std::vector<uint32_t> num_cells(static_cast<size_t>(kBlockRows));
  for (int64_t begin = 0; begin < batch.num_rows(); begin += kBlockRows) {
    const int64_t end = std::min(begin + kBlockRows, batch.num_rows());
    std::fill(num_cells.begin(), num_cells.end(), 0u);
    auto add = [&](int64_t row, uint64_t hash) {
      const auto slot = static_cast<size_t>(row - begin);
      cells[slot * columns_.size() + num_cells[slot]++] = LittleEndian(hash);
    };
    for (const Column& column : columns_) {
      const arrow::Array& array = *batch.column(column.place);
      if (column.is_nested) {
        for (int64_t row = begin; row < end; ++row)
          if (array.IsValid(row)) add(row, HashNested(array, row, column.seed));
      } else if (array.type_id() == Type::LIST) {
        HashLists(static_cast<const arrow::ListArray&>(array), begin, end, column.seed, column.element_seed,
                  add);
      } else {
        HashScalars(array, begin, end, column.seed, add);
      }
    }
    for (int64_t row = begin; row < end; ++row) {
      const auto slot = static_cast<size_t>(row - begin);
      const auto* const from = reinterpret_cast<const char*>(cells.data() + slot * columns_.size());
      hashes[static_cast<size_t>(row)] = Hash64({from, num_cells[slot] * sizeof(uint64_t)});
    }
  }
  return hashes;
}

}  // namespace penstock::data
