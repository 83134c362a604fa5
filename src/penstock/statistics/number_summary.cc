#include "penstock/statistics/number_summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>

#include "penstock/statistics/histogram_protos.h"
#include "penstock/statistics/state_counts.h"

namespace penstock::statistics {

using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::NumericStatistics;

namespace {

constexpr int64_t kBlockSize = 1024;
using Block = std::array<double, kBlockSize>;

/// Hands the values that are not null to `use`, as doubles, a block at a time.
template <class Array, class Use>
void ForEachBlock(const Array& values, const Use& use) {
  Block block;
  const bool has_nulls = values.null_count() > 0;
  for (int64_t begin = 0; begin < values.length(); begin += kBlockSize) {
    const int64_t end = std::min(begin + kBlockSize, values.length());
    int64_t count = 0;
    if (!has_nulls) {
      for (int64_t i = begin; i < end; ++i) block[count++] = static_cast<double>(values.Value(i));
    } else {
      const uint8_t* valid = values.null_bitmap_data();
      for (int64_t i = begin; i < end; ++i) {
        // Always written, kept only when valid: no branch to mispredict.
        block[count] = static_cast<double>(values.Value(i));
        count += arrow::bit_util::GetBit(valid, values.offset() + i) ? 1 : 0;
      }
    }
    use(std::span<const double>(block.data(), count));
  }
}

bool AllFinite(std::span<const double> values) {
  // Not short-circuited, so that it becomes a vector loop.
  int num_other = 0;
  for (double value : values) num_other += !(std::fabs(value) <= std::numeric_limits<double>::max());
  return num_other == 0;
}

}  // namespace

void NumberSummary::AddBlock(std::span<const double> values) {
  sketch_.AddSpan(values);
  if (AllFinite(values)) {
    finite_.AddSpan(values);
    return;
  }
  Block finite;
  size_t num_finite = 0;
  for (double value : values) {
    num_nan_ += std::isnan(value);
    num_negative_infinity_ += value == -std::numeric_limits<double>::infinity();
    num_positive_infinity_ += value == std::numeric_limits<double>::infinity();
    if (std::isfinite(value)) finite[num_finite++] = value;
  }
  finite_.AddSpan(std::span<const double>(finite.data(), num_finite));
}

void NumberSummary::Add(const arrow::Array& values) {
  const auto add = [this](std::span<const double> block) { AddBlock(block); };
  switch (values.type_id()) {
    case arrow::Type::INT64:
      return ForEachBlock(static_cast<const arrow::Int64Array&>(values), add);
    case arrow::Type::FLOAT:
      return ForEachBlock(static_cast<const arrow::FloatArray&>(values), add);
    case arrow::Type::DOUBLE:
      return ForEachBlock(static_cast<const arrow::DoubleArray&>(values), add);
    case arrow::Type::BOOL:
      return ForEachBlock(static_cast<const arrow::BooleanArray&>(values), add);
    default:
      return;  // ColumnStatistics lets no other type through.
  }
}

Status NumberSummary::Merge(const NumberSummary& from) {
  num_nan_ += from.num_nan_;
  num_negative_infinity_ += from.num_negative_infinity_;
  num_positive_infinity_ += from.num_positive_infinity_;
  finite_.Merge(from.finite_);
  return sketch_.Merge(from.sketch_);
}

double NumberSummary::Mean() const {
  const double infinity = std::numeric_limits<double>::infinity();
  if (num_infinite() == 0) return finite_.mean();
  if (num_negative_infinity_ == 0) return infinity;
  return num_positive_infinity_ == 0 ? -infinity : std::numeric_limits<double>::quiet_NaN();
}

void NumberSummary::Finish(const StatisticsOptions& options, NumericStatistics& out) const {
  if (finite_.count() + num_infinite() == 0) {
    if (num_nan_ == 0) return;
    for (const auto type : {Histogram::STANDARD, Histogram::QUANTILES}) {
      Histogram& histogram = *out.add_histograms();
      histogram.set_type(type);
      histogram.set_num_nan(static_cast<uint64_t>(num_nan_));
    }
    return;
  }
  const double infinity = std::numeric_limits<double>::infinity();
  const double finite_min = finite_.count() > 0 ? finite_.min() : infinity;
  const double finite_max = finite_.count() > 0 ? finite_.max() : -infinity;
  const Distribution distribution(sketch_.Summarize());
  out.set_mean(Mean());
  out.set_std_dev(num_infinite() > 0 ? 0 : finite_.standard_deviation());
  out.set_num_zeros(static_cast<uint64_t>(finite_.num_zeros()));
  out.set_min(num_negative_infinity_ > 0 ? -infinity : std::min(finite_min, infinity));
  out.set_max(num_positive_infinity_ > 0 ? infinity : finite_max);
  out.set_median(Median(distribution));
  const InfinityCounts infinities{static_cast<double>(num_negative_infinity_),
                                  static_cast<double>(num_positive_infinity_)};
  *out.add_histograms() =
      MakeStandardHistogram(distribution, finite_min, finite_max, options.num_histogram_buckets, infinities);
  *out.add_histograms() = MakeQuantilesHistogram(distribution, options.num_quantiles_histogram_buckets);
  for (Histogram& histogram : *out.mutable_histograms())
    histogram.set_num_nan(static_cast<uint64_t>(num_nan_));
}

void NumberSummary::FinishSketch(int size, tensorflow::metadata::v0::FeatureNameStatistics& out) const {
  const combine::QuantileSummary summary = sketch_.Summarize();
  if (summary.empty()) return;
  auto& custom = *out.add_custom_stats();
  custom.set_name(kNumericSketchName);
  Histogram& histogram = *custom.mutable_histogram();
  histogram.set_type(Histogram::QUANTILES);
  histogram.set_num_nan(static_cast<uint64_t>(num_nan_));
  const bool is_exact = static_cast<int>(summary.entries().size()) <= size;
  double before = 0;
  int64_t last_group = -1;
  for (const auto& [value, weight] : summary.entries()) {
    const double middle = (before + weight / 2) / summary.total_weight();
    const auto group = static_cast<int64_t>(middle * size);
    before += weight;
    const bool is_new = is_exact || group != last_group;
    last_group = group;
    Histogram::Bucket& bucket =
        is_new ? *histogram.add_buckets() : *histogram.mutable_buckets(histogram.buckets_size() - 1);
    // The value around which most of the group lies so far stands for it.
    if (is_new || weight > bucket.sample_count()) {
      bucket.set_low_value(value);
      bucket.set_high_value(value);
    }
    bucket.set_sample_count(bucket.sample_count() + weight);
  }
}

void NumberSummary::Encode(combine::StateWriter& writer) const {
  WriteCount(num_nan_, writer);
  WriteCount(num_negative_infinity_, writer);
  WriteCount(num_positive_infinity_, writer);
  finite_.Encode(writer);
  sketch_.Encode(writer);
}

Result<NumberSummary> NumberSummary::Decode(combine::StateReader& reader) {
  NumberSummary summary(combine::QuantileSketch::kDefaultRankError);
  summary.num_nan_ = ReadCount(reader);
  summary.num_negative_infinity_ = ReadCount(reader);
  summary.num_positive_infinity_ = ReadCount(reader);
  PENSTOCK_ASSIGN_OR_RETURN(summary.finite_, combine::Moments::Decode(reader));
  PENSTOCK_ASSIGN_OR_RETURN(summary.sketch_, combine::QuantileSketch::Decode(reader));
  return summary;
}

}  // namespace penstock::statistics
