#include <array>
#include <cmath>
#include <utility>

#include "penstock/transform/function_table.h"

namespace penstock::transform {
namespace {

constexpr std::array<std::pair<std::string_view, Statistic>, 12> kStatistics = {
    {{"mean", Statistic::kMean},
     {"var", Statistic::kVariance},
     {"min", Statistic::kMinimum},
     {"minimum", Statistic::kMinimum},
     {"max", Statistic::kMaximum},
     {"maximum", Statistic::kMaximum},
     {"sum", Statistic::kSum},
     {"size", Statistic::kCount},
     {"tukey_location", Statistic::kTukeyLocation},
     {"tukey_scale", Statistic::kTukeyScale},
     {"tukey_left", Statistic::kTukeyLeft},
     {"tukey_right", Statistic::kTukeyRight}}};

Statistic StatisticOf(std::string_view name) {
  for (const auto& [known, statistic] : kStatistics) {
    if (known == name) return statistic;
  }
  return Statistic::kMean;
}

}  // namespace

using Value = ExpressionPlanner::Value;

void ExpressionPlanner::AddStatisticFunctions(std::vector<Function>& functions) {
  using P = ExpressionPlanner;
  const Parameter reduce = Option("reduce_instance_dims");
  const Parameter type = Option("output_dtype");
  const std::vector<Function> own = {
      {"mean", "mean(x)", {{"x"}, reduce, type}, &P::PlanStatistic, false, "tft.mean"},
      {"var", "var(x)", {{"x"}, reduce, type}, &P::PlanStatistic, false, "tft.var"},
      {"sum", "sum(x)", {{"x"}, reduce}, &P::PlanStatistic, false, "tft.sum"},
      {"size", "size(x)", {{"x"}, reduce}, &P::PlanStatistic, false, "tft.size"},
      {"minimum", "minimum(x)", {{"x"}, reduce}, &P::PlanStatistic, false, "tft.min"},
      {"maximum", "maximum(x)", {{"x"}, reduce}, &P::PlanStatistic, false, "tft.max"},
      {"tukey_location",
       "tukey_location(x)",
       {{"x"}, reduce, type},
       &P::PlanStatistic,
       false,
       "tft.tukey_location"},
      {"tukey_scale", "tukey_scale(x)", {{"x"}, reduce, type}, &P::PlanStatistic, false, "tft.tukey_scale"},
      {"tukey_left",
       "tukey_left(x)",
       {{"x"}, reduce, type},
       &P::PlanStatistic,
       false,
       "tft.tukey_h_params: the first"},
      {"tukey_right",
       "tukey_right(x)",
       {{"x"}, reduce, type},
       &P::PlanStatistic,
       false,
       "tft.tukey_h_params: the second"},
      {"tukey_h_params", "tukey_h_params(x)", {{"x"}, type}, &P::PlanTukeyTails, false, "tft.tukey_h_params"},
      {"covariance", "covariance(x)", {{"x"}}, &P::PlanCovariance, false, "tft.covariance"},
      {"pca", "pca(x, output_dim)", {{"x"}, {"output_dim"}}, &P::PlanCovariance, false, "tft.pca"},
      {"count_per_key",
       "count_per_key(key)",
       {{"key"}, Option("key_vocabulary_filename")},
       &P::PlanCountPerKey,
       false,
       "tft.count_per_key: the counts"},
      {"distinct_keys",
       "distinct_keys(key)",
       {{"key"}, Option("key_vocabulary_filename")},
       &P::PlanCountPerKey,
       false,
       "tft.count_per_key: the keys"},
      {"histogram",
       "histogram(x, boundaries=10, categorical=false)",
       {{"x"}, {"boundaries", false}, Option("categorical")},
       &P::PlanHistogram,
       false,
       "tft.histogram: the counts"},
      {"histogram_boundaries",
       "histogram_boundaries(x, boundaries=10, categorical=false)",
       {{"x"}, {"boundaries", false}, Option("categorical")},
       &P::PlanHistogram,
       false,
       "tft.histogram: the boundaries"},
      {"estimated_probability_density",
       "estimated_probability_density(x, boundaries=10, categorical=false)",
       {{"x"}, {"boundaries", false}, Option("categorical")},
       &P::PlanDensity,
       false,
       "tft.estimated_probability_density"},
      {"tfidf",
       "tfidf(x, vocab_size, smooth=true)",
       {{"x"}, {"vocab_size"}, {"smooth", false}},
       &P::PlanTfidf,
       false,
       "tft.tfidf: the weights"},
      {"tfidf_terms",
       "tfidf_terms(x, vocab_size, smooth=true)",
       {{"x"}, {"vocab_size"}, {"smooth", false}},
       &P::PlanTfidf,
       false,
       "tft.tfidf: the ids"},
      {"idf",
       "idf(x, vocab_size, smooth=true, add_baseline=true)",
       {{"x"}, {"vocab_size"}, {"smooth", false}, Option("add_baseline")},
       &P::PlanTfidf,
       false,
       "tft.experimental.idf"},
      {"document_frequency",
       "document_frequency(x, vocab_size)",
       {{"x"}, {"vocab_size"}},
       &P::PlanTfidf,
       false,
       "tft.experimental.document_frequency"},
  };
  functions.insert(functions.end(), own.begin(), own.end());
}

Result<Value> ExpressionPlanner::PlanStatistic(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(Value value, Plan(*arguments[0]));
  PENSTOCK_ASSIGN_OR_RETURN(bool is_reduced, BooleanLiteral(arguments[1], "reduce_instance_dims", true));
  // One value an example has no places to keep apart.
  is_reduced = is_reduced || value.node < 0 || !builder_.node(value.node).is_list;
  const Statistic statistic = StatisticOf(call.text);
  const bool is_counted = statistic == Statistic::kCount;
  if (is_counted && value.type == ValueType::kText) {
    // Their number is all that counts of texts.
    PENSTOCK_ASSIGN_OR_RETURN(
        value, Make({.op = Operator::kTextLength, .inputs = {value.node}, .integers = {0}}, call));
  }
  const bool is_exact = statistic == Statistic::kMinimum || statistic == Statistic::kMaximum ||
                        statistic == Statistic::kSum || is_counted;
  const bool is_integer = value.type == ValueType::kInteger && is_exact;
  if (is_integer && is_reduced) {
    Node node{.op = Operator::kIntegerStatistic, .inputs = {value.node}};
    node.integer = static_cast<int64_t>(statistic);
    const bool is_narrow = builder_.node(value.node).is_narrow;
    return MakeAnalyzed(std::move(node), {.kind = AnalysisKind::kIntegers, .is_narrow = is_narrow}, call);
  }
  // Integers stay exact as far as doubles go.
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, is_integer
                                                 ? Cast(value.node, ValueType::kNumber, false, call)
                                                 : As(ValueType::kNumber, value, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_narrow,
                            IsNarrowResult(arguments.size() > 2 ? arguments[2] : nullptr, x));
  Node node{.op = is_reduced ? Operator::kStatistic : Operator::kStatisticByPosition, .inputs = {x}};
  node.integer = static_cast<int64_t>(statistic);
  node.is_narrow = is_narrow && !is_counted;
  Analysis analysis{.is_narrow = is_narrow};
  analysis.needs_tukey = statistic >= Statistic::kTukeyLocation;
  if (!is_reduced) {
    analysis.kind = AnalysisKind::kKeyedMoments;
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t key, PlanPositionKey(x, call));
    node.inputs.push_back(key);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Value number, MakeAnalyzed(std::move(node), std::move(analysis), call));
  if (!is_integer && !is_counted) return number;
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t whole, Cast(number.node, ValueType::kInteger, false, call));
  return ValueOf(whole);
}

