#include "penstock/combine/row_filter.h"

#include <algorithm>
#include <map>
#include <set>

#include "penstock/combine/example_column.h"

namespace penstock::combine {

namespace {

using sql::Expression;
using sql::ExpressionPointer;
using Kind = Expression::Kind;

bool IsOperand(const Expression& node) {
  return node.kind == Kind::kName || node.kind == Kind::kInteger || node.kind == Kind::kReal ||
         node.kind == Kind::kText;
}

/// Whether the condition is one of those on columns, which know no arithmetic and no functions.
Status CheckCondition(const Expression& node) {
  const auto all = [&](auto check, const char* what) -> Status {
    for (const ExpressionPointer& operand : node.operands)
      if (!check(*operand))
        return InvalidArgument("The query has another expression at {} where {} is expected", operand->place,
                               what);
    return OkStatus();
  };
  switch (node.kind) {
    case Kind::kAnd:
    case Kind::kOr:
    case Kind::kNot:
      for (const ExpressionPointer& child : node.operands) PENSTOCK_RETURN_IF_ERROR(CheckCondition(*child));
      return OkStatus();
    case Kind::kIsNull:
      return all([](const Expression& operand) { return operand.kind == Kind::kName; }, "a column before IS");
    case Kind::kCompare:
    case Kind::kIn:
    case Kind::kBetween:
    case Kind::kLike:
      return all(IsOperand, "a column, a number or a text");
    default:
      return InvalidArgument("The query has no condition at {} where a comparison is expected", node.place);
  }
}

/// A value of a row.
struct Value {
  bool is_text = false;
  double number = 0;
  std::string_view text;
};

using Columns = std::map<std::string, ColumnPointer>;
/// The condition with its columns found, so that no name is looked up by row.
struct Bound {
  const Expression* node = nullptr;
  const ExampleColumn* column = nullptr;  ///< Of a name.
  std::vector<Bound> operands;
};

Bound Bind(const Expression& node, const Columns& columns) {
  Bound bound{&node, nullptr, {}};
  if (node.kind == Kind::kName) bound.column = columns.at(sql::ColumnOf(node)).get();
  for (const ExpressionPointer& operand : node.operands) bound.operands.push_back(Bind(*operand, columns));
  return bound;
}

/// Calls `visit` with each value of the operand until it says true.
template <class Visit>
bool AnyValue(const Bound& operand, int64_t row, const Visit& visit) {
  if (operand.column == nullptr) {
    const Expression& constant = *operand.node;
    return visit(Value{constant.kind == Kind::kText, constant.real, constant.text});
  }
  const ExampleColumn& column = *operand.column;
  for (int64_t i = column.Begin(row); i < column.Begin(row) + column.Size(row); ++i) {
    const auto at = static_cast<size_t>(i);
    if (visit(column.is_text ? Value{true, 0, column.texts[at]} : Value{false, column.numbers[at], {}}))
      return true;
  }
  return false;
}

bool Compare(const Value& a, const Value& b, const std::string& comparison) {
  if (a.is_text != b.is_text) return comparison == "!=";
  const auto decide = [&](const auto& x, const auto& y) {
    if (comparison == "=") return x == y;
    if (comparison == "!=") return x != y;
    if (comparison == "<") return x < y;
    if (comparison == "<=") return x <= y;
    if (comparison == ">") return x > y;
    return x >= y;
  };
  return a.is_text ? decide(a.text, b.text) : decide(a.number, b.number);
}

bool AnyPair(const Bound& a, const Bound& b, int64_t row, const std::string& comparison) {
  return AnyValue(a, row, [&](const Value& x) {
    return AnyValue(b, row, [&](const Value& y) { return Compare(x, y, comparison); });
  });
}

bool IsLike(const Bound& a, const Bound& b, int64_t row) {
  return AnyValue(a, row, [&](const Value& text) {
    return text.is_text && AnyValue(b, row, [&](const Value& pattern) {
             return pattern.is_text && sql::IsLike(text.text, pattern.text);
           });
  });
}

bool HoldsFor(const Bound& condition, int64_t row) {
  const auto holds = [&](const Bound& child) { return HoldsFor(child, row); };
  const std::vector<Bound>& operands = condition.operands;
  switch (condition.node->kind) {
    case Kind::kAnd:
      return std::all_of(operands.begin(), operands.end(), holds);
    case Kind::kOr:
      return std::any_of(operands.begin(), operands.end(), holds);
    case Kind::kNot:
      return !holds(operands[0]);
    case Kind::kIsNull:
      return operands[0].column->Size(row) == 0;
    case Kind::kIn:
      return std::any_of(operands.begin() + 1, operands.end(),
                         [&](const Bound& each) { return AnyPair(operands[0], each, row, "="); });
    case Kind::kBetween:
      return AnyPair(operands[0], operands[1], row, ">=") && AnyPair(operands[0], operands[2], row, "<=");
    case Kind::kLike:
      return IsLike(operands[0], operands[1], row);
    default:
      return AnyPair(operands[0], operands[1], row, condition.node->text);
  }
}

void CollectColumns(const Expression& node, std::set<std::string>& columns) {
  if (node.kind == Kind::kName) columns.insert(sql::ColumnOf(node));
  for (const ExpressionPointer& child : node.operands) CollectColumns(*child, columns);
}

}  // namespace

Result<RowFilter> RowFilter::Parse(const std::string& condition) {
  PENSTOCK_ASSIGN_OR_RETURN(ExpressionPointer root, sql::ParseExpression(condition));
  return Make(std::move(root));
}

Result<RowFilter> RowFilter::Make(ExpressionPointer condition) {
  PENSTOCK_RETURN_IF_ERROR(CheckCondition(*condition));
  return RowFilter(std::move(condition));
}

std::vector<std::string> RowFilter::columns() const {
  std::set<std::string> columns;
  CollectColumns(*root_, columns);
  return {columns.begin(), columns.end()};
}

Result<std::vector<bool>> RowFilter::Holds(const data::Batch& batch) const {
  Columns read;
  for (const std::string& name : columns()) {
    PENSTOCK_ASSIGN_OR_RETURN(read[name], ReadExampleColumn(batch, name));
  }
  const Bound condition = Bind(*root_, read);
  std::vector<bool> holds(static_cast<size_t>(batch->num_rows()));
  for (int64_t row = 0; row < batch->num_rows(); ++row)
    holds[static_cast<size_t>(row)] = HoldsFor(condition, row);
  return holds;
}

Result<SliceQuery> ParseSliceQuery(const std::string& text) {
  PENSTOCK_ASSIGN_OR_RETURN(const sql::StructQuery parsed, sql::ParseStructQuery(text));
  SliceQuery query;
  for (const auto& column : parsed.columns) {
    query.columns.push_back(column.name);
    query.names.push_back(column.as);
  }
  if (parsed.where != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(query.filter, RowFilter::Make(parsed.where));
  }
  return query;
}

}  // namespace penstock::combine
