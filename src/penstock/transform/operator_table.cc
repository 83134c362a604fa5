#include "penstock/transform/operator_table.h"

#include <algorithm>
#include <cmath>

#include <re2/re2.h>

namespace penstock::transform {
namespace {

constexpr ValueType kInteger = ValueType::kInteger;
constexpr ValueType kNumber = ValueType::kNumber;
constexpr ValueType kText = ValueType::kText;
constexpr ValueType kBoolean = ValueType::kBoolean;
/// As a result: that of the first input. As an input: any single value.
constexpr ValueType kAny = ValueType::kAny;

const std::vector<OperatorTraits>& Table() {
  using enum Operator;
  using enum ListRule;
  using Kind = AnalysisKind;
  static const std::vector<OperatorTraits> table = {
      {kSigmoid, "sigmoid", {kNumber}, kNumber},
      {kTanh, "tanh", {kNumber}, kNumber},
      {kSign, "sign", {kNumber}, kNumber},
      {kSin, "sin", {kNumber}, kNumber},
      {kCos, "cos", {kNumber}, kNumber},
      {kTan, "tan", {kNumber}, kNumber},
      {kExpm1, "expm1", {kNumber}, kNumber},
      {kErf, "erf", {kNumber}, kNumber},
      {kFloorDivide, "floor_divide", {kAny, kAny}, kAny},
      {kFloorNumber, "floor_number", {kNumber}, kNumber},
      {kCeilNumber, "ceil_number", {kNumber}, kNumber},
      {kRoundNumber, "round_number", {kNumber}, kNumber},
      {kInterpolate, "interpolate", {kNumber}, kNumber},
      {kApplyBuckets, "apply_buckets", {kNumber}, kInteger},
      {kLower, "lower", {kText}, kText},
      {kUpper, "upper", {kText}, kText},
      {kStrip, "strip", {kText}, kText},
      {kTextLength, "text_length", {kText}, kInteger},
      {kSubstring, "substring", {kText}, kText},
      {kRegexReplace, "regex_replace", {kText}, kText},
      {kRegexMatch, "regex_full_match", {kText}, kBoolean},
      {kFormat, "format", {kAny}, kText},
      {kParseNumber, "parse_number", {kText}, kNumber},
      {kParseInteger, "parse_integer", {kText}, kInteger},
      {kJoin, "join", {kText}, kText, kElementwise, {}, true},
      {kTimePart, "time_part", {kInteger}, kInteger},
      {kParseTime, "parse_time", {kText}, kInteger},
      {kFormatTime, "format_time", {kInteger}, kText},
      {kSplit, "split", {kText}, kText, kMakesList},
      {kConcatenate, "concatenate", {kAny, kAny}, kAny, kListToList},
      {kNgrams, "ngrams", {kText}, kText, kListToList},
      {kDeduplicate, "deduplicate", {kAny}, kAny, kListToList},
      {kPosition, "position", {kAny}, kInteger, kListToList},
      {kSegment, "segment", {kInteger}, kInteger},
      {kListSize, "list_size", {kAny}, kInteger, kListToOne},
      {kListSum, "list_sum", {kNumber}, kNumber, kListToOne},
      {kListMean, "list_mean", {kNumber}, kNumber, kListToOne},
      {kListMinimum, "list_minimum", {kNumber}, kNumber, kListToOne},
      {kListMaximum, "list_maximum", {kNumber}, kNumber, kListToOne},
      {kListProduct, "list_product", {kAny}, kAny, kListToOne},
      {kListArgmax, "list_argmax", {kNumber}, kInteger, kListToOne},
      {kListArgmin, "list_argmin", {kNumber}, kInteger, kListToOne},
      {kListJoin, "list_join", {kText}, kText, kListToOne},
      {kOnly, "only", {kAny}, kAny, kListToOne},
      {kStack, "stack", {kAny}, kAny, kMakesList, {}, true},
      {kPad, "pad", {kAny, kAny}, kAny, kListToList},
      {kDropFirst, "drop_first", {kAny}, kAny, kListToList},
      {kLeftAlign, "left_align", {kAny}, kAny, kListToList},
      {kElement, "element", {kNumber, kInteger}, kNumber, kListToOne},
      {kNumbers, "numbers", {}, kNumber, kMakesList},
      {kMatrixMultiply, "matrix_multiply", {kNumber, kNumber}, kNumber, kListToList},
      {kVectorValues, "vector_values", {ValueType::kVector}, kNumber, kMakesList},
      {kStatistic, "statistic", {kNumber}, kNumber, kIgnores, Kind::kMoments},
      {kStatisticByPosition,
       "statistic_by_position",
       {kNumber, kText},
       kNumber,
       kIgnoresAndMakesList,
       Kind::kKeyedMoments},
      {kZScorePerKey, "z_score_per_key", {kNumber, kText}, kNumber, kElementwise, Kind::kKeyedMoments},
      {kMinMaxPerKey, "min_max_per_key", {kNumber, kText}, kNumber, kElementwise, Kind::kKeyedMoments},
      {kBoundaries, "boundaries", {kNumber}, kNumber, kIgnoresAndMakesList, Kind::kQuantiles},
      {kGaussian, "gaussian", {kNumber}, kNumber, kElementwise, Kind::kMoments},
      {kGaussianPerKey, "gaussian_per_key", {kNumber, kText}, kNumber, kElementwise, Kind::kKeyedMoments},
      {kIntegerStatistic, "integer_statistic", {kInteger}, kInteger, kIgnores, Kind::kIntegers},
      {kInterpolateQuantiles, "interpolate_quantiles", {kNumber}, kNumber, kElementwise, Kind::kQuantiles},
      {kBoundariesByPosition,
       "boundaries_by_position",
       {kNumber, kText},
       kNumber,
       kIgnoresAndMakesList,
       Kind::kKeyedQuantiles},
      {kBucketizePerKey,
       "bucketize_per_key",
       {kNumber, kText},
       kInteger,
       kElementwise,
       Kind::kKeyedQuantiles},
      {kKeys, "keys", {kText}, kText, kIgnoresAndMakesList, Kind::kCounts},
      {kKeyCounts, "key_counts", {kText}, kInteger, kIgnoresAndMakesList, Kind::kCounts},
      {kKeyIndex, "key_index", {kText}, kInteger, kElementwise, Kind::kCounts},
      {kRangeBucket, "range_bucket", {kNumber}, kInteger, kElementwise, Kind::kMoments},
      {kRangeBoundaries, "range_boundaries", {kNumber}, kNumber, kIgnoresAndMakesList, Kind::kMoments},
      {kBucketCounts, "bucket_counts", {kText}, kInteger, kIgnoresAndMakesList, Kind::kCounts},
      {kCovariance, "covariance", {kNumber}, kNumber, kIgnoresAndMakesList, Kind::kCovariance},
      {kPrincipalComponents,
       "principal_components",
       {kNumber},
       kNumber,
       kIgnoresAndMakesList,
       Kind::kCovariance},
      {kDocumentFrequency, "document_frequency", {kInteger}, kInteger, kElementwise, Kind::kDocuments},
      {kIdf, "idf", {kInteger}, kNumber, kElementwise, Kind::kDocuments},
      {kTfidfTerms, "tfidf_terms", {kInteger}, kInteger, kListToList, Kind::kDocuments},
      {kTfidfWeights, "tfidf_weights", {kInteger}, kNumber, kListToList, Kind::kDocuments},
      {kVocabularySize, "vocabulary_size", {kText}, kInteger, kIgnores, Kind::kVocabulary},
  };
  return table;
}

bool AreBoundaries(const std::vector<double>& numbers) {
  return !numbers.empty() && std::is_sorted(numbers.begin(), numbers.end()) &&
         std::none_of(numbers.begin(), numbers.end(), [](double boundary) { return std::isnan(boundary); });
}

/// Regular expressions and what goes with them.
Status CheckRegex(const Node& node) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxRegexBytes);
  const RE2 pattern(node.text, options);
  if (!pattern.ok()) return InvalidArgument("this is no regular expression: {}", pattern.error());
  std::string error;
  if (node.op == Operator::kRegexReplace && !pattern.CheckRewriteString(node.second_text, &error))
    return InvalidArgument("the rewrite does not fit the pattern: {}", error);
  return OkStatus();
}

