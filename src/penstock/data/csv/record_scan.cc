#include "penstock/data/csv/record_scan.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace penstock::data::csv {
namespace {

/// Where a block's first byte stands.
enum State {
  kOutside,
  kInside,
  kInsideAfterEscape,
  kNumStates
};  // kInsideAfterEscape: at the second quote of a pair.

struct Passage {
  State end = kOutside;
  int64_t first_record = -1;  // Where the first record starts that does so in this block; -1: none does.
  int64_t last_open = -1;     // Where the quote was opened that is open at the end; -1: before the block.
};

using Passages = std::array<Passage, kNumStates>;

// A block with one byte before and, where there is one, after it.
struct Block {
  const char* bytes;
  int64_t offset;  // Of bytes[0] in the file.
  int64_t size;
  char before;
  char after;
  char delimiter;

  char At(int64_t i) const { return i < 0 ? before : i < size ? bytes[i] : after; }
  int64_t Find(char what, int64_t from) const {
    if (from >= size) return size;
    const void* const found = std::memchr(bytes + from, what, static_cast<size_t>(size - from));
    return found == nullptr ? size : static_cast<const char*>(found) - bytes;
  }
};

void NoteRecordStart(const Block& block, int64_t from, int64_t to, Passage& passage) {
  if (passage.first_record >= 0) return;
  const int64_t newline = from == 0 && block.before == '\n' ? -1 : block.Find('\n', from);
  if (newline < to && newline + 1 < block.size) passage.first_record = block.offset + newline + 1;
}

Passage Pass(const Block& block, State state) {
  Passage passage;
  int64_t at = state == kInsideAfterEscape ? 1 : 0;
  bool is_inside = state != kOutside;
  while (at < block.size) {
    const int64_t quote = block.Find('"', at);
    if (!is_inside) {
      NoteRecordStart(block, at, quote, passage);
      if (quote == block.size) break;
      const char previous = block.At(quote - 1);
      if (previous == block.delimiter || previous == '\n') {
        is_inside = true;
        passage.last_open = block.offset + quote;
      }
      at = quote + 1;
    } else {
      if (quote == block.size) break;
      const bool is_escape = block.At(quote + 1) == '"';
      if (is_escape && quote + 1 == block.size) {
        passage.end = kInsideAfterEscape;
        return passage;
      }
      is_inside = is_escape;
      at = quote + (is_escape ? 2 : 1);
    }
  }
  passage.end = is_inside ? kInside : kOutside;
  return passage;
}

}  // namespace

Result<RecordRanges> FindRecordRanges(const FileSource& source, int64_t begin, char delimiter,
                                      int64_t block_bytes, const ExecutionOptions& execution) {
  const int64_t first_block = begin / block_bytes;
  const int64_t num_blocks = begin >= source.size() ? 0 : (source.size() - 1) / block_bytes - first_block + 1;
  std::vector<Passages> blocks(static_cast<size_t>(num_blocks));
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(num_blocks, execution, [&](int64_t i) -> Status {
    const int64_t from = std::max(begin, (first_block + i) * block_bytes);
    const int64_t to = std::min(source.size(), (first_block + i + 1) * block_bytes);
    const int64_t num_before = i == 0 ? 0 : 1;
    const int64_t num_after = to < source.size() ? 1 : 0;
    PENSTOCK_ASSIGN_OR_RETURN(const auto file, source.Open());
    PaddedBytes bytes;
    PENSTOCK_RETURN_IF_ERROR(
        bytes.Read(source, *file, from - num_before, to - from + num_before + num_after));
    const Block block{bytes.data() + num_before,
                      from,
                      to - from,
                      num_before > 0 ? bytes.data()[0] : '\n',
                      num_after > 0 ? bytes.data()[bytes.size() - 1] : '\0',
                      delimiter};
    for (int state = 0; state < kNumStates; ++state)
      blocks[static_cast<size_t>(i)][static_cast<size_t>(state)] = Pass(block, static_cast<State>(state));
    return OkStatus();
  }));
  RecordRanges ranges;
  State state = kOutside;
  int64_t open_quote = -1;
  for (const Passages& block : blocks) {
    const Passage& passage = block[static_cast<size_t>(state)];
    if (passage.first_record >= 0) ranges.bounds.push_back(passage.first_record);
    if (passage.last_open >= 0) open_quote = passage.last_open;
    state = passage.end;
  }
  if (state != kOutside) ranges.unterminated_quote = open_quote;
  if (!ranges.bounds.empty()) ranges.bounds.push_back(source.size());
  return ranges;
}

}  // namespace penstock::data::csv
