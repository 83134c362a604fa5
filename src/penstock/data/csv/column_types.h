#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "penstock/data/csv/number_text.h"
#include "penstock/data/csv/tokenizer.h"

namespace penstock::data::csv {

enum class ColumnType : uint8_t { kInt64, kDouble, kUtf8 };

/// Some cell, for a message.
struct CellSample {
  int file = 0;
  int64_t record_offset = -1;  ///< In the file; -1: there is none.
  std::string text;            ///< Cut to a readable length.

  bool IsBefore(const CellSample& other) const {
    if (record_offset < 0 || other.record_offset < 0) return record_offset >= 0;
    return std::tie(file, record_offset) < std::tie(other.file, other.record_offset);
  }
};

/// What one column's cells look like: all that type inference needs. Merging commutes: of two samples
/// the one that comes first in the data stays.
struct ColumnProfile {
  std::array<int64_t, kNumCellKinds> num_cells{};
  CellSample first_text;
  CellSample first_huge_integer;

  int64_t Count(CellKind kind) const { return num_cells[static_cast<size_t>(kind)]; }
  void MergeFrom(const ColumnProfile& other);
};

/// The type of a column, or its offending cell.
///
/// int64 when every cell that is not empty is an integer; double when all are numbers and some are not
/// integers (nan and inf count as numbers beside real ones); else utf8; a column without values is utf8.
/// But where there are at least kMinNumbersOfMixed numbers and the texts are under 1 % of the values, the
/// texts are taken for a fault in the data, not for the column's type, and the first one is returned.
struct TypeDecision {
  ColumnType type = ColumnType::kUtf8;
  const CellSample* offending = nullptr;  ///< Points into the profile; null: the type stands.
  int64_t num_numbers = 0;
  int64_t num_values = 0;
};
inline constexpr int64_t kMinNumbersOfMixed = 100;
TypeDecision DecideType(const ColumnProfile& profile);

/// Adds the cells of `grid` to one profile a column. `text_offset`: where the grid's text lies in file number
/// `file`.
void AddToProfiles(const CellGrid& grid, int file, int64_t text_offset, std::span<ColumnProfile> profiles);

/// A cell's text for a message: unquoted, at most 60 bytes, cut between characters, control bytes as spaces.
std::string ReadableCell(Cell cell);

}  // namespace penstock::data::csv
