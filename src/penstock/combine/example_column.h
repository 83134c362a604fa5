#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"

namespace penstock::combine {

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

/// Integers, floats, booleans, texts and bytes, and lists of these, laid flat where they are lists of lists;
/// kInvalidArgument for other types, kNotFound with the nearest name.
Result<ColumnPointer> ReadExampleColumn(const data::Batch& batch, const std::string& name);

/// The column as numbers: texts like "0.5", "NaN" and "-Infinity" are read; kInvalidArgument for others.
Result<ColumnPointer> AsNumbers(ColumnPointer column);

}  // namespace penstock::combine
