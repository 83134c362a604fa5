#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/status.h"
#include "penstock/combine/moments.h"
#include "penstock/combine/quantile_sketch.h"
#include "penstock/combine/state_codec.h"
#include "penstock/statistics/number_summary.h"
#include "penstock/statistics/options.h"

namespace penstock::statistics {

/// The weights of a batch's examples: the values of the weight feature `name`, a number or a list of one
/// in every example. kInvalidArgument where an example has none or several, or where a weight is NaN,
/// infinite or below 0.
Result<std::vector<double>> ReadWeights(const arrow::Array& column, const std::string& name);

/// The weight of the examples that have a feature, and of its values.
class WeightedPresence {
 public:
  /// An example of `weight` has `num_values` values.
  void Add(double weight, int64_t num_values) {
    num_non_missing_.Add(weight);
    total_num_values_.Add(weight * static_cast<double>(num_values));
  }
  void Merge(const WeightedPresence& from) {
    num_non_missing_.Merge(from.num_non_missing_);
    total_num_values_.Merge(from.total_num_values_);
  }
  /// As in TFDV, missing is what is left of `weighted_num_examples`: a sum of weight_feature, even where the
  /// feature has another weight (then it may be below 0).
  void Finish(double weighted_num_examples, tensorflow::metadata::v0::WeightedCommonStatistics& out) const;
  double total_num_values() const { return total_num_values_.value(); }

  void Encode(combine::StateWriter& writer) const;
  void Decode(combine::StateReader& reader);

 private:
  combine::CompensatedSum num_non_missing_;
  combine::CompensatedSum total_num_values_;
};

/// What NumberSummary knows, weighted: mean, deviation, median and histograms. NaNs are left out.
/// Exact and bounded as combine/quantile_sketch.h says.
class WeightedNumberSummary {
 public:
  explicit WeightedNumberSummary(double epsilon) : sketch_(epsilon) {}

  /// `values`: int64, float, double or bool; nulls are no values. `weights`: one a value, nulls too.
  void Add(const arrow::Array& values, std::span<const double> weights);
  Status Merge(const WeightedNumberSummary& from);
  /// Fills weighted_numeric_stats, where `unweighted` (of the same values) has a number. Histograms take
  /// their range and num_nan from it, as in TFDV. Without any weight above 0: mean and deviation 0.
  void Finish(const StatisticsOptions& options, const NumberSummary& unweighted,
              tensorflow::metadata::v0::NumericStatistics& out) const;

  int64_t num_bytes() const { return sketch_.num_bytes(); }
  bool Shrink() { return sketch_.Shrink(); }

  void Encode(combine::StateWriter& writer) const;
  static Result<WeightedNumberSummary> Decode(combine::StateReader& reader);

 private:
  template <class Array>
  void AddAll(const Array& values, std::span<const double> weights);
  double Mean() const;

  combine::WeightedMoments finite_;
  combine::CompensatedSum negative_infinity_;  // Weights.
  combine::CompensatedSum positive_infinity_;
  combine::QuantileSketch sketch_;  // Of all but NaNs.
};

}  // namespace penstock::statistics
