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

namespace {

bool IsListType(const arrow::DataType& type) {
  return type.id() == arrow::Type::LIST || type.id() == arrow::Type::LARGE_LIST ||
         type.id() == arrow::Type::FIXED_SIZE_LIST;
}

}  // namespace

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
  if (IsListType(type)) {
    if (const std::optional<ValueType> known = ValueTypeOf(*type.field(0)->type());
        known.has_value() && *known != ValueType::kAny) {
      return *known;
    }
  }
  return InvalidArgument(
      "column '{}' is of type {}, which expressions do not read; store it as integer, float or text", name,
      type.ToString());
}

bool ProgramBuilder::IsListColumn(std::string_view name) const {
  const auto column = columns_.find(name);
  return column != columns_.end() && IsListType(*column->second.type);
}

namespace {

/// Whether compat: tft has a result in float32 or int32, going by the inputs, of which literals fit anywhere.
bool IsNarrow(const Node& node, const std::vector<const Node*>& inputs) {
  const bool is_number = node.type == ValueType::kNumber;
  const bool is_said = node.op == Operator::kCast || node.op == Operator::kParseNumber ||
                       node.op == Operator::kParseInteger || node.op == Operator::kTextLength ||
                       AppliesAnalysis(node.op);
  if (is_said || (!is_number && node.type != ValueType::kInteger)) return node.is_narrow;
  bool has_any = false;
  bool are_all = true;
  for (const Node* input : inputs) {
    if (input->type != node.type || input->op == Operator::kLiteral) continue;
    has_any = true;
    are_all = are_all && input->is_narrow;
  }
  return has_any ? are_all : is_number;
}

}  // namespace

Result<int32_t> ProgramBuilder::Add(Node node) {
  std::vector<ValueType> types;
  std::vector<bool> lists;
  std::vector<const Node*> inputs;
  for (const int32_t input : node.inputs) {
    types.push_back(this->node(input).type);
    lists.push_back(this->node(input).is_list);
    inputs.push_back(&this->node(input));
  }
  PENSTOCK_ASSIGN_OR_RETURN(node.type, ResultType(node, types));
  PENSTOCK_ASSIGN_OR_RETURN(node.is_list, ResultIsList(node, lists));
  if (program_.is_tft_compatible) node.is_narrow = IsNarrow(node, inputs);
  // Bit patterns, so that 0.0 and -0.0 stay apart and NaN equals itself.
  std::vector<uint64_t> numbers;
  for (const double number : node.numbers) numbers.push_back(std::bit_cast<uint64_t>(number));
  const std::string key = fmt::format(
      "{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}", NameOf(node.op), NameOf(node.type), node.is_list,
      node.is_narrow, fmt::join(node.inputs, ","), node.integer, node.num_oov_buckets,
      std::bit_cast<uint64_t>(node.number), std::bit_cast<uint64_t>(node.output_max), node.analysis,
      fmt::join(node.integers, ","), fmt::join(numbers, ","), node.text.size(), node.text, node.second_text);
  const auto [entry, is_new] = nodes_by_key_.try_emplace(key, static_cast<int32_t>(program_.nodes.size()));
  if (is_new && static_cast<int64_t>(program_.nodes.size()) >= kMaxNodes) {
    return InvalidArgument("the features have more than {} parts", kMaxNodes);
  }
  if (is_new) program_.nodes.push_back(std::move(node));
  return entry->second;
}

int32_t ProgramBuilder::AddAnalysis(Analysis analysis) {
  const VocabularyOptions& options = analysis.vocabulary;
  std::string key = fmt::format("{}:{}:{}:{}:{}:{}:{}:{}:{}", NameOf(analysis.kind), analysis.input,
                                analysis.key, analysis.weight, analysis.label, analysis.num_buckets,
                                analysis.is_narrow, analysis.needs_tukey, analysis.needs_components);
  key +=
      fmt::format(":{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}:{}", options.top_k, options.frequency_threshold,
                  options.has_threshold, options.stores_frequency, options.keeps_all_tokens,
                  options.is_shuffled, options.is_adjusted, options.min_diff_from_avg, options.coverage_top_k,
                  options.coverage_threshold, options.has_coverage_threshold, options.reserved_tokens.size());
  for (const std::string* text : {&options.file_name, &options.token_when_empty, &options.coverage_key})
    key += fmt::format(":{}:{}", text->size(), *text);
  for (const std::string& token : options.reserved_tokens) key += fmt::format(":{}:{}", token.size(), token);
  const auto [entry, is_new] =
      analyses_by_key_.try_emplace(key, static_cast<int32_t>(program_.analyses.size()));
  if (is_new) program_.analyses.push_back(std::move(analysis));
  return entry->second;
}

}  // namespace penstock::transform
