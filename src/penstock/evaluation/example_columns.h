#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/combine/example_column.h"
#include "penstock/data/batch.h"

namespace penstock::evaluation {

using combine::AsNumbers;
using combine::ColumnPointer;
using combine::ExampleColumn;
using combine::ReadExampleColumn;

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
