#include "penstock/data/csv/tokenizer.h"

#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace penstock::data::csv {
namespace {

constexpr int kBlock = 64;

/// Bit i of each mask: byte i of the block is that.
struct Masks {
  uint64_t delimiters;
  uint64_t newlines;
  uint64_t quotes;
};

#if defined(__SSE2__)
Masks LoadMasks(const char* block, char delimiter) {
  Masks masks{0, 0, 0};
  const __m128i delimiters = _mm_set1_epi8(delimiter);
  const __m128i newlines = _mm_set1_epi8('\n');
  const __m128i quotes = _mm_set1_epi8('"');
  for (int i = 0; i < kBlock / 16; ++i) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(block + 16 * i));
    auto mask = [&](__m128i what) {
      return static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, what))))
             << (16 * i);
    };
    masks.delimiters |= mask(delimiters);
    masks.newlines |= mask(newlines);
    masks.quotes |= mask(quotes);
  }
  return masks;
}
#else
Masks LoadMasks(const char* block, char delimiter) {
  Masks masks{0, 0, 0};
  for (int i = 0; i < kBlock; ++i) {
    masks.delimiters |= static_cast<uint64_t>(block[i] == delimiter) << i;
    masks.newlines |= static_cast<uint64_t>(block[i] == '\n') << i;
    masks.quotes |= static_cast<uint64_t>(block[i] == '"') << i;
  }
  return masks;
}
#endif

}  // namespace

struct Tokenizer::Cursor {
  uint32_t* out;  // The next entry to write.
  uint32_t* row;  // The entries of the record at hand; out[-1] is the start of the cell at hand.
  int64_t num_rows = 0;
};

bool Tokenizer::EndRecord(Cursor& cursor, int64_t at) {
  int64_t end = at;
  const int64_t begin = cursor.out[-1];
  if (end > begin && text_[end - 1] == '\r') --end;
  const bool is_blank = cursor.out == cursor.row + 1 && end == begin;
  if (is_blank) {
    cursor.row[0] = static_cast<uint32_t>(at + 1);
    return true;
  }
  if (cursor.out - cursor.row != num_columns_) return false;
  *cursor.out++ = static_cast<uint32_t>(end + 1);
  cursor.row = cursor.out;
  *cursor.out++ = static_cast<uint32_t>(at + 1);
  ++cursor.num_rows;
  return true;
}

Fault Tokenizer::Ragged(const Cursor& cursor) const {
  Fault fault;
  fault.kind = Fault::Kind::kRagged;
  fault.record_start = cursor.row[0];
  PaddedBytes rest;
  rest.Assign({text_ + fault.record_start, static_cast<size_t>(size_ - fault.record_start)});
  std::vector<Cell> cells;
  int64_t ignored;
  // A record that is ragged because of its quotes is better described by them.
  if (auto quotes = FirstRecord(rest, delimiter_, cells, ignored)) {
    quotes->cell_start += fault.record_start;
    quotes->record_start = fault.record_start;
    return *quotes;
  }
  fault.num_cells = static_cast<int64_t>(cells.size());
  return fault;
}

std::optional<Fault> Tokenizer::PassQuotedCell(Cursor& cursor, int64_t quote) {
  Fault fault;
  fault.record_start = cursor.row[0];
  fault.cell_start = quote;
  fault.column = static_cast<int>(cursor.out - cursor.row) - 1;
  int64_t at = quote + 1;
  while (true) {
    const void* const found = std::memchr(text_ + at, '"', static_cast<size_t>(size_ - at));
    if (found == nullptr) {
      fault.kind = Fault::Kind::kUnterminatedQuote;
      return fault;
    }
    at = static_cast<const char*>(found) - text_ + 1;
    if (at >= size_ || text_[at] != '"') break;
    ++at;
  }
  const bool ends = at >= size_ || text_[at] == delimiter_ || text_[at] == '\n' ||
                    (text_[at] == '\r' && (at + 1 >= size_ || text_[at + 1] == '\n'));
  if (!ends) {
    fault.kind = Fault::Kind::kTextAfterQuote;
    return fault;
  }
  position_ = at;
  return std::nullopt;
}

