#include "penstock/data/dataset_view.h"

#include <algorithm>
#include <mutex>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/data/json_lines/json_text.h"

namespace penstock::data {
namespace {

std::string TypeName(const arrow::DataType& type) {
  if (type.id() == arrow::Type::LIST)
    return fmt::format("list<{}>", TypeName(*static_cast<const arrow::ListType&>(type).value_type()));
  if (type.id() == arrow::Type::STRUCT) {
    std::string names;
    for (const auto& field : type.fields())
      names += fmt::format("{}{}: {}", names.empty() ? "" : ", ", field->name(), TypeName(*field->type()));
    return fmt::format("struct<{}>", names);
  }
  return type.id() == arrow::Type::STRING ? "utf8" : type.ToString();
}

int64_t NumValues(const arrow::Array& array) {
  if (array.type_id() != arrow::Type::LIST) return array.length() - array.null_count();
  const auto& list = static_cast<const arrow::ListArray&>(array);
  int64_t num_values = 0;
  for (int64_t row = 0; row < list.length(); ++row)
    if (list.IsValid(row)) num_values += list.value_length(row);
  return num_values;
}

/// How many columns of a terminal the text takes, a character one.
size_t Width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string Shortened(std::string text) {
  constexpr size_t kMaxWidth = 24;
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  if (Width(text) <= kMaxWidth) return text;
  size_t width = 0, end = 0;
  while (end < text.size() && width < kMaxWidth) {
    ++end;
    while (end < text.size() && (text[end] & 0xC0) == 0x80) ++end;
    ++width;
  }
  return text.substr(0, end) + "…";
}

std::string FormatTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows.empty() ? 0 : rows[0].size());
  for (const auto& row : rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += (i == 0 ? "" : "  ") + row[i] + std::string(widths[i] - Width(row[i]), ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

/// Null is shown as nothing.
std::string CellText(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return "";
  const bool is_bytes = array.type_id() == arrow::Type::BINARY;
  if (array.type_id() == arrow::Type::STRING)
    return static_cast<const arrow::StringArray&>(array).GetString(row);
  if (!is_bytes && json_lines::IsJsonType(*array.type())) {
    std::string text;
    json_lines::AppendJsonValue(array, row, text);
    return text;
  }
  const auto scalar = array.GetScalar(row);
  return scalar.ok() ? (*scalar)->ToString() : "";
}

/// Moves a written file to its name, or takes it away.
class PendingFile {
 public:
  explicit PendingFile(const std::string& path)
      : path_(path), pending_(fs::Join(fs::DirName(path), "." + fs::BaseName(path) + "." + NewUuid())) {}
  ~PendingFile() {
    if (!is_published_) fs::RemoveAll(pending_).IgnoreError();
  }
  const std::string& pending() const { return pending_; }
  Status Publish() {
    PENSTOCK_RETURN_IF_ERROR(fs::Rename(pending_, path_));
    is_published_ = true;
    return OkStatus();
  }

 private:
  const std::string path_;
  const std::string pending_;
  bool is_published_ = false;
};

}  // namespace

Result<DatasetDescription> DescribeDataset(const Dataset& dataset, const ExecutionOptions& execution) {
  DatasetDescription description;
  description.num_shards = dataset.num_shards();
  for (const auto& field : dataset.schema()->fields())
    description.columns.push_back({field->name(), TypeName(*field->type()), 0, 0});
  std::mutex mutex;  // Guards description.
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(dataset.num_shards(), execution, [&](int64_t shard) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const auto reader, dataset.ReadShard(shard));
    while (true) {
      PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
      PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
      if (!batch) return OkStatus();
      std::lock_guard lock(mutex);
      description.num_rows += (*batch)->num_rows();
      for (size_t i = 0; i < description.columns.size(); ++i) {
        const arrow::Array& array = *(*batch)->column(static_cast<int>(i));
        description.columns[i].num_present += array.length() - array.null_count();
        description.columns[i].num_values += NumValues(array);
      }
    }
  }));
  return description;
}

std::string FormatDescription(const DatasetDescription& description) {
  std::vector<std::vector<std::string>> rows = {{"column", "type", "present", "missing", "values"}};
  for (const ColumnDescription& column : description.columns)
    rows.push_back({column.name, column.type, fmt::format("{}", column.num_present),
                    fmt::format("{}", description.num_rows - column.num_present),
                    fmt::format("{}", column.num_values)});
  return fmt::format("{} examples, {} columns, {} shards\n\n{}", description.num_rows,
                     description.columns.size(), description.num_shards, FormatTable(rows));
}

Result<std::string> FormatFirstRows(const Dataset& dataset, int64_t num_rows, bool as_json) {
  if (num_rows < 1) return InvalidArgument("At least one example has to be asked for, not {}", num_rows);
  std::vector<std::vector<std::string>> rows = {dataset.schema()->field_names()};
  std::string json;
  if (as_json)
    for (const auto& field : dataset.schema()->fields())
      if (!json_lines::IsJsonType(*field->type()))
        return InvalidArgument("Column '{}' is {}, which JSON cannot hold", field->name(),
                               field->type()->ToString());
  int64_t num_taken = 0;
  const auto reader = ReadSequentially(dataset);
  while (num_taken < num_rows) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (!batch) break;
    for (int64_t row = 0; row < (*batch)->num_rows() && num_taken < num_rows; ++row, ++num_taken) {
      if (as_json) {
        json_lines::AppendJsonRow(**batch, row, json);
        continue;
      }
      rows.emplace_back();
      for (const auto& column : (*batch)->columns()) rows.back().push_back(Shortened(CellText(*column, row)));
    }
  }
  return as_json ? json : FormatTable(rows);
}

Result<int64_t> ConvertDataset(const Dataset& dataset, const std::string& path, PayloadFormat format,
                               const ExecutionOptions& execution) {
  PendingFile file(path);
  PENSTOCK_ASSIGN_OR_RETURN(const auto writer, OpenExampleWriter(file.pending(), dataset.schema(), format));
  const auto reader = ReadSequentially(dataset);
  int64_t num_rows = 0;
  while (true) {
    PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
    PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
    if (!batch) break;
    PENSTOCK_RETURN_IF_ERROR(writer->Write(*batch));
    num_rows += (*batch)->num_rows();
  }
  PENSTOCK_RETURN_IF_ERROR(writer->Close());
  PENSTOCK_RETURN_IF_ERROR(file.Publish());
  return num_rows;
}

}  // namespace penstock::data
