#include "penstock/data/example_cells.h"

#include <algorithm>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/compute/api_scalar.h>
#include <arrow/compute/initialize.h>
#include <arrow/record_batch.h>
#include <arrow/util/bit_util.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/digest.h"
#include "penstock/base/near_miss.h"
#include "penstock/data/row_hash.h"

namespace penstock::data {
namespace {

constexpr size_t kMaxTexts = size_t{1} << 20;

bool IsReal(const arrow::DataType& type) {
  return type.id() == arrow::Type::FLOAT || type.id() == arrow::Type::DOUBLE;
}

Result<std::shared_ptr<arrow::Array>> Rounded(const std::shared_ptr<arrow::Array>& values, int digits) {
  const arrow::compute::RoundOptions options(digits, arrow::compute::RoundMode::HALF_TO_EVEN);
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto rounded, arrow::compute::Round(values, options));
  return rounded.make_array();
}

/// Every scalar as a list of it, a null as no list.
Result<std::shared_ptr<arrow::Array>> AsLists(const std::shared_ptr<arrow::Array>& values) {
  std::vector<int32_t> offsets;
  offsets.reserve(static_cast<size_t>(values->length()) + 1);
  for (int64_t i = 0; i <= values->length(); ++i) offsets.push_back(static_cast<int32_t>(i));
  std::shared_ptr<arrow::Buffer> validity;
  if (values->null_count() > 0) {
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(validity, arrow::AllocateEmptyBitmap(values->length()));
    for (int64_t i = 0; i < values->length(); ++i)
      if (values->IsValid(i)) arrow::bit_util::SetBit(validity->mutable_data(), i);
  }
  return std::static_pointer_cast<arrow::Array>(
      std::make_shared<arrow::ListArray>(arrow::list(values->type()), values->length(),
                                         arrow::Buffer::FromVector(std::move(offsets)), values, validity));
}

}  // namespace

void CellTable::Append(CellTable&& other) {
  const size_t shift = hashes.size();
  for (Row row : other.rows) {
    row.cells += shift;
    rows.push_back(row);
  }
  hashes.insert(hashes.end(), other.hashes.begin(), other.hashes.end());
  presences.insert(presences.end(), other.presences.begin(), other.presences.end());
  num_without_identifier += other.num_without_identifier;
  for (size_t i = 0; i < texts.size(); ++i) texts[i].merge(other.texts[i]);
}

Result<ExampleCells> ExampleCells::Make(const Dataset& dataset, const std::vector<std::string>& identifiers,
                                        const std::vector<std::string>& columns,
                                        const std::vector<std::string>& kept,
                                        std::optional<int> float_round_ndigits) {
  ExampleCells cells(dataset, float_round_ndigits);
  // Rounding is among the functions that Arrow registers only when told.
  if (float_round_ndigits.has_value()) PENSTOCK_RETURN_IF_ARROW_ERROR(arrow::compute::Initialize());
  const arrow::Schema& schema = *dataset.schema();
  for (const std::string& name : identifiers) {
    const int place = schema.GetFieldIndex(name);
    if (place < 0)
      return NotFound("The identifier '{}' is not in the data{}", name,
                      DidYouMean(name, schema.field_names()));
    cells.identifiers_.push_back(place);
  }
  for (const std::string& name : columns) cells.columns_.push_back(schema.GetFieldIndex(name));
  for (const std::string& name : kept) {
    const auto at = std::find(columns.begin(), columns.end(), name);
    if (at == columns.end()) return InvalidArgument("The column '{}' is not among those compared", name);
    cells.kept_.push_back(static_cast<size_t>(at - columns.begin()));
  }
  return cells;
}

Status ExampleCells::KeepTexts(const Batch& batch, const std::vector<Column>& columns,
                               CellTable& table) const {
  for (size_t k = 0; k < kept_.size(); ++k) {
    const Column& column = columns[kept_[k]];
    if (column.hashes.empty()) continue;
    const auto& values = static_cast<const arrow::StringArray&>(*batch->column(columns_[kept_[k]]));
    for (size_t row = 0; row < column.hashes.size(); ++row) {
      if (column.presences[row] == Presence::kValue)
        table.texts[k].try_emplace(column.hashes[row], values.GetView(static_cast<int64_t>(row)));
    }
    if (table.texts[k].size() > kMaxTexts) {
      return InvalidArgument("Column '{}' has more than {} values; pairs of so many cannot be counted",
                             batch->schema()->field(columns_[kept_[k]])->name(), kMaxTexts);
    }
  }
  return OkStatus();
}

