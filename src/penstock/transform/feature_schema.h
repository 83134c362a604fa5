#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/transform/value_type.h"

namespace penstock::transform {

/// A column that a transform reads.
struct InputColumn {
  std::string name;
  ValueType type = ValueType::kNumber;  ///< kInteger, kNumber, kText or kBoolean.
  bool is_list = false;                 ///< Any number of values an example.
  bool operator==(const InputColumn&) const = default;
};

enum class FeatureKind : uint8_t {
  kNumeric,      ///< float64 column, or int64 for integers and booleans (0 and 1).
  kCategorical,  ///< int64 column of ids in [0, num_buckets), or the vocabulary's default_value (-1) for an
                 ///< unknown token.
  kVector,       ///< list<float> column, every row of `width` values and none null.
};
/// "numeric", "categorical", "vector".
std::string_view NameOf(FeatureKind kind);

/// What one output of a transform looks like.
struct FeatureSchema {
  std::string name;
  FeatureKind kind = FeatureKind::kNumeric;
  ValueType type = ValueType::kNumber;  ///< kInteger, kNumber, kBoolean or kVector.
  int64_t num_buckets = 0;  ///< Of kCategorical: number of ids, out-of-vocabulary buckets included.
  bool is_ordered = false;  ///< Of kCategorical: ids rise with the value (bucketize).
  int64_t width = 1;        ///< Number of columns in a dense matrix.
  /// Lists, and kText above, only come from files with `outputs: any`, which have no label.
  bool is_list = false;
  bool operator==(const FeatureSchema&) const = default;

  /// The dense matrix's column names: "miles", or "hour[0]" ... "hour[23]".
  std::vector<std::string> DenseNames() const;
};

/// The sum of the widths: columns of the dense matrix, in feature order.
int64_t DenseWidth(const std::vector<FeatureSchema>& features);

/// Names of the label, weight and query columns in what TransformGraph::Apply returns. No
/// feature can be called so.
inline constexpr std::string_view kLabelColumn = "__label__";
inline constexpr std::string_view kWeightColumn = "__weight__";
inline constexpr std::string_view kQueryColumn = "__query__";

}  // namespace penstock::transform
