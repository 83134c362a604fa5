#include "penstock/statistics/weighted_summary.h"

#include <cmath>
#include <limits>

#include "penstock/statistics/histogram_protos.h"

namespace penstock::statistics {

using tensorflow::metadata::v0::Histogram;
using tensorflow::metadata::v0::NumericStatistics;
using tensorflow::metadata::v0::WeightedCommonStatistics;
using tensorflow::metadata::v0::WeightedNumericStatistics;

namespace {

template <class Array>
Status ReadNumbers(const Array& values, const std::string& name, std::vector<double>& weights) {
  weights.reserve(static_cast<size_t>(values.length()));
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) {
      return InvalidArgument(
          "The weight feature '{}' has no value in an example (number {} of a batch of {}); it must have one "
          "in each",
          name, i + 1, values.length());
    }
    const auto weight = static_cast<double>(values.Value(i));
    if (!(weight >= 0 && std::isfinite(weight))) {
      return InvalidArgument(
          "The weight feature '{}' is {} in an example (number {} of a batch of {}); weights must be finite "
          "and 0 or more",
          name, weight, i + 1, values.length());
    }
    weights.push_back(weight);
  }
  return OkStatus();
}

template <class ListArray>
Result<std::vector<double>> ReadLists(const ListArray& lists, const std::string& name) {
  for (int64_t i = 0; i < lists.length(); ++i) {
    const int64_t length = lists.IsNull(i) ? 0 : lists.value_length(i);
    if (length == 1) continue;
    return InvalidArgument(
        "The weight feature '{}' has {} values in an example (number {} of a batch of {}); it must have one "
        "in "
        "each",
        name, length, i + 1, lists.length());
  }
  const auto first = lists.length() == 0 ? 0 : lists.value_offset(0);
  return ReadWeights(*lists.values()->Slice(first, lists.length()), name);
}

}  // namespace

Result<std::vector<double>> ReadWeights(const arrow::Array& column, const std::string& name) {
  std::vector<double> weights;
  Status status = OkStatus();
  switch (column.type_id()) {
    case arrow::Type::INT64:
      status = ReadNumbers(static_cast<const arrow::Int64Array&>(column), name, weights);
      break;
    case arrow::Type::FLOAT:
      status = ReadNumbers(static_cast<const arrow::FloatArray&>(column), name, weights);
      break;
    case arrow::Type::DOUBLE:
      status = ReadNumbers(static_cast<const arrow::DoubleArray&>(column), name, weights);
      break;
    case arrow::Type::LIST:
      return ReadLists(static_cast<const arrow::ListArray&>(column), name);
    case arrow::Type::LARGE_LIST:
      return ReadLists(static_cast<const arrow::LargeListArray&>(column), name);
    default:
      return InvalidArgument("The weight feature '{}' is of type {}; it must be int64, float or double", name,
                             column.type()->ToString());
  }
  PENSTOCK_RETURN_IF_ERROR(status);
  return weights;
}

void WeightedPresence::Finish(double weighted_num_examples, WeightedCommonStatistics& out) const {
  const double present = num_non_missing_.value();
  const double missing = weighted_num_examples - present;
  out.set_num_non_missing(present);
  // Sums of the same weights, cut in other places, differ by rounding: nobody is missing then.
  out.set_num_missing(std::fabs(missing) <= 1e-12 * std::fabs(weighted_num_examples) ? 0 : missing);
  out.set_tot_num_values(total_num_values_.value());
  if (present > 0) out.set_avg_num_values(total_num_values_.value() / present);
}

void WeightedPresence::Encode(combine::StateWriter& writer) const {
  num_non_missing_.Encode(writer);
  total_num_values_.Encode(writer);
}

void WeightedPresence::Decode(combine::StateReader& reader) {
  num_non_missing_.Decode(reader);
  total_num_values_.Decode(reader);
}