Result<ExampleCells::Column> ExampleCells::HashColumn(const Batch& batch, int place) const {
  std::shared_ptr<arrow::Array> array = batch->column(place);
  if (digits_.has_value() && IsReal(*array->type())) {
    PENSTOCK_ASSIGN_OR_RETURN(array, Rounded(array, *digits_));
  }
  if (array->type_id() != arrow::Type::LIST && array->type_id() != arrow::Type::STRUCT) {
    PENSTOCK_ASSIGN_OR_RETURN(array, AsLists(array));
  } else if (digits_.has_value() && array->type_id() == arrow::Type::LIST &&
             IsReal(*array->type()->field(0)->type())) {
    const auto& lists = static_cast<const arrow::ListArray&>(*array);
    PENSTOCK_ASSIGN_OR_RETURN(const auto values, Rounded(lists.values(), *digits_));
    auto data = array->data()->Copy();
    data->child_data = {values->data()};
    array = arrow::MakeArray(data);
  }
  Column column;
  column.presences.reserve(static_cast<size_t>(array->length()));
  for (int64_t row = 0; row < array->length(); ++row) {
    const bool is_empty = array->type_id() == arrow::Type::LIST &&
                          static_cast<const arrow::ListArray&>(*array).value_length(row) == 0;
    column.presences.push_back(array->IsNull(row) ? Presence::kAbsent
                               : is_empty         ? Presence::kEmpty
                                                  : Presence::kValue);
  }
  // One name for all, so that equal values of differently named columns hash equal; types differ.
  const auto schema = arrow::schema({arrow::field("cell", array->type())});
  PENSTOCK_ASSIGN_OR_RETURN(const RowHasher hasher, RowHasher::Make(*schema));
  column.hashes = hasher.Hash(*arrow::RecordBatch::Make(schema, array->length(), {array}));
  return column;
}

Result<CellTable> ExampleCells::ReadShard(int64_t shard, int64_t part, int64_t num_parts,
                                          const ExecutionOptions& execution) const {
  CellTable table;
  table.texts.resize(kept_.size());
  PENSTOCK_ASSIGN_OR_RETURN(const auto reader, dataset_.ReadShard(shard));
  for (int64_t first_row = 0;;) {
    PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
    PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (!batch) return table;
    const auto num_rows = static_cast<size_t>((*batch)->num_rows());
    std::vector<uint64_t> identifiers(num_rows, 0);
    std::vector<bool> is_identified(num_rows, true);
    for (const int place : identifiers_) {
      PENSTOCK_ASSIGN_OR_RETURN(const Column column, HashColumn(*batch, place));
      for (size_t row = 0; row < num_rows; ++row) {
        identifiers[row] = identifiers[row] * 0x9e3779b97f4a7c15u + column.hashes[row];
        is_identified[row] = is_identified[row] && column.presences[row] == Presence::kValue;
      }
    }
    std::vector<Column> columns(columns_.size());
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i] < 0) continue;
      PENSTOCK_ASSIGN_OR_RETURN(columns[i], HashColumn(*batch, columns_[i]));
    }
    PENSTOCK_RETURN_IF_ERROR(KeepTexts(*batch, columns, table));
    for (size_t row = 0; row < num_rows; ++row) {
      if (!is_identified[row]) {
        table.num_without_identifier += part == 0;
        continue;
      }
      if (static_cast<int64_t>(identifiers[row] % static_cast<uint64_t>(num_parts)) != part) continue;
      table.rows.push_back(
          {identifiers[row], shard, first_row + static_cast<int64_t>(row), table.hashes.size()});
      for (const Column& column : columns) {
        table.hashes.push_back(column.hashes.empty() ? 0 : column.hashes[row]);
        table.presences.push_back(column.presences.empty() ? Presence::kAbsent : column.presences[row]);
      }
    }
    first_row += (*batch)->num_rows();
  }
}

Result<CellTable> ExampleCells::Read(int64_t part, int64_t num_parts,
                                     const ExecutionOptions& execution) const {
  std::vector<CellTable> tables(static_cast<size_t>(dataset_.num_shards()));
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(dataset_.num_shards(), execution, [&](int64_t shard) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(tables[static_cast<size_t>(shard)],
                              ReadShard(shard, part, num_parts, execution));
    return OkStatus();
  }));
  CellTable all;
  all.texts.resize(kept_.size());
  for (CellTable& table : tables) {
    all.Append(std::move(table));
    table = CellTable();
  }
  return all;
}

Result<Batch> ExampleCells::ReadRow(int64_t shard, int64_t row) const {
  PENSTOCK_ASSIGN_OR_RETURN(const auto reader, dataset_.ReadShard(shard));
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (!batch) return DataLoss("The examples changed while they were compared");
    if (row < (*batch)->num_rows()) return (*batch)->Slice(row, 1);
    row -= (*batch)->num_rows();
  }
}

}  // namespace penstock::data
