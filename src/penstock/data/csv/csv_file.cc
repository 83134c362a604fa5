#include "penstock/data/csv/csv_file.h"

#include <algorithm>
#include <map>

#include <arrow/util/utf8.h>

#include "penstock/data/csv/column_types.h"
#include "penstock/data/declared_features.h"

namespace penstock::data::csv {
namespace {

constexpr int64_t kMaxHeaderBytes = 1 << 20;

Status CheckNames(const std::string& path, const std::vector<std::string>& names) {
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty())
      return InvalidArgument("Column {} has no name in the header of {}: give every column a name", i + 1,
                             path);
    const auto [entry, added] = places.try_emplace(names[i], i);
    if (!added)
      return InvalidArgument("Two columns have the same name in the header of {}: '{}' (columns {} and {})",
                             path, names[i], entry->second + 1, i + 1);
  }
  return OkStatus();
}

Status CheckEncoding(const std::string& path, std::string_view head) {
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF"))
    return InvalidArgument(
        "The file is UTF-16, not UTF-8: {} (convert it, for example by iconv -f UTF-16 -t UTF-8)", path);
  return OkStatus();
}

std::string Unescaped(Cell cell) {
  const Cell inner = cell.Unquoted();
  std::string text;
  for (const char* from = inner.begin; from < inner.end; ++from) {
    text += *from;
    if (cell.IsQuoted() && *from == '"') ++from;
  }
  return text;
}

// The header cells of `head`, which begins at `offset` in the file.
Status ReadHeader(const FileSource& source, const PaddedBytes& head, char delimiter, int64_t offset,
                  std::vector<std::string>& names, int64_t& next_record) {
  std::vector<Cell> cells;
  const bool is_whole = offset + head.size() == source.size();
  const auto fault = Tokenizer::FirstRecord(head, delimiter, cells, next_record);
  if (!is_whole && (fault || next_record == head.size()))
    return InvalidArgument("The first line of {} is longer than {} bytes: is it a CSV file?", source.path(),
                           kMaxHeaderBytes);
  if (fault) return DescribeFault(source, *fault, offset, {});
  for (const Cell& cell : cells) names.push_back(Unescaped(cell));
  const bool is_text = arrow::util::ValidateUTF8({head.data(), static_cast<size_t>(next_record)});
  if (!is_text) return InvalidArgument("The header of {} is not UTF-8: convert the file", source.path());
  if (std::any_of(names.begin(), names.end(), [](const auto& name) { return name.find('\r') != name.npos; }))
    return InvalidArgument("Lines of {} end in a lone carriage return: convert them to line feeds",
                           source.path());
  return OkStatus();
}

std::string ColumnLabel(const std::vector<std::string>& names, int column) {
  if (static_cast<size_t>(column) < names.size())
    return fmt::format("column '{}'", names[static_cast<size_t>(column)]);
  return fmt::format("column {}", column + 1);
}

}  // namespace

Result<CsvFile> OpenCsvFile(const FileSource& source, const CsvOptions& options,
                            std::vector<std::string>& column_names) {
  arrow::util::InitializeUTF8();
  const std::string& path = source.path();
  if (source.size() == 0)
    return InvalidArgument("The file is empty: {} (a header line and rows are needed)", path);
  PENSTOCK_ASSIGN_OR_RETURN(const auto file, source.Open());
  PaddedBytes head;
  PENSTOCK_RETURN_IF_ERROR(head.Read(source, *file, 0, std::min(source.size(), kMaxHeaderBytes)));
  PENSTOCK_RETURN_IF_ERROR(CheckEncoding(path, head.view()));
  const int64_t mark_size = head.view().starts_with("\xEF\xBB\xBF") ? 3 : 0;
  int64_t next_record = 0;
  column_names = options.column_names;
  if (column_names.empty()) {
    PaddedBytes rest;
    rest.Assign(head.view().substr(static_cast<size_t>(mark_size)));
    if (rest.view().find_first_not_of("\r\n") == std::string_view::npos && head.size() == source.size())
      return InvalidArgument("The file is empty: {} (a header line and rows are needed)", path);
    PENSTOCK_RETURN_IF_ERROR(
        ReadHeader(source, rest, options.delimiter, mark_size, column_names, next_record));
  }
  PENSTOCK_RETURN_IF_ERROR(CheckNames(path, column_names));
  const int64_t data_offset = mark_size + next_record;
  const std::string_view rows = head.view().substr(static_cast<size_t>(data_offset));
  if (head.size() == source.size() && rows.find_first_not_of("\r\n") == std::string_view::npos)
    return InvalidArgument("The file holds a header but no rows: {}", path);
  return CsvFile{source, data_offset};
}

