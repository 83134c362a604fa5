#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/transform/feature_schema.h"
#include "penstock/transform/transform_spec.h"
#include "penstock/transform/value_type.h"
#include "penstock/transform/vocabulary.h"

namespace penstock::transform {

/// What a node does. Names in the stored form are NameOf's and never change.
enum class Operator : uint8_t {
  // clang-format off
  kColumn, kLiteral, kCast, kAdd, kSubtract, kMultiply, kDivide, kModulo, kNegate, kAbsolute, kMinimum,
  kMaximum, kPower, kLess, kLessEqual, kEqual, kNotEqual, kAnd, kOr, kNot, kIf, kLog, kLog1p, kExp, kSqrt,
  kFloor, kCeil, kRound, kIsMissing, kIsNan, kCoalesce, kHash, kOneHot, kCross,
  // These apply the result of an analysis.
  kImputeMean, kImputeMedian, kZScore, kMinMax, kBucketize, kVocabulary,
  // clang-format on
};
inline constexpr int kNumOperators = static_cast<int>(Operator::kVocabulary) + 1;
std::string_view NameOf(Operator op);
std::optional<Operator> OperatorOf(std::string_view name);

/// One value per example, made of earlier ones. A plain value.
struct Node {
  Operator op = Operator::kLiteral;
  ValueType type = ValueType::kNumber;  ///< Of the result.
  std::vector<int32_t> inputs;          ///< Nodes that come before this one.
  std::string text;                     ///< kColumn: its name. kLiteral: its text.
  int64_t integer =
      0;  ///< kLiteral (booleans too); kHash: hash_buckets; kOneHot: depth; kVocabulary: default_value.
  int64_t num_oov_buckets = 0;  ///< kVocabulary.
  double number = 0;            ///< kLiteral; kMinMax: output_min.
  double output_max = 0;        ///< kMinMax.
  int32_t analysis = -1;        ///< Of the operators that apply one.

  bool operator==(const Node&) const = default;
};

/// Means and extremes of the finite, present values of a column; num_values 0 where there were none.
struct MomentsResult {
  int64_t num_values = 0;
  double mean = 0;
  double variance = 0;  ///< Of the population; exactly 0 for a constant column.
  double minimum = 0;
  double maximum = 0;
  bool operator==(const MomentsResult&) const = default;
};
/// Rising, repeated ones kept; num_buckets - 1 of them, or none where there were no values.
struct QuantilesResult {
  std::vector<double> boundaries;
  bool operator==(const QuantilesResult&) const = default;
};
struct MedianResult {
  std::optional<double> median;
  bool operator==(const MedianResult&) const = default;
};
using VocabularyResult = std::shared_ptr<const Vocabulary>;

enum class AnalysisKind : uint8_t { kMoments, kQuantiles, kMedian, kVocabulary };
std::string_view NameOf(AnalysisKind kind);

/// A question about all of the data, and its answer once there is one.
struct Analysis {
  AnalysisKind kind = AnalysisKind::kMoments;
  int32_t input = 0;                ///< The node whose values are asked about.
  int64_t num_buckets = 0;          ///< kQuantiles.
  int64_t top_k = -1;               ///< kVocabulary; -1: all.
  int64_t frequency_threshold = 0;  ///< kVocabulary: rarer tokens are left out.
  std::variant<std::monostate, MomentsResult, QuantilesResult, MedianResult, VocabularyResult> result;

  bool is_resolved() const { return result.index() != 0; }
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
  int32_t label = -1;   ///< A kNumber node, or none.
  int32_t weight = -1;  ///< A kNumber node, or none.
  Task task = Task::kNone;
};

inline constexpr int64_t kMaxNodes = 1'000'000;
inline constexpr int64_t kMaxOneHotDepth = 4096;
inline constexpr int64_t kMaxQuantileBuckets = 100'000;
inline constexpr int64_t kMaxHashBuckets = INT64_MAX;
inline constexpr int64_t kMaxOovBuckets = int64_t{1} << 40;

/// The type of what `node` gives for inputs of these types, or why it cannot be computed.
Result<ValueType> ResultType(const Node& node, const std::vector<ValueType>& inputs);
/// The analysis an operator applies; nothing for those that apply none.
std::optional<AnalysisKind> AnalysisOf(Operator op);

/// kInternal where any index, type or parameter does not fit, or (`is_resolved`) a result is
/// missing or impossible: what passes can be evaluated on any batch without harm.
Status CheckProgram(const Program& program, bool is_resolved);

/// For every analysis the pass, from 1, in which all it needs is known.
std::vector<int> StagesOf(const Program& program);
/// Which nodes have to be computed for `wanted`; one flag a node.
std::vector<bool> NeededFor(const Program& program, const std::vector<int32_t>& wanted);
/// The columns that `wanted` reads, sorted by name.
std::vector<InputColumn> ColumnsOf(const Program& program, const std::vector<int32_t>& wanted);
/// What output `output` of a checked program looks like. Bucket counts of vocabularies are 0 until resolved.
FeatureSchema SchemaOf(const Program& program, const Program::Output& output);

}  // namespace penstock::transform
