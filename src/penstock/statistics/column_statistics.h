#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include <arrow/array.h>
#include <arrow/type.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/combine/state_codec.h"
#include "penstock/statistics/byte_summary.h"
#include "penstock/statistics/category_summary.h"
#include "penstock/statistics/nested_valency.h"
#include "penstock/statistics/number_summary.h"
#include "penstock/statistics/options.h"
#include "penstock/statistics/semantic_summary.h"
#include "penstock/statistics/valency_summary.h"
#include "penstock/statistics/weighted_summary.h"

namespace penstock::statistics {

/// As what a feature is described.
enum class ColumnRole : uint8_t {
  kUnknown = 0,  ///< The data say nothing of its type (no example has it).
  kInteger = 1,
  kReal = 2,
  kString = 3,
  kBytes = 4,               ///< Strings that the schema calls bytes.
  kCategoricalInteger = 5,  ///< Numbers that the schema calls categorical: described as strings.
  kCategoricalReal = 6,
  kUnknownBytes = 7,  ///< As kUnknown, and the schema calls it bytes.
  kStruct = 8,        ///< Only how often it is there; its fields are features.
};

/// The type that the statistics name for `role`. TFDV has no "unknown" and says STRING.
tensorflow::metadata::v0::FeatureNameStatistics::Type FeatureTypeOf(ColumnRole role);

/// Everything seen of one feature: what DatasetStatistics keeps per column.
///
/// Exact: counts, extremes, zeros, NaNs, lengths, UTF-8 faults; uniques and top values up to
/// kMaxExactDistinct distinct values; median and histograms up to QuantileSketch::capacity() values or
/// distinct values (2048 at the default epsilon). Above: see combine/{frequencies,quantile_sketch}.h.
/// Memory is bounded by these, and by Shrink where that is too much. Copyable; one thread at a time.
class ColumnStatistics {
 public:
  /// What to keep besides the plain statistics.
  struct Extras {
    bool is_weighted = false;
    bool has_semantics = false;
    int nest_level = 1;  ///< Lists around a value; a plain value is a list of one.
    bool operator==(const Extras&) const = default;
  };
  ColumnStatistics(ColumnRole role, double epsilon, const Extras& extras);

  /// `column` of the type that the role was chosen for, or a list of it. `weights`: of the examples, where
  /// weighted; else none.
  Status Add(const arrow::Array& column, std::span<const double> weights = {});
  Status Merge(const ColumnStatistics& from);
  /// `out` gets type, common and typed statistics; not the path. `num_parents`: examples, or of a struct's
  /// field the structs.
  void Finish(int64_t num_parents, double weighted_num_parents, const StatisticsOptions& options,
              tensorflow::metadata::v0::FeatureNameStatistics& out) const;

  ColumnRole role() const { return role_; }
  /// What the parts take that grow with the data.
  int64_t num_bytes() const;
  /// Halves the memory of those parts, about, at the price of exactness; false where that is no longer
  /// possible.
  bool Shrink();
  /// Values at the innermost level: of a struct, how often its fields could be there.
  int64_t total_num_values() const { return valency_.total_num_values(); }
  double weighted_total_num_values() const {
    return weighted_presence_.has_value() ? weighted_presence_->total_num_values() : 0;
  }

  void Encode(combine::StateWriter& writer) const;
  /// kDataLoss where the state is not one of `role`.
  static Result<ColumnStatistics> Decode(ColumnRole role, double epsilon, const Extras& extras,
                                         combine::StateReader& reader);

 private:
  using Values = std::variant<std::monostate, NumberSummary, CategorySummary, ByteSummary>;
  static Values MakeValues(ColumnRole role, double epsilon);
  template <class ListArray>
  Status AddLists(const ListArray& lists, std::span<const double> weights);
  Status AddNested(const arrow::Array& lists, std::span<const double> weights);
  void AddFlat(const arrow::Array& values, std::span<const double> weights);
  void AddValues(const arrow::Array& values, std::span<const double> weights);

  ColumnRole role_;
  ValencySummary valency_;               // Of the innermost values, by element of the outermost array.
  std::optional<NestedValency> levels_;  // Of lists of lists.
  Values values_;
  std::optional<WeightedPresence> weighted_presence_;
  std::optional<WeightedNumberSummary> weighted_numbers_;  // Where values_ are numbers.
  std::optional<SemanticSummary> semantics_;
};

}  // namespace penstock::statistics