/// [left, right].
Result<Value> ExpressionPlanner::PlanTukeyTails(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_narrow, IsNarrowResult(arguments[1], x));
  Node tails{.op = Operator::kStack};
  for (const Statistic statistic : {Statistic::kTukeyLeft, Statistic::kTukeyRight}) {
    Node node{.op = Operator::kStatistic, .inputs = {x}};
    node.integer = static_cast<int64_t>(statistic);
    node.is_narrow = is_narrow;
    PENSTOCK_ASSIGN_OR_RETURN(
        const Value tail, MakeAnalyzed(std::move(node), {.is_narrow = is_narrow, .needs_tukey = true}, call));
    tails.inputs.push_back(tail.node);
  }
  return Make(std::move(tails), call);
}

Result<Value> ExpressionPlanner::PlanCovariance(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  const bool is_pca = call.text == "pca";
  Node node{.op = is_pca ? Operator::kPrincipalComponents : Operator::kCovariance, .inputs = {x}};
  node.is_narrow = is_tft() && builder_.node(x).is_narrow;
  if (is_pca) {
    PENSTOCK_ASSIGN_OR_RETURN(node.integer, IntegerLiteral(arguments[1], "output_dim", 1, 1, kMaxDimension));
  }
  return MakeAnalyzed(std::move(node), {.kind = AnalysisKind::kCovariance, .needs_components = is_pca}, call);
}

