#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/array.h>

#include "penstock/data/dataset.h"

namespace penstock::data {

enum class Presence : uint8_t { kAbsent, kEmpty, kValue };

/// What ExampleCells keeps of the examples of one dataset that have an identifier.
struct CellTable {
  struct Row {
    uint64_t identifier;
    int64_t shard;
    int64_t row;   ///< In the shard.
    size_t cells;  ///< Where its cells begin in the table.
  };
  std::vector<Row> rows;
  std::vector<uint64_t> hashes;
  std::vector<Presence> presences;  ///< As hashes.
  int64_t num_without_identifier = 0;
  std::vector<std::map<uint64_t, std::string>> texts;  ///< Of the kept columns, values by their hash.

  void Append(CellTable&& other);
};

/// Reads a dataset as hashes: of the identifier, and of each compared column. A scalar counts as a list of
/// one, so that two formats of the same data agree.
class ExampleCells {
 public:
  /// Columns that the dataset lacks are absent everywhere. kNotFound where it lacks an identifier. Of
  /// `kept` (text columns that are compared) the values are kept too.
  static Result<ExampleCells> Make(const Dataset& dataset, const std::vector<std::string>& identifiers,
                                   const std::vector<std::string>& columns,
                                   const std::vector<std::string>& kept,
                                   std::optional<int> float_round_ndigits);

  /// The examples whose identifier falls into `part` of `num_parts`, in order.
  Result<CellTable> Read(int64_t part, int64_t num_parts, const ExecutionOptions& execution) const;
  /// One row as it is.
  Result<Batch> ReadRow(int64_t shard, int64_t row) const;

 private:
  ExampleCells(const Dataset& dataset, std::optional<int> digits) : dataset_(dataset), digits_(digits) {}
  Result<CellTable> ReadShard(int64_t shard, int64_t part, int64_t num_parts,
                              const ExecutionOptions& execution) const;
  struct Column {
    std::vector<uint64_t> hashes;
    std::vector<Presence> presences;
  };
  Result<Column> HashColumn(const Batch& batch, int place) const;
  Status KeepTexts(const Batch& batch, const std::vector<Column>& columns, CellTable& table) const;

  const Dataset& dataset_;
  std::optional<int> digits_;
  std::vector<int> identifiers_;  // Places in the batches.
  std::vector<int> columns_;      // -1: there is none.
  std::vector<size_t> kept_;      // Indices into columns_.
};

}  // namespace penstock::data