bool IsFormat(const Node& node) {
  return node.integers.size() == 2 && node.integers[0] >= -1 && node.integers[0] <= kMaxFormatWidth &&
         node.integers[1] >= -1 && node.integers[1] <= kMaxFormatPrecision && node.text.size() == 1 &&
         std::string_view("feg").find(node.text) != std::string_view::npos && node.second_text.size() <= 1 &&
         std::string_view("0-+ ").find(node.second_text) != std::string_view::npos;
}

}  // namespace

const OperatorTraits* TraitsOf(Operator op) {
  // The table is in the order of the enumerators.
  constexpr size_t kFirst = static_cast<size_t>(Operator::kVocabulary) + 1;
  const auto place = static_cast<size_t>(op);
  return place < kFirst ? nullptr : &Table()[place - kFirst];
}

Status CheckParameters(const Node& node) {
  const auto has = [&](size_t num_integers) { return node.integers.size() == num_integers; };
  bool fits = true;
  switch (node.op) {
    case Operator::kMinMaxPerKey:
      fits = std::isfinite(node.number) && std::isfinite(node.output_max) && node.number < node.output_max;
      break;
    case Operator::kTextLength:
    case Operator::kLower:
    case Operator::kUpper:
      fits = has(1);
      break;
    case Operator::kSubstring:
      fits = has(3) && node.integers[0] > INT64_MIN && node.integers[1] >= 0;
      break;
    case Operator::kSplit:
      fits = has(2) && node.integers[0] >= 0 && node.integers[0] <= 6;
      break;
    case Operator::kNgrams:
      fits = has(2) && node.integers[0] >= 1 && node.integers[1] >= node.integers[0] &&
             node.integers[1] <= kMaxNgram;
      break;
    case Operator::kFormat:
      fits = IsFormat(node);
      break;
    case Operator::kRegexReplace:
    case Operator::kRegexMatch:
      return CheckRegex(node);
    case Operator::kStatistic:
    case Operator::kStatisticByPosition:
    case Operator::kIntegerStatistic:
      fits = node.integer >= 0 && node.integer < kNumStatistics;
      break;
    case Operator::kInterpolate:
    case Operator::kApplyBuckets:
      fits = AreBoundaries(node.numbers);
      break;
    case Operator::kRangeBucket:
    case Operator::kRangeBoundaries:
      fits = node.integer >= 2 && node.integer <= kMaxQuantileBuckets;
      break;
    case Operator::kBucketCounts:
      fits = node.integer >= 0 && node.integer <= kMaxQuantileBuckets;
      break;
    case Operator::kPrincipalComponents:
      fits = node.integer >= 1 && node.integer <= kMaxDimension;
      break;
    case Operator::kPad:
      fits = node.integer >= 0 && node.integer <= kMaxPaddedSize;
      break;
    case Operator::kTimePart:
      fits = node.integer >= 0 && node.integer < kNumTimeParts;
      break;
    case Operator::kParseTime:
    case Operator::kFormatTime:
      fits = !node.text.empty() && node.text.size() <= 256;
      break;
    default:
      break;
  }
  return fits ? OkStatus() : InvalidArgument("{} has a parameter out of range", NameOf(node.op));
}

bool IsElementwise(Operator op) {
  const OperatorTraits* const traits = TraitsOf(op);
  return traits == nullptr || traits->lists == ListRule::kElementwise;
}

Result<bool> ResultIsList(const Node& node, const std::vector<bool>& inputs) {
  if (node.op == Operator::kColumn) return node.is_list;
  const bool has_list = std::find(inputs.begin(), inputs.end(), true) != inputs.end();
  if (node.op == Operator::kOneHot && has_list)
    return InvalidArgument("one_hot takes one value an example, and this is a list");
  const OperatorTraits* const traits = TraitsOf(node.op);
  switch (traits == nullptr ? ListRule::kElementwise : traits->lists) {
    case ListRule::kElementwise:
      return has_list;
    case ListRule::kMakesList:
      if (has_list) return InvalidArgument("{} takes one value an example, and this is a list", traits->name);
      return true;
    case ListRule::kListToList:
    case ListRule::kIgnoresAndMakesList:
      return true;
    case ListRule::kListToOne:
    case ListRule::kIgnores:
      return false;
  }
  return Internal("No list rule for {}", NameOf(node.op));
}

}  // namespace penstock::transform