Result<Value> ExpressionPlanner::PlanCountPerKey(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value key, Plan(*arguments[0]));
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t tokens, AsTokens(key, *arguments[0], call.text));
  Analysis counts{.kind = AnalysisKind::kCounts};
  PENSTOCK_ASSIGN_OR_RETURN(counts.vocabulary.file_name,
                            TextLiteral(arguments[1], "key_vocabulary_filename", ""));
  const bool is_counts = call.text == "count_per_key";
  PENSTOCK_ASSIGN_OR_RETURN(
      const Value made,
      MakeAnalyzed({.op = is_counts ? Operator::kKeyCounts : Operator::kKeys, .inputs = {tokens}},
                   std::move(counts), call));
  if (is_counts || key.type != ValueType::kInteger) return made;
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t whole, Cast(made.node, ValueType::kInteger, false, call));
  return ValueOf(whole);
}

Result<ExpressionPlanner::HistogramNodes> ExpressionPlanner::PlanHistogramNodes(const Expression& call,
                                                                                const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kNumber, *arguments[0], call.text));
  HistogramNodes nodes;
  const Expression* const given = arguments[1];
  if (given != nullptr && !IsListLiteral(*given)) {
    PENSTOCK_ASSIGN_OR_RETURN(const int64_t num_boundaries,
                              IntegerLiteral(given, "boundaries", 0, 2, kMaxQuantileBuckets));
    nodes.num_buckets = num_boundaries - 1;
    for (const Operator op : {Operator::kRangeBoundaries, Operator::kRangeBucket}) {
      Node node{.op = op, .inputs = {x}};
      node.integer = num_boundaries;
      node.is_narrow = is_tft() && op == Operator::kRangeBoundaries;
      PENSTOCK_ASSIGN_OR_RETURN(const Value made,
                                MakeAnalyzed(std::move(node), {.is_narrow = is_tft()}, call));
      (op == Operator::kRangeBucket ? nodes.bucket : nodes.boundaries) = made.node;
    }
    return nodes;
  }
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<double> boundaries, NumbersLiteral(given, "boundaries"));
  if (given == nullptr) {
    for (int i = 0; i <= 10; ++i) boundaries.push_back(i / 10.0);
  }
  if (boundaries.size() < 2) return Error(*given, "boundaries must be at least two numbers");
  // TFT moves them all by a ten-thousandth, so that what lies on one goes right of it.
  for (double& boundary : boundaries) {
    if (is_tft()) boundary = static_cast<float>(boundary) - 0.0001F;
  }
  nodes.num_buckets = static_cast<int64_t>(boundaries.size()) - 1;
  PENSTOCK_ASSIGN_OR_RETURN(const Value list, Make({.op = Operator::kNumbers, .numbers = boundaries}, call));
  nodes.boundaries = list.node;
  Node bucket{.op = Operator::kApplyBuckets, .inputs = {x}};
  bucket.integer = is_tft() ? 1 : 0;
  bucket.numbers.assign(boundaries.begin() + 1, boundaries.end() - 1);
  if (bucket.numbers.empty()) bucket.numbers.push_back(HUGE_VAL);
  PENSTOCK_ASSIGN_OR_RETURN(const Value made, Make(std::move(bucket), call));
  nodes.bucket = made.node;
  return nodes;
}

Result<Value> ExpressionPlanner::PlanCounts(const HistogramNodes& nodes, const Expression& call) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t tokens, Cast(nodes.bucket, ValueType::kText, false, call));
  Node counts{.op = Operator::kBucketCounts, .inputs = {tokens}};
  counts.integer = nodes.num_buckets;
  return MakeAnalyzed(std::move(counts), {.kind = AnalysisKind::kCounts}, call);
}

Result<Value> ExpressionPlanner::PlanHistogram(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_categorical, BooleanLiteral(arguments[2], "categorical", false));
  const bool is_counts = call.text == "histogram";
  if (is_categorical) {
    Expression keyed = call;
    keyed.text = is_counts ? "count_per_key" : "distinct_keys";
    return PlanCountPerKey(keyed, {arguments[0], nullptr});
  }
  PENSTOCK_ASSIGN_OR_RETURN(const HistogramNodes nodes, PlanHistogramNodes(call, arguments));
  return is_counts ? PlanCounts(nodes, call) : Result<Value>(ValueOf(nodes.boundaries));
}