std::optional<Fault> Tokenizer::Next(int64_t max_rows, CellGrid& grid) {
  const int64_t stride = num_columns_ + 1;
  // A block adds at most an entry a byte before the length of the record is looked at again.
  grid.entries.resize(static_cast<size_t>((max_rows + 1) * stride + stride + 2 * kBlock));
  Cursor cursor{grid.entries.data(), grid.entries.data()};
  *cursor.out++ = static_cast<uint32_t>(position_);
  grid.data = text_;
  grid.begin = position_;
  grid.num_columns = num_columns_;
  auto finish = [&](int64_t end) {
    position_ = end;
    grid.end = std::min(end, size_);
    grid.num_rows = cursor.num_rows;
  };
  while (position_ < size_) {
    if (cursor.out - cursor.row > num_columns_ + kBlock) return Ragged(cursor);
    const Masks masks = LoadMasks(text_ + position_, delimiter_);
    const int64_t remaining = size_ - position_;
    const uint64_t valid = remaining >= kBlock ? ~uint64_t{0} : (uint64_t{1} << remaining) - 1;
    uint64_t marks = (masks.delimiters | masks.newlines | masks.quotes) & valid;
    const int64_t block = position_;
    position_ += kBlock;
    while (marks != 0) {
      const uint64_t mark = marks & (~marks + 1);
      const int64_t at = block + std::countr_zero(marks);
      marks ^= mark;
      if ((masks.delimiters & mark) != 0) [[likely]] {
        *cursor.out++ = static_cast<uint32_t>(at + 1);
      } else if ((masks.newlines & mark) != 0) {
        if (!EndRecord(cursor, at)) return Ragged(cursor);
        if (cursor.num_rows == max_rows) return finish(at + 1), std::nullopt;
      } else if (at == cursor.out[-1]) {
        if (auto fault = PassQuotedCell(cursor, at)) return fault;
        break;
      }
    }
  }
  // The last line may lack its line end.
  if (cursor.row[0] < static_cast<uint64_t>(size_) && !EndRecord(cursor, size_)) return Ragged(cursor);
  finish(size_);
  return std::nullopt;
}

std::optional<Fault> Tokenizer::FirstRecord(const PaddedBytes& text, char delimiter, std::vector<Cell>& cells,
                                            int64_t& next_record) {
  cells.clear();
  const char* const data = text.data();
  const int64_t size = text.size();
  int64_t at = 0;
  while (at < size && (data[at] == '\n' || data[at] == '\r')) ++at;
  Tokenizer quotes(delimiter, 1);
  quotes.Reset(text);
  uint32_t row[2] = {static_cast<uint32_t>(at), 0};
  int64_t begin = at;
  while (true) {
    if (at < size && at == begin && data[at] == '"') {
      Cursor cursor{row + 1, row};
      if (auto fault = quotes.PassQuotedCell(cursor, at)) {
        fault->column = static_cast<int>(cells.size());
        return fault;
      }
      at = quotes.position_;
    }
    while (at < size && data[at] != delimiter && data[at] != '\n') ++at;
    const bool is_last = at >= size || data[at] == '\n';
    const int64_t end = is_last && at > begin && data[at - 1] == '\r' ? at - 1 : at;
    cells.push_back({data + begin, data + end});
    begin = ++at;
    if (is_last) break;
  }
  next_record = std::min(at, size);
  return std::nullopt;
}

bool IsAscii(std::string_view text) {
  uint64_t all = 0;
  size_t i = 0;
  for (; i + 32 <= text.size(); i += 32) {
    uint64_t words[4];
    std::memcpy(words, text.data() + i, sizeof words);
    all |= words[0] | words[1] | words[2] | words[3];
  }
  for (; i < text.size(); ++i) all |= static_cast<uint64_t>(static_cast<unsigned char>(text[i])) & 0x80u;
  return (all & 0x8080808080808080u) == 0;
}

}  // namespace penstock::data::csv