Result<int64_t> LineOf(const FileSource& source, int64_t offset) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto file, source.Open());
  constexpr int64_t kPiece = 1 << 20;
  PaddedBytes piece;
  int64_t line = 1;
  for (int64_t at = 0; at < offset; at += kPiece) {
    PENSTOCK_RETURN_IF_ERROR(piece.Read(source, *file, at, std::min(kPiece, offset - at)));
    line += std::count(piece.view().begin(), piece.view().end(), '\n');
  }
  return line;
}

Status DescribeFault(const FileSource& source, const Fault& fault, int64_t text_offset,
                     const std::vector<std::string>& column_names) {
  const bool is_ragged = fault.kind == Fault::Kind::kRagged;
  PENSTOCK_ASSIGN_OR_RETURN(
      const int64_t row, LineOf(source, text_offset + (is_ragged ? fault.record_start : fault.cell_start)));
  switch (fault.kind) {
    case Fault::Kind::kRagged:
      return InvalidArgument(
          "{}, row {}: {} columns are expected, this row has {} (quote a value that holds the delimiter)",
          source.path(), row, column_names.size(), fault.num_cells);
    case Fault::Kind::kTextAfterQuote:
      return InvalidArgument(
          "{}, row {}, {}: text follows a closing quote; a quote inside a quoted value is written twice, and "
          "a quote that "
          "was left open on this row ends at the next one",
          source.path(), row, ColumnLabel(column_names, fault.column));
    case Fault::Kind::kUnterminatedQuote:
      break;
  }
  return InvalidArgument("{}, row {}: a quote is opened there and never closed", source.path(), row);
}

Status CheckUtf8(const FileSource& source, const CellGrid& grid, int64_t text_offset,
                 const std::vector<std::string>& column_names) {
  // Delimiters and line ends are ASCII, so the text is valid exactly when all of its cells are.
  if (IsAscii(grid.text()) || arrow::util::ValidateUTF8(grid.text())) return OkStatus();
  for (int64_t row = 0; row < grid.num_rows; ++row) {
    for (int column = 0; column < grid.num_columns; ++column) {
      const Cell cell = grid.At(row, column);
      if (arrow::util::ValidateUTF8({cell.begin, static_cast<size_t>(cell.size())})) continue;
      PENSTOCK_ASSIGN_OR_RETURN(const int64_t line, LineOf(source, text_offset + grid.RecordStart(row)));
      return InvalidArgument(
          "{}, row {}, {}: the value is not valid UTF-8 (convert the file, for example by iconv)",
          source.path(), line, ColumnLabel(column_names, column));
    }
  }
  return InvalidArgument("The file is not valid UTF-8: {} (convert it, for example by iconv)", source.path());
}

Status DescribeUnparsedCell(const FileSource& source, int64_t record_offset, const std::string& column,
                            Cell cell, std::string_view type) {
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t row, LineOf(source, record_offset));
  return InvalidArgument(
      "{}, row {}, column '{}': '{}' is not {}, as the schema declares (fix the value, or declare the "
      "column as BYTES)",
      source.path(), row, column, ReadableCell(cell), type);
}

}  // namespace penstock::data::csv