/// The share of all values that is in x's bucket, by the bucket's width; of a category its share alone.
Result<Value> ExpressionPlanner::PlanDensity(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_categorical, BooleanLiteral(arguments[2], "categorical", false));
  Value counts;
  HistogramNodes nodes;
  if (is_categorical) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t tokens, PlanAsTokens(*arguments[0], call.text));
    PENSTOCK_ASSIGN_OR_RETURN(counts, MakeAnalyzed({.op = Operator::kKeyCounts, .inputs = {tokens}},
                                                   {.kind = AnalysisKind::kCounts}, call));
    PENSTOCK_ASSIGN_OR_RETURN(const Value place, MakeAnalyzed({.op = Operator::kKeyIndex, .inputs = {tokens}},
                                                              {.kind = AnalysisKind::kCounts}, call));
    nodes.bucket = place.node;
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(nodes, PlanHistogramNodes(call, arguments));
    PENSTOCK_ASSIGN_OR_RETURN(counts, PlanCounts(nodes, call));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t numbers, Cast(counts.node, ValueType::kNumber, is_tft(), call));
  PENSTOCK_ASSIGN_OR_RETURN(Value divisor, Make({.op = Operator::kListSum, .inputs = {numbers}}, call));
  if (!is_categorical) {
    std::array<int32_t, 2> edges = {};
    for (const bool is_last : {false, true}) {
      Node place{.op = Operator::kLiteral, .type = ValueType::kInteger};
      place.integer = is_last ? nodes.num_buckets : 0;
      PENSTOCK_ASSIGN_OR_RETURN(const Value at, Make(std::move(place), call));
      PENSTOCK_ASSIGN_OR_RETURN(
          const Value edge, Make({.op = Operator::kElement, .inputs = {nodes.boundaries, at.node}}, call));
      edges[is_last ? 1 : 0] = edge.node;
    }
    PENSTOCK_ASSIGN_OR_RETURN(const Value range,
                              Make({.op = Operator::kSubtract, .inputs = {edges[1], edges[0]}}, call));
    Node literal{.op = Operator::kLiteral, .type = ValueType::kNumber};
    literal.number = static_cast<double>(nodes.num_buckets);
    PENSTOCK_ASSIGN_OR_RETURN(const Value number, Make(std::move(literal), call));
    PENSTOCK_ASSIGN_OR_RETURN(const Value width,
                              Make({.op = Operator::kDivide, .inputs = {range.node, number.node}}, call));
    PENSTOCK_ASSIGN_OR_RETURN(divisor,
                              Make({.op = Operator::kMultiply, .inputs = {divisor.node, width.node}}, call));
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Value count,
                            Make({.op = Operator::kElement, .inputs = {numbers, nodes.bucket}}, call));
  PENSTOCK_ASSIGN_OR_RETURN(const Value density,
                            Make({.op = Operator::kDivide, .inputs = {count.node, divisor.node}}, call));
  // What was never seen has no bucket, and a density of 0.
  Node zero{.op = Operator::kLiteral, .type = ValueType::kNumber};
  PENSTOCK_ASSIGN_OR_RETURN(const Value none, Make(std::move(zero), call));
  return Make({.op = Operator::kCoalesce, .inputs = {density.node, none.node}}, call);
}

Result<Value> ExpressionPlanner::PlanTfidf(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kInteger, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t size, PlanAs(ValueType::kInteger, *arguments[1], call.text));
  // An id that is none of the vocabulary's (-1) counts as its last ones do, as in TFT.
  Node rest{.op = Operator::kModulo, .inputs = {x, size}};
  rest.integer = FailsAtZero(x);
  PENSTOCK_ASSIGN_OR_RETURN(const Value ids, Make(std::move(rest), call));
  bool is_smooth = true;
  bool has_baseline = true;
  if (arguments.size() > 2) {
    PENSTOCK_ASSIGN_OR_RETURN(is_smooth, BooleanLiteral(arguments[2], "smooth", true));
  }
  if (arguments.size() > 3) {
    PENSTOCK_ASSIGN_OR_RETURN(has_baseline, BooleanLiteral(arguments[3], "add_baseline", true));
  }
  Node node{.op = call.text == "tfidf"         ? Operator::kTfidfWeights
                  : call.text == "tfidf_terms" ? Operator::kTfidfTerms
                  : call.text == "idf"         ? Operator::kIdf
                                               : Operator::kDocumentFrequency,
            .inputs = {ids.node}};
  node.integer = is_smooth ? 1 : 0;
  node.num_oov_buckets = has_baseline ? 1 : 0;
  node.is_narrow = is_tft() && (call.text == "tfidf" || call.text == "idf");
  return MakeAnalyzed(std::move(node), {.kind = AnalysisKind::kDocuments}, call);
}

}  // namespace penstock::transform
