#include "penstock/transform/program_builder.h"

#include <bit>

#include "penstock/base/near_miss.h"

namespace penstock::transform {

std::optional<ValueType> ValueTypeOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
      return ValueType::kInteger;
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
      return ValueType::kNumber;
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
      return ValueType::kText;
    case arrow::Type::BOOL:
      return ValueType::kBoolean;
    case arrow::Type::NA:
      return ValueType::kAny;
    case arrow::Type::DICTIONARY:
      return ValueTypeOf(*static_cast<const arrow::DictionaryType&>(type).value_type());
    default:
      return std::nullopt;
  }
}

ProgramBuilder::ProgramBuilder(const arrow::Schema& input) {
  for (const std::shared_ptr<arrow::Field>& field : input.fields()) {
    auto [column, is_new] = columns_.try_emplace(field->name(), Column{field->type(), false});
    if (!is_new) column->second.is_duplicate = true;
  }
}

Result<ValueType> ProgramBuilder::TypeOfColumn(std::string_view name) const {
  const auto column = columns_.find(name);
  if (column == columns_.end()) {
    std::vector<std::string> names;
    for (const auto& [known, unused] : columns_) names.push_back(known);
    return NotFound("there is no column named '{}'{}", name, DidYouMean(name, names));
  }
  if (column->second.is_duplicate) return InvalidArgument("the data has two columns named '{}'", name);
  const arrow::DataType& type = *column->second.type;
  if (const std::optional<ValueType> known = ValueTypeOf(type)) return *known;
  const bool is_list = type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST ||
                       type.id() == arrow::Type::FIXED_SIZE_LIST;
  if (is_list) {
    return InvalidArgument("column '{}' holds several values an example; expressions read columns of one",
                           name);
  }
  return InvalidArgument(
      "column '{}' is of type {}, which expressions do not read; store it as integer, float or text", name,
      type.ToString());
}

Result<int32_t> ProgramBuilder::Add(Node node) {
  std::vector<ValueType> types;
  for (const int32_t input : node.inputs) types.push_back(this->node(input).type);
  PENSTOCK_ASSIGN_OR_RETURN(node.type, ResultType(node, types));
  // Bit patterns, so that 0.0 and -0.0 stay apart and NaN equals itself.
  const std::string key = fmt::format("{}:{}:{}:{}:{}:{}:{}:{}:{}", NameOf(node.op), NameOf(node.type),
                                      fmt::join(node.inputs, ","), node.integer, node.num_oov_buckets,
                                      std::bit_cast<uint64_t>(node.number),
                                      std::bit_cast<uint64_t>(node.output_max), node.analysis, node.text);
  const auto [entry, is_new] = nodes_by_key_.try_emplace(key, static_cast<int32_t>(program_.nodes.size()));
  if (is_new && static_cast<int64_t>(program_.nodes.size()) >= kMaxNodes) {
    return InvalidArgument("the features have more than {} parts", kMaxNodes);
  }
  if (is_new) program_.nodes.push_back(std::move(node));
  return entry->second;
}

int32_t ProgramBuilder::AddAnalysis(Analysis analysis) {
  const std::string key = fmt::format("{}:{}:{}:{}:{}", NameOf(analysis.kind), analysis.input,
                                      analysis.num_buckets, analysis.top_k, analysis.frequency_threshold);
  const auto [entry, is_new] =
      analyses_by_key_.try_emplace(key, static_cast<int32_t>(program_.analyses.size()));
  if (is_new) program_.analyses.push_back(std::move(analysis));
  return entry->second;
}

}  // namespace penstock::transform
