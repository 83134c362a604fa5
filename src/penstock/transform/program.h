#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/transform/analysis_result.h"
#include "penstock/transform/feature_schema.h"
#include "penstock/transform/transform_spec.h"
#include "penstock/transform/value_type.h"
#include "penstock/transform/vocabulary_options.h"

namespace penstock::transform {

/// What a node does. Names in the stored form are NameOf's and never change.
enum class Operator : uint8_t {
  // clang-format off
  kColumn, kLiteral, kCast, kAdd, kSubtract, kMultiply, kDivide, kModulo, kNegate, kAbsolute, kMinimum,
  kMaximum, kPower, kLess, kLessEqual, kEqual, kNotEqual, kAnd, kOr, kNot, kIf, kLog, kLog1p, kExp, kSqrt,
  kFloor, kCeil, kRound, kIsMissing, kIsNan, kCoalesce, kHash, kOneHot, kCross,
  // These apply the result of an analysis.
  kImputeMean, kImputeMedian, kZScore, kMinMax, kBucketize, kVocabulary,
  // What these take and give stands in operator_table.cc. Numbers:
  kSigmoid, kTanh, kSign, kSin, kCos, kTan, kExpm1, kErf, kFloorDivide, kFloorNumber, kCeilNumber,
  kRoundNumber, kInterpolate, kApplyBuckets,
  // Text and time:
  kLower, kUpper, kStrip, kTextLength, kSubstring, kRegexReplace, kRegexMatch, kFormat, kParseNumber,
  kParseInteger, kJoin,
  kTimePart, kParseTime, kFormatTime,
  // Lists:
  kSplit, kConcatenate, kNgrams, kDeduplicate, kPosition, kSegment, kListSize, kListSum, kListMean,
  kListMinimum, kListMaximum, kListProduct, kListArgmax, kListArgmin, kListJoin, kOnly, kStack, kPad, kDropFirst,
  kLeftAlign, kElement, kNumbers, kMatrixMultiply, kVectorValues,
  // Results of analyses, as they are or applied; by key, by position:
  kStatistic, kStatisticByPosition, kZScorePerKey, kMinMaxPerKey, kBoundaries, kGaussian, kGaussianPerKey,
  kIntegerStatistic, kInterpolateQuantiles, kBoundariesByPosition, kBucketizePerKey, kKeys, kKeyCounts,
  kKeyIndex, kRangeBucket, kRangeBoundaries, kBucketCounts, kCovariance, kPrincipalComponents,
  kDocumentFrequency, kIdf, kTfidfTerms, kTfidfWeights, kVocabularySize,
  // clang-format on
};
inline constexpr int kNumOperators = static_cast<int>(Operator::kVocabularySize) + 1;
std::string_view NameOf(Operator op);
std::optional<Operator> OperatorOf(std::string_view name);

/// One value per example, made of earlier ones. A plain value. What the parameters mean to an operator of
/// operator_table.cc stands there.
struct Node {
  Operator op = Operator::kLiteral;
  ValueType type = ValueType::kNumber;  ///< Of the result.
  std::vector<int32_t> inputs;          ///< Nodes that come before this one.
  std::string text;                     ///< kColumn: its name. kLiteral: its text.
  /// kLiteral (booleans too); kHash: hash_buckets; kOneHot: depth; kVocabulary: default_value.
  int64_t integer = 0;
  int64_t num_oov_buckets = 0;    ///< kVocabulary.
  double number = 0;              ///< kLiteral; kMinMax: output_min.
  double output_max = 0;          ///< kMinMax.
  int32_t analysis = -1;          ///< Of the operators that apply one.
  std::string second_text;        ///< A rewrite, a separator.
  std::vector<int64_t> integers;  ///< Positions, lengths, modes; kHash: none, or the two words of a key.
  std::vector<double> numbers;    ///< Boundaries; kOneHot: none, or what is hot and what is not.
  bool is_list = false;           ///< Any number of values an example instead of one.
  /// Numbers are rounded to float32 and integers wrapped to int32, as TensorFlow's of these types are.
  bool is_narrow = false;

  bool operator==(const Node&) const = default;
};

/// A question about all of the data, and its answer once there is one.
struct Analysis {
  AnalysisKind kind = AnalysisKind::kMoments;
  int32_t input = 0;              ///< The node whose values are asked about.
  int32_t key = -1;               ///< kKeyed...: the text node whose values are the keys.
  int32_t weight = -1;            ///< kQuantiles, kKeyedQuantiles, kVocabulary: a number node, or none.
  int32_t label = -1;             ///< kVocabulary: the integer node that tokens shall tell of, or none.
  int64_t num_buckets = 0;        ///< kQuantiles, kKeyedQuantiles.
  bool is_narrow = false;         ///< Of moments and integers: of float32 or int32, as TFT has them.
  bool is_by_position = false;    ///< Of keyed moments, while they are made: the key is the place in a list.
  bool needs_tukey = false;       ///< kMoments: the tukey_ results too, which needs every value.
  bool needs_components = false;  ///< kCovariance: its eigenvectors too.
  VocabularyOptions vocabulary;   ///< kVocabulary; its file_name for kKeyed... and kCounts too.
  AnalysisResult result;

