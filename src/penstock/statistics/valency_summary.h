#pragma once

#include <cstdint>
#include <limits>
#include <span>

#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/combine/quantile_sketch.h"
#include "penstock/combine/state_codec.h"

namespace penstock::statistics {

/// In how many examples a feature is there, and with how many values. Counts and extremes
/// are exact; the histogram is exact for at most a sketch's capacity of different lengths.
class ValencySummary {
 public:
  explicit ValencySummary(double epsilon) : lengths_(epsilon) {}

  /// `num_examples` examples have `num_values` values each.
  void Add(int64_t num_values, int64_t num_examples);
  Status Merge(const ValencySummary& from);
  /// Examples without the feature are what is left of `num_examples`.
  void Finish(int64_t num_examples, int num_buckets, tensorflow::metadata::v0::CommonStatistics& out) const;

  /// Of one level of lists of lists.
  void FinishPresence(int64_t num_parents, tensorflow::metadata::v0::PresenceAndValencyStatistics& out) const;
  /// Histograms of the numbers of values; not where there is none.
  tensorflow::metadata::v0::Histogram LengthQuantiles(int num_buckets) const;
  tensorflow::metadata::v0::Histogram LengthHistogram(int num_buckets) const;

  int64_t num_bytes() const { return lengths_.num_bytes(); }
  bool Shrink() { return lengths_.Shrink(); }
  int64_t num_non_missing() const { return num_non_missing_; }
  int64_t total_num_values() const { return total_num_values_; }

  void Encode(combine::StateWriter& writer) const;
  static Result<ValencySummary> Decode(combine::StateReader& reader);

 private:
  int64_t num_non_missing_ = 0;
  int64_t total_num_values_ = 0;
  int64_t min_num_values_ = std::numeric_limits<int64_t>::max();
  int64_t max_num_values_ = 0;
  combine::QuantileSketch lengths_;
};

}  // namespace penstock::statistics
