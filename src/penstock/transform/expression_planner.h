#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/transform/expression.h"
#include "penstock/transform/program_builder.h"

namespace penstock::transform {

/// Turns one parsed expression into typed nodes. Not for concurrent use.
class ExpressionPlanner {
 public:
  /// What an expression amounts to.
  struct Value {
    int32_t node = -1;  ///< Not yet there for kAny.
    ValueType type = ValueType::kAny;
    std::string column;  ///< Of kAny: the column without any value.
  };
  /// A function's arguments in the order of its parameters; null where not given. All those
  /// of a variadic one.
  using Arguments = std::vector<const Expression*>;

  ExpressionPlanner(const ExpressionSource& source, ProgramBuilder& builder)
      : source_(source), builder_(builder) {}

  Result<Value> Plan(const Expression& expression);
  /// The node of `value` as `wanted`: integers become numbers, a column without values anything.
  Result<int32_t> As(ValueType wanted, const Value& value, const Expression& at, std::string_view who);

 private:
  struct Parameter;
  struct Function;
  using Method = Result<Value> (ExpressionPlanner::*)(const Expression& call, const Arguments& arguments);
  static const std::vector<Function>& Functions();

  Status Error(const Expression& at, std::string_view sentence) const;
  Status TypeError(const Expression& at, ValueType is, std::string_view wanted, std::string_view hint) const;
  Result<Value> Make(Node node, const Expression& at);
  Result<Value> PlanLiteral(const Expression& expression);
  Result<Value> PlanColumn(const Expression& expression);
  Result<Value> PlanCall(const Expression& call);
  Result<Value> PlanOperator(const Expression& call);
  Result<Value> PlanBinary(Operator op, const Expression& call, const Expression& left,
                           const Expression& right);
  Result<Arguments> Bind(const Function& function, const Expression& call);
  Status UnknownFunction(const Expression& call) const;
  /// "log(x)", or "" where there is no such function.
  static std::string SignatureOf(std::string_view name);

  Result<int32_t> PlanAs(ValueType wanted, const Expression& expression, std::string_view who);
  /// Text, integers and booleans, as text.
  Result<int32_t> PlanAsTokens(const Expression& expression, std::string_view who);
  /// Both as one numeric type, or both text, or both boolean.
  Result<std::pair<int32_t, int32_t>> Unify(const Value& left, const Expression& left_at, const Value& right,
                                            const Expression& right_at, std::string_view doing,
                                            bool is_numeric_only);
  Result<int64_t> IntegerLiteral(const Expression* argument, std::string_view name, int64_t absent,
                                 int64_t least, int64_t most);
  Result<double> NumberLiteral(const Expression* argument, std::string_view name, double absent);

  // One for each family of functions.
  Result<Value> PlanIf(const Expression& call, const Arguments& arguments);
  Result<Value> PlanNumericFunction(const Expression& call, const Arguments& arguments);
  Result<Value> PlanRounding(const Expression& call, const Arguments& arguments);
  Result<Value> PlanAbsolute(const Expression& call, const Arguments& arguments);
  Result<Value> PlanPower(const Expression& call, const Arguments& arguments);
  Result<Value> PlanExtreme(const Expression& call, const Arguments& arguments);
  Result<Value> PlanIsMissing(const Expression& call, const Arguments& arguments);
  Result<Value> PlanConversion(const Expression& call, const Arguments& arguments);
  Result<Value> PlanImpute(const Expression& call, const Arguments& arguments);
  Result<Value> PlanZScore(const Expression& call, const Arguments& arguments);
  Result<Value> PlanMinMax(const Expression& call, const Arguments& arguments);
  Result<Value> PlanBucketize(const Expression& call, const Arguments& arguments);
  Result<Value> PlanVocabulary(const Expression& call, const Arguments& arguments);
  Result<Value> PlanHash(const Expression& call, const Arguments& arguments);
  Result<Value> PlanOneHot(const Expression& call, const Arguments& arguments);
  Result<Value> PlanCross(const Expression& call, const Arguments& arguments);

  const ExpressionSource& source_;
  ProgramBuilder& builder_;
};

}  // namespace penstock::transform
