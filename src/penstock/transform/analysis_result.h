#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "penstock/transform/vocabulary.h"

namespace penstock::transform {

/// What can be asked about all of the data. Names in the stored form are NameOf's and never change.
enum class AnalysisKind : uint8_t {
  kMoments,
  kQuantiles,
  kMedian,
  kVocabulary,
  kKeyedMoments,
  kKeyedQuantiles,
  kIntegers,
  kCounts,
  kCovariance,
  kDocuments,
};
inline constexpr int kNumAnalysisKinds = static_cast<int>(AnalysisKind::kDocuments) + 1;
std::string_view NameOf(AnalysisKind kind);

/// Means and extremes of the finite, present values of a column; num_values 0 where there were none.
struct MomentsResult {
  int64_t num_values = 0;
  double mean = 0;
  double variance = 0;  ///< Of the population; exactly 0 for a constant column.
  double minimum = 0;
  double maximum = 0;
  double sum = 0;
  int64_t num_present = 0;  ///< NaN and infinities too.
  double tukey_location = 0;
  double tukey_scale = 1;
  double tukey_left = 0;  ///< The h parameters, which are 0 for what has no long tail.
  double tukey_right = 0;
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

/// Something for every value of a key; keys in byte order.
template <class Value>
struct KeyedResult {
  std::vector<std::string> keys;
  std::vector<Value> values;
  /// The place of `key`, or -1.
  int64_t Find(std::string_view key) const {
    size_t low = 0;
    size_t high = keys.size();
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (keys[middle].compare(key) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low < keys.size() && keys[low] == key ? static_cast<int64_t>(low) : -1;
  }
  bool operator==(const KeyedResult&) const = default;
};
using KeyedMomentsResult = KeyedResult<MomentsResult>;
using KeyedQuantilesResult = KeyedResult<QuantilesResult>;
using CountsResult = KeyedResult<int64_t>;

/// Of integers, exactly; the sum wraps round.
struct IntegersResult {
  int64_t num_values = 0;
  int64_t minimum = INT64_MAX;
  int64_t maximum = -INT64_MAX;
  int64_t sum = 0;
  bool operator==(const IntegersResult&) const = default;
};
/// Of lists of one length; both matrices row by row.
struct CovarianceResult {
  int64_t dimension = 0;
  std::vector<double> covariance;
  std::vector<double> components;  ///< Eigenvectors in columns, by falling eigenvalue.
  bool operator==(const CovarianceResult&) const = default;
};
/// In how many examples each term was; terms rising.
struct DocumentsResult {
  int64_t num_documents = 0;
  std::vector<int64_t> terms;
  std::vector<int64_t> counts;
  bool operator==(const DocumentsResult&) const = default;
};

using AnalysisResult = std::variant<std::monostate, MomentsResult, QuantilesResult, MedianResult,
                                    VocabularyResult, KeyedMomentsResult, KeyedQuantilesResult,
                                    IntegersResult, CountsResult, CovarianceResult, DocumentsResult>;

}  // namespace penstock::transform
