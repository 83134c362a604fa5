#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/data/file_access.h"

namespace penstock::data::csv {

/// What is wrong with the text as CSV, at a byte offset of the text.
struct Fault {
  enum class Kind { kRagged, kTextAfterQuote, kUnterminatedQuote };
  Kind kind = Kind::kRagged;
  int64_t record_start = 0;  ///< Where the faulty record begins.
  int64_t cell_start = 0;    ///< Quotes: where the quote stands.
  int64_t num_cells = 0;     ///< kRagged: how many there are.
  int column = 0;            ///< Quotes.
};

/// One cell's bytes as they lie in the text, quotes included.
struct Cell {
  const char* begin;
  const char* end;

  bool IsQuoted() const { return begin < end && *begin == '"'; }
  /// Without the outer quotes; doubled quotes inside are still doubled.
  Cell Unquoted() const { return IsQuoted() ? Cell{begin + 1, end - 1} : *this; }
  int64_t size() const { return end - begin; }
};

/// Unquoted cells that stand for a missing value besides the empty one ("NA").
class NullWords {
 public:
  explicit NullWords(std::vector<std::string> words = {}) : words_(std::move(words)) {}

  bool IsEmpty() const { return words_.empty(); }
  bool Contains(Cell cell) const {
    for (const std::string& word : words_)
      if (cell.size() == static_cast<int64_t>(word.size()) &&
          std::memcmp(cell.begin, word.data(), word.size()) == 0)
        return true;
    return false;
  }

 private:
  std::vector<std::string> words_;
};

/// Some records, cut into cells, as the Tokenizer fills it: valid while the text they were cut from is.
struct CellGrid {
  const char* data = nullptr;  ///< The whole text.
  int64_t begin = 0;           ///< The records are text[begin, end).
  int64_t end = 0;
  int64_t num_rows = 0;
  int num_columns = 0;
  const NullWords* null_words = nullptr;  ///< Null: there are none.
  std::vector<uint32_t> entries;  ///< A row: the start of each cell, then one beyond the end of the last.

  Cell At(int64_t row, int column) const {
    const uint32_t* const entry = entries.data() + row * (num_columns + 1) + column;
    // The next cell starts one delimiter later.
    return {data + entry[0], data + entry[1] - 1};
  }
  /// What the cell says: without quotes, and empty where it is a null word.
  Cell Value(int64_t row, int column) const {
    const Cell cell = At(row, column);
    if (null_words != nullptr && null_words->Contains(cell)) return {cell.begin, cell.begin};
    return cell.Unquoted();
  }
  int64_t RecordStart(int64_t row) const { return entries[static_cast<size_t>(row * (num_columns + 1))]; }
  std::string_view text() const { return {data + begin, static_cast<size_t>(end - begin)}; }
};

/// Cuts CSV text into records and cells, by RFC 4180: a quote opens a quoted cell only as the
/// cell's first byte (elsewhere it is plain text), inside one a quote is written twice, and after
/// the closing quote the cell must end. Lines end in LF or CRLF; empty lines are skipped.
/// Works on whole records at a few bytes a cycle. Not for concurrent use.
class Tokenizer {
 public:
  /// Above this a text must be cut before it comes here.
  static constexpr int64_t kMaxTextBytes = int64_t{256} << 20;

  Tokenizer(char delimiter, int num_columns) : delimiter_(delimiter), num_columns_(num_columns) {}

  /// Starts on `text` (at most kMaxTextBytes), which must stay unchanged and outlive the grids.
  void Reset(const PaddedBytes& text) { text_ = text.data(), size_ = text.size(), position_ = 0; }
  /// Cuts the next records into `grid`, at most `max_rows`; none at the end of the text.
  std::optional<Fault> Next(int64_t max_rows, CellGrid& grid);

  /// The cells of the text's first record, with any number of columns, and where the next record starts:
  /// for header lines. The record must end within the text or be the last.
  static std::optional<Fault> FirstRecord(const PaddedBytes& text, char delimiter, std::vector<Cell>& cells,
                                          int64_t& next_record);

 private:
  struct Cursor;
  bool EndRecord(Cursor& cursor, int64_t at);
  std::optional<Fault> PassQuotedCell(Cursor& cursor, int64_t quote);
  Fault Ragged(const Cursor& cursor) const;

  const char delimiter_;
  const int num_columns_;
  const char* text_ = nullptr;
  int64_t size_ = 0;
  int64_t position_ = 0;
};

/// True when no byte has its top bit set.
bool IsAscii(std::string_view text);

}  // namespace penstock::data::csv
