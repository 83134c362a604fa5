#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <arrow/array.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/combine/state_codec.h"
#include "penstock/statistics/valency_summary.h"
#include "penstock/statistics/weighted_summary.h"

namespace penstock::statistics {

/// Of a feature of lists of lists: in how many places there is a list at each level, and how long. Exact, but
/// for the histograms of lengths (valency_summary.h). Copyable; one thread at a time.
class NestedValency {
 public:
  NestedValency(double epsilon, int num_levels, bool is_weighted);

  /// What a batch has at the innermost level.
  struct Innermost {
    std::shared_ptr<arrow::Array> values;
    std::vector<int64_t> num_values;  ///< By element of the outermost array; of null ones -1.
    std::vector<double> weights;      ///< By value, where weighted.
  };
  /// `lists`: num_levels lists deep. `weights`: one an element, where weighted.
  Result<Innermost> Add(const std::shared_ptr<arrow::Array>& lists, std::span<const double> weights);
  Status Merge(const NestedValency& from);
  /// Fills presence_and_valency_stats and their weighted variants. `num_parents`: how often the feature could
  /// have been there.
  void Finish(int64_t num_parents, double weighted_num_parents,
              tensorflow::metadata::v0::CommonStatistics& out) const;
  /// Appends TFDV's custom_stats level_<n>_value_list_length_{quantiles,standard} of the second level on.
  void FinishLengths(int num_buckets, tensorflow::metadata::v0::FeatureNameStatistics& out) const;

  void Encode(combine::StateWriter& writer) const;
  /// kDataLoss where another number of levels was encoded.
  Status DecodeFrom(combine::StateReader& reader);

 private:
  std::vector<ValencySummary> levels_;
  std::vector<WeightedPresence> weighted_levels_;  // As levels_, or none.
};

}  // namespace penstock::statistics