template <class Array>
void WeightedNumberSummary::AddAll(const Array& values, std::span<const double> weights) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (int64_t i = 0; i < values.length(); ++i) {
    if (values.IsNull(i)) continue;
    const auto value = static_cast<double>(values.Value(i));
    const double weight = weights[static_cast<size_t>(i)];
    sketch_.Add(value, weight);
    if (std::isfinite(value)) {
      finite_.Add(value, weight);
    } else if (value == infinity) {
      positive_infinity_.Add(weight);
    } else if (value == -infinity) {
      negative_infinity_.Add(weight);
    }
  }
}

void WeightedNumberSummary::Add(const arrow::Array& values, std::span<const double> weights) {
  switch (values.type_id()) {
    case arrow::Type::INT64:
      return AddAll(static_cast<const arrow::Int64Array&>(values), weights);
    case arrow::Type::FLOAT:
      return AddAll(static_cast<const arrow::FloatArray&>(values), weights);
    case arrow::Type::DOUBLE:
      return AddAll(static_cast<const arrow::DoubleArray&>(values), weights);
    case arrow::Type::BOOL:
      return AddAll(static_cast<const arrow::BooleanArray&>(values), weights);
    default:
      return;  // ColumnStatistics lets no other type through.
  }
}

Status WeightedNumberSummary::Merge(const WeightedNumberSummary& from) {
  finite_.Merge(from.finite_);
  negative_infinity_.Merge(from.negative_infinity_);
  positive_infinity_.Merge(from.positive_infinity_);
  return sketch_.Merge(from.sketch_);
}

double WeightedNumberSummary::Mean() const {
  const double infinity = std::numeric_limits<double>::infinity();
  const bool has_negative = negative_infinity_.value() > 0;
  const bool has_positive = positive_infinity_.value() > 0;
  if (has_negative && has_positive) return std::numeric_limits<double>::quiet_NaN();
  if (has_negative || has_positive) return has_positive ? infinity : -infinity;
  return finite_.weighted_count() > 0 ? finite_.mean() : 0;
}

void WeightedNumberSummary::Finish(const StatisticsOptions& options, const NumberSummary& unweighted,
                                   NumericStatistics& out) const {
  if (!unweighted.has_numbers()) return;
  WeightedNumericStatistics& weighted = *out.mutable_weighted_numeric_stats();
  const double mean = Mean();
  weighted.set_mean(mean);
  weighted.set_std_dev(std::isfinite(mean) && finite_.weighted_count() > 0 ? finite_.standard_deviation()
                                                                           : 0);
  const Distribution distribution(sketch_.Summarize());
  if (distribution.empty()) return;
  weighted.set_median(Median(distribution));
  const InfinityCounts infinities{negative_infinity_.value(), positive_infinity_.value()};
  *weighted.add_histograms() =
      MakeStandardHistogram(distribution, unweighted.finite_min(), unweighted.finite_max(),
                            options.num_histogram_buckets, infinities);
  *weighted.add_histograms() = MakeQuantilesHistogram(distribution, options.num_quantiles_histogram_buckets);
  for (Histogram& histogram : *weighted.mutable_histograms())
    histogram.set_num_nan(static_cast<uint64_t>(unweighted.num_nan()));
}

void WeightedNumberSummary::Encode(combine::StateWriter& writer) const {
  finite_.Encode(writer);
  negative_infinity_.Encode(writer);
  positive_infinity_.Encode(writer);
  sketch_.Encode(writer);
}

Result<WeightedNumberSummary> WeightedNumberSummary::Decode(combine::StateReader& reader) {
  WeightedNumberSummary summary(combine::QuantileSketch::kDefaultRankError);
  PENSTOCK_ASSIGN_OR_RETURN(summary.finite_, combine::WeightedMoments::Decode(reader));
  summary.negative_infinity_.Decode(reader);
  summary.positive_infinity_.Decode(reader);
  PENSTOCK_ASSIGN_OR_RETURN(summary.sketch_, combine::QuantileSketch::Decode(reader));
  return summary;
}

}  // namespace penstock::statistics