  bool is_resolved() const { return result.index() != 0; }
  /// input, and key, weight and label where there are.
  std::vector<int32_t> Inputs() const;
};

/// A transform as a list of nodes in an order in which they can be computed. Shared by
/// plans (analyses open) and graphs (all resolved).
struct Program {
  struct Output {
    std::string name;
    int32_t node = 0;
    bool operator==(const Output&) const = default;
  };
  std::vector<Node> nodes;
  std::vector<Analysis> analyses;
  std::vector<Output> features;
  std::vector<Output> summaries;  ///< What is told of the data as a whole, beside the features.
  /// A kNumber node, or none. Of kMultilabelClassification: a kVocabulary of lists, or lists of as many
  /// numbers as there are class_names.
  int32_t label = -1;
  int32_t weight = -1;  ///< A kNumber node, or none.
  int32_t query = -1;   ///< Of kRanking, and of it only: a kInteger or kText node.
  Task task = Task::kNone;
  std::vector<std::string> class_names;  ///< Where the label's vocabulary does not name the classes.
  bool is_tft_compatible = false;
  bool allows_any_output = false;
};

/// What kStatistic gives: Node::integer. Stored as numbers: never reorder.
enum class Statistic : uint8_t {
  // clang-format off
  kMean, kVariance, kMinimum, kMaximum, kSum, kCount, kTukeyLocation, kTukeyScale, kTukeyLeft, kTukeyRight
  // clang-format on
};
inline constexpr int64_t kNumStatistics = 10;

/// Node::integer of a kCast from numbers to integers that shall go as TensorFlow's does.
inline constexpr int64_t kCastAsTensorFlow = 1;
/// Node::integer of a kModulo or kFloorDivide of integers that fails at a division by 0, as TensorFlow's
/// does, instead of having no value there.
inline constexpr int64_t kFailsAtZero = 1;

inline constexpr int64_t kMaxNodes = 1'000'000;
inline constexpr int64_t kMaxClasses = 4096;
/// The vocabulary_file of classes, which stand in order of their names and not of how often they are.
inline constexpr std::string_view kClassVocabularyFile = "label_classes";
inline constexpr int64_t kMaxOneHotDepth = 4096;
inline constexpr int64_t kMaxQuantileBuckets = 100'000;
inline constexpr int64_t kMaxHashBuckets = INT64_MAX;
inline constexpr int64_t kMaxOovBuckets = int64_t{1} << 40;
inline constexpr int64_t kMaxRegexBytes = int64_t{8} << 20;  ///< Of a compiled one.
inline constexpr int64_t kMaxFormatWidth = 100;
inline constexpr int64_t kMaxFormatPrecision = 100;
inline constexpr int64_t kMaxNgram = 100;
inline constexpr int64_t kMaxDimension = 1024;  ///< Of a covariance.
inline constexpr int64_t kMaxPaddedSize = 65'536;
inline constexpr int64_t kNumTimeParts = 8;

/// The type of what `node` gives for inputs of these types, or why it cannot be computed.
Result<ValueType> ResultType(const Node& node, const std::vector<ValueType>& inputs);
/// Whether it gives lists, given which of its inputs do, or why it cannot take them.
Result<bool> ResultIsList(const Node& node, const std::vector<bool>& inputs);
/// Whether it goes value by value, so that it does to lists what it does to their values.
bool IsElementwise(Operator op);
/// Whether `op` applies the answer to an analysis of this kind.
bool Applies(Operator op, AnalysisKind kind);
bool AppliesAnalysis(Operator op);

/// kInternal where any index, type or parameter does not fit, or (`is_resolved`) a result is
/// missing or impossible: what passes can be evaluated on any batch without harm.
Status CheckProgram(const Program& program, bool is_resolved);

/// For every analysis the pass, from 1, in which all it needs is known.
std::vector<int> StagesOf(const Program& program);
/// Which nodes have to be computed for `wanted`; one flag a node.
std::vector<bool> NeededFor(const Program& program, const std::vector<int32_t>& wanted);
/// The columns that `wanted` reads, sorted by name.
std::vector<InputColumn> ColumnsOf(const Program& program, const std::vector<int32_t>& wanted);
/// The vocabulary whose ids the label are; null where it has none.
const Analysis* LabelVocabulary(const Program& program);
/// What output `output` of a checked program looks like. Bucket counts of vocabularies are 0 until resolved.
FeatureSchema SchemaOf(const Program& program, const Program::Output& output);

}  // namespace penstock::transform
