#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <arrow/type.h>

#include "penstock/base/status.h"
#include "penstock/transform/program.h"

namespace penstock::transform {

/// The type a transform sees in data of Arrow type `type`; kAny for the null type,
/// nothing where a transform cannot read it (lists, dates, structs).
std::optional<ValueType> ValueTypeOf(const arrow::DataType& type);

/// Collects a program's nodes and analyses, each but once: asking for one that is
/// there gives that one. Not for concurrent use.
class ProgramBuilder {
 public:
  explicit ProgramBuilder(const arrow::Schema& input);

  /// The node's index. Its type is set from its inputs; for columns, literals and casts it must be given.
  Result<int32_t> Add(Node node);
  int32_t AddAnalysis(Analysis analysis);
  const Node& node(int32_t index) const { return program_.nodes[static_cast<size_t>(index)]; }

  /// A column's type (of a list's values); kNotFound with the nearest name, kInvalidArgument where it is
  /// there twice, or is of a type no transform reads.
  Result<ValueType> TypeOfColumn(std::string_view name) const;
  /// Whether it has any number of values an example.
  bool IsListColumn(std::string_view name) const;
  bool HasColumn(std::string_view name) const { return columns_.find(name) != columns_.end(); }

  Program& program() { return program_; }

 private:
  struct Column {
    std::shared_ptr<arrow::DataType> type;
    bool is_duplicate = false;
  };
  std::map<std::string, Column, std::less<>> columns_;
  Program program_;
  std::unordered_map<std::string, int32_t> nodes_by_key_;
  std::unordered_map<std::string, int32_t> analyses_by_key_;
};

}  // namespace penstock::transform
