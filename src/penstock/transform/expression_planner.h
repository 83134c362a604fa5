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
  /// The node of `value`, text, integers or booleans, as text.
  Result<int32_t> AsTokens(const Value& value, const Expression& at, std::string_view who);

  struct Parameter;
  struct Function;
  using Method = Result<Value> (ExpressionPlanner::*)(const Expression& call, const Arguments& arguments);
  /// All there are, by name. Built once.
  static const std::vector<Function>& Functions();

 private:
  // The families: each appends its own.
  static void AddNumericFunctions(std::vector<Function>& functions);
  static void AddScalingFunctions(std::vector<Function>& functions);
  static void AddStatisticFunctions(std::vector<Function>& functions);
  static void AddBucketFunctions(std::vector<Function>& functions);
  static void AddVocabularyFunctions(std::vector<Function>& functions);
  static void AddTextFunctions(std::vector<Function>& functions);
  static void AddListFunctions(std::vector<Function>& functions);

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
  /// `node` as another type, or another width (`is_narrow`: only with compat: tft, or where asked for).
  Result<int32_t> Cast(int32_t node, ValueType type, bool is_narrow, const Expression& at);
  /// Both as one numeric type, or both text, or both boolean.
  Result<std::pair<int32_t, int32_t>> Unify(const Value& left, const Expression& left_at, const Value& right,
                                            const Expression& right_at, std::string_view doing,
                                            bool is_numeric_only);
  /// All arguments as one type.
  Result<std::vector<int32_t>> UnifyAll(const Expression& call, const Arguments& arguments);
  /// Node::integer of the remainder or quotient of `dividend`.
  int64_t FailsAtZero(int32_t dividend) const;
  Value ValueOf(int32_t node) const { return {.node = node, .type = builder_.node(node).type, .column = ""}; }
  bool is_tft() const { return builder_.program().is_tft_compatible; }

  Result<int64_t> IntegerLiteral(const Expression* argument, std::string_view name, int64_t absent,
                                 int64_t least, int64_t most);
  Result<double> NumberLiteral(const Expression* argument, std::string_view name, double absent);
  Result<std::string> TextLiteral(const Expression* argument, std::string_view name,
                                  const std::string& absent);
  Result<bool> BooleanLiteral(const Expression* argument, std::string_view name, bool absent);
  /// Of a list in brackets; none where it is not given.
  Result<std::vector<std::string>> TextsLiteral(const Expression* argument, std::string_view name);
  Result<std::vector<double>> NumbersLiteral(const Expression* argument, std::string_view name);
  static bool IsListLiteral(const Expression& expression);
  /// One of `words`, of which the first stands for an argument that is not given.
  Result<size_t> ChoiceLiteral(const Expression* argument, std::string_view name,
                               const std::vector<std::string>& words);

  /// Whether means of `x` are of float32: with compat: tft, unless x or `output_dtype` is of 64 bits.
  Result<bool> IsNarrowResult(const Expression* output_dtype, int32_t x);
  /// A node that applies an analysis of its first input (and, by key, its second).
  Result<Value> MakeAnalyzed(Node node, Analysis analysis, const Expression& call);
  /// The place of each value of x in its list, as text: what elementwise analyses go by.
  Result<int32_t> PlanPositionKey(int32_t x, const Expression& at);
  /// `arguments` from `first` on are those of kVocabularyParameters.
  Result<Analysis> PlanVocabularyAnalysis(int32_t x, const Arguments& arguments, size_t first,
                                          const Expression& call);
  Result<Value> MakeVocabulary(int32_t x, Analysis vocabulary, const Expression* default_value,
                               const Expression* num_oov_buckets, const Expression& call);
  /// The edges of a histogram: as a list, and the bucket of each value of x.
  struct HistogramNodes {
    int32_t boundaries = -1;
    int32_t bucket = -1;
    int64_t num_buckets = 0;
  };
  Result<HistogramNodes> PlanHistogramNodes(const Expression& call, const Arguments& arguments);
  /// The counts of a histogram's buckets or, categorical, of the values.
  Result<Value> PlanCounts(const HistogramNodes& nodes, const Expression& call);

  Result<Value> PlanIf(const Expression& call, const Arguments& arguments);
  Result<Value> PlanNumericFunction(const Expression& call, const Arguments& arguments);
  Result<Value> PlanRounding(const Expression& call, const Arguments& arguments);
  Result<Value> PlanAbsolute(const Expression& call, const Arguments& arguments);
  Result<Value> PlanTwoNumbers(const Expression& call, const Arguments& arguments);
  Result<Value> PlanExtreme(const Expression& call, const Arguments& arguments);
  Result<Value> PlanClip(const Expression& call, const Arguments& arguments);
  Result<Value> PlanFiniteness(const Expression& call, const Arguments& arguments);
  Result<Value> PlanIsMissing(const Expression& call, const Arguments& arguments);
  Result<Value> PlanConversion(const Expression& call, const Arguments& arguments);
  Result<Value> PlanImpute(const Expression& call, const Arguments& arguments);
  Result<Value> PlanTime(const Expression& call, const Arguments& arguments);

  Result<Value> PlanZScore(const Expression& call, const Arguments& arguments);
  Result<Value> PlanMinMax(const Expression& call, const Arguments& arguments);
  Result<Value> PlanPerKey(const Expression& call, const Arguments& arguments);
  Result<Value> PlanGaussian(const Expression& call, const Arguments& arguments);

  Result<Value> PlanStatistic(const Expression& call, const Arguments& arguments);
  Result<Value> PlanTukeyTails(const Expression& call, const Arguments& arguments);
  Result<Value> PlanCovariance(const Expression& call, const Arguments& arguments);
  Result<Value> PlanCountPerKey(const Expression& call, const Arguments& arguments);
  Result<Value> PlanHistogram(const Expression& call, const Arguments& arguments);
  Result<Value> PlanDensity(const Expression& call, const Arguments& arguments);
  Result<Value> PlanTfidf(const Expression& call, const Arguments& arguments);

  Result<Value> PlanBucketize(const Expression& call, const Arguments& arguments);
  Result<Value> PlanBucketizePerKey(const Expression& call, const Arguments& arguments);
  Result<Value> PlanQuantiles(const Expression& call, const Arguments& arguments);
  Result<Value> PlanApplyBuckets(const Expression& call, const Arguments& arguments);

  Result<Value> PlanVocabulary(const Expression& call, const Arguments& arguments);
  Result<Value> PlanVocabularyAlone(const Expression& call, const Arguments& arguments);
  Result<Value> PlanApplyVocabulary(const Expression& call, const Arguments& arguments);
  Result<Value> PlanNumBuckets(const Expression& call, const Arguments& arguments);
  Result<Value> PlanHash(const Expression& call, const Arguments& arguments);
  Result<Value> PlanOneHot(const Expression& call, const Arguments& arguments);
  Result<Value> PlanCross(const Expression& call, const Arguments& arguments);

  Result<Value> PlanTextFunction(const Expression& call, const Arguments& arguments);
  Result<Value> PlanToNumber(const Expression& call, const Arguments& arguments);
  Result<Value> PlanSubstring(const Expression& call, const Arguments& arguments);
  Result<Value> PlanRegex(const Expression& call, const Arguments& arguments);
  Result<Value> PlanFormat(const Expression& call, const Arguments& arguments);
  Result<Value> PlanJoin(const Expression& call, const Arguments& arguments);
  Result<Value> PlanSplit(const Expression& call, const Arguments& arguments);

  Result<Value> PlanNgrams(const Expression& call, const Arguments& arguments);
  Result<Value> PlanListFunction(const Expression& call, const Arguments& arguments);
  Result<Value> PlanListOfAll(const Expression& call, const Arguments& arguments);
  Result<Value> PlanPad(const Expression& call, const Arguments& arguments);
  Result<Value> PlanElement(const Expression& call, const Arguments& arguments);
  Result<Value> PlanMatrixMultiply(const Expression& call, const Arguments& arguments);

  const ExpressionSource& source_;
  ProgramBuilder& builder_;
};

}  // namespace penstock::transform
