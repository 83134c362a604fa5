#include "penstock/data/csv/column_types.h"

#include <algorithm>

namespace penstock::data::csv {

void ColumnProfile::MergeFrom(const ColumnProfile& other) {
  for (size_t kind = 0; kind < num_cells.size(); ++kind) num_cells[kind] += other.num_cells[kind];
  if (other.first_text.IsBefore(first_text)) first_text = other.first_text;
  if (other.first_huge_integer.IsBefore(first_huge_integer)) first_huge_integer = other.first_huge_integer;
}

TypeDecision DecideType(const ColumnProfile& profile) {
  const int64_t num_integers = profile.Count(CellKind::kInteger);
  const int64_t num_reals = profile.Count(CellKind::kReal);
  const int64_t num_huge = profile.Count(CellKind::kHugeInteger);
  const int64_t num_non_finite = profile.Count(CellKind::kNonFinite);
  // Rounding an identifier of 20 digits to a double would merge it with its neighbours.
  const bool is_huge_text = num_reals == 0;
  const int64_t num_texts = profile.Count(CellKind::kText) + (is_huge_text ? num_huge : 0);
  TypeDecision decision;
  decision.num_numbers = num_integers + num_reals + (is_huge_text ? 0 : num_huge);
  decision.num_values = decision.num_numbers + num_texts + num_non_finite;
  if (num_texts > 0) {
    const bool is_rare = num_texts * 100 < decision.num_values;
    if (decision.num_numbers >= kMinNumbersOfMixed && is_rare)
      decision.offending =
          profile.first_text.record_offset >= 0 ? &profile.first_text : &profile.first_huge_integer;
  } else if (num_reals > 0 || (num_integers > 0 && num_non_finite > 0)) {
    decision.type = ColumnType::kDouble;
  } else if (num_integers > 0) {
    decision.type = ColumnType::kInt64;
  }
  return decision;
}

void AddToProfiles(const CellGrid& grid, int file, int64_t text_offset, std::span<ColumnProfile> profiles) {
  for (int column = 0; column < grid.num_columns; ++column) {
    ColumnProfile& profile = profiles[static_cast<size_t>(column)];
    std::array<int64_t, kNumCellKinds> counts{};
    for (int64_t row = 0; row < grid.num_rows; ++row) {
      const Cell cell = grid.Value(row, column);
      const CellKind kind = Classify(cell.begin, cell.end);
      ++counts[static_cast<size_t>(kind)];
      if (kind != CellKind::kText && kind != CellKind::kHugeInteger) continue;
      CellSample& sample = kind == CellKind::kText ? profile.first_text : profile.first_huge_integer;
      if (sample.record_offset < 0)
        sample = {file, text_offset + grid.RecordStart(row), ReadableCell(grid.At(row, column))};
    }
    for (size_t kind = 0; kind < counts.size(); ++kind) profile.num_cells[kind] += counts[kind];
  }
}

std::string ReadableCell(Cell cell) {
  constexpr int64_t kMaxBytes = 60;
  const Cell inner = cell.Unquoted();
  std::string text(inner.begin, static_cast<size_t>(std::min(inner.size(), kMaxBytes)));
  if (inner.size() > kMaxBytes) {
    while (!text.empty() && (inner.begin[text.size()] & 0xC0) == 0x80) text.pop_back();
    text += "…";
  }
  for (char& byte : text)
    if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F) byte = ' ';
  return text;
}

}  // namespace penstock::data::csv
