#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"

namespace penstock::evaluation {

/// The values of one column of some rows: any number of numbers or texts a row. A null is a row without
/// values.
struct ExampleColumn {
  std::string name;
  std::vector<double> numbers;  ///< Empty where is_text.
  std::vector<std::string> texts;
  std::vector<int64_t> offsets;  ///< Of each row into the values, and the end; empty: one value each row.
  bool is_text = false;
  bool is_integer = false;

  int64_t Size(int64_t row) const {
    if (offsets.empty()) return 1;
    return offsets[static_cast<size_t>(row) + 1] - offsets[static_cast<size_t>(row)];
  }
  int64_t Begin(int64_t row) const { return offsets.empty() ? row : offsets[static_cast<size_t>(row)]; }
  std::span<const double> Numbers(int64_t row) const {
    return std::span(numbers).subspan(static_cast<size_t>(Begin(row)), static_cast<size_t>(Size(row)));
  }
};
using ColumnPointer = std::shared_ptr<const ExampleColumn>;

/// Integers, floats, booleans, texts and bytes, and lists of these, laid flat; kInvalidArgument for other
/// types, kNotFound with the nearest name.
Result<ColumnPointer> ReadExampleColumn(const data::Batch& batch, const std::string& name);

/// The column as numbers: texts like "0.5", "NaN" and "-Infinity" are read; kInvalidArgument for others.
Result<ColumnPointer> AsNumbers(ColumnPointer column);

/// Rows to evaluate, column by column, in units: a unit is what is in a slice or not, and what is resampled.
struct ExampleRows {
  int64_t num_rows = 0;
  std::map<std::string, ColumnPointer> columns;
  /// Rows of unit u are from unit_offsets[u] to unit_offsets[u + 1]; empty: each row is a unit. Units of
  /// several rows are the documents of one query.
  std::vector<int64_t> unit_offsets;
  /// One a unit; equal wherever and with however many threads the rows are read.
  std::vector<uint64_t> unit_ids;

  int64_t num_units() const {
    return unit_offsets.empty() ? num_rows : static_cast<int64_t>(unit_offsets.size()) - 1;
  }
  int64_t UnitBegin(int64_t unit) const {
    return unit_offsets.empty() ? unit : unit_offsets[static_cast<size_t>(unit)];
  }
  int64_t UnitEnd(int64_t unit) const {
    return unit_offsets.empty() ? unit + 1 : unit_offsets[static_cast<size_t>(unit) + 1];
  }
  /// kNotFound with the nearest name.
  Result<ColumnPointer> Find(const std::string& name) const;
};

/// Rows with these columns, each a unit without an id; those of `if_there` where the batch has them.
Result<ExampleRows> ReadExampleRows(const data::Batch& batch, const std::set<std::string>& columns,
                                    const std::set<std::string>& if_there);

}  // namespace penstock::evaluation
