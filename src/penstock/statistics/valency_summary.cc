#include "penstock/statistics/valency_summary.h"

#include <algorithm>

#include "penstock/statistics/histogram_protos.h"
#include "penstock/statistics/state_counts.h"

namespace penstock::statistics {

void ValencySummary::Add(int64_t num_values, int64_t num_examples) {
  if (num_examples == 0) return;
  num_non_missing_ += num_examples;
  total_num_values_ += num_values * num_examples;
  min_num_values_ = std::min(min_num_values_, num_values);
  max_num_values_ = std::max(max_num_values_, num_values);
  lengths_.Add(static_cast<double>(num_values), static_cast<double>(num_examples));
}

Status ValencySummary::Merge(const ValencySummary& from) {
  num_non_missing_ += from.num_non_missing_;
  total_num_values_ += from.total_num_values_;
  min_num_values_ = std::min(min_num_values_, from.min_num_values_);
  max_num_values_ = std::max(max_num_values_, from.max_num_values_);
  return lengths_.Merge(from.lengths_);
}

void ValencySummary::Finish(int64_t num_examples, int num_buckets,
                            tensorflow::metadata::v0::CommonStatistics& out) const {
  out.set_num_non_missing(static_cast<uint64_t>(num_non_missing_));
  out.set_num_missing(static_cast<uint64_t>(num_examples - num_non_missing_));
  if (num_non_missing_ == 0) return;
  out.set_min_num_values(static_cast<uint64_t>(min_num_values_));
  out.set_max_num_values(static_cast<uint64_t>(max_num_values_));
  out.set_tot_num_values(static_cast<uint64_t>(total_num_values_));
  out.set_avg_num_values(
      static_cast<float>(static_cast<double>(total_num_values_) / static_cast<double>(num_non_missing_)));
  *out.mutable_num_values_histogram() = LengthQuantiles(num_buckets);
}

void ValencySummary::FinishPresence(int64_t num_parents,
                                    tensorflow::metadata::v0::PresenceAndValencyStatistics& out) const {
  out.set_num_non_missing(static_cast<uint64_t>(num_non_missing_));
  out.set_num_missing(static_cast<uint64_t>(num_parents - num_non_missing_));
  if (num_non_missing_ == 0) return;
  out.set_min_num_values(static_cast<uint64_t>(min_num_values_));
  out.set_max_num_values(static_cast<uint64_t>(max_num_values_));
  out.set_tot_num_values(static_cast<uint64_t>(total_num_values_));
}

tensorflow::metadata::v0::Histogram ValencySummary::LengthQuantiles(int num_buckets) const {
  return MakeQuantilesHistogram(Distribution(lengths_.Summarize()), num_buckets);
}

tensorflow::metadata::v0::Histogram ValencySummary::LengthHistogram(int num_buckets) const {
  return MakeStandardHistogram(Distribution(lengths_.Summarize()), static_cast<double>(min_num_values_),
                               static_cast<double>(max_num_values_), num_buckets, {});
}

void ValencySummary::Encode(combine::StateWriter& writer) const {
  WriteCount(num_non_missing_, writer);
  WriteCount(total_num_values_, writer);
  writer.Varint(static_cast<uint64_t>(min_num_values_));
  WriteCount(max_num_values_, writer);
  lengths_.Encode(writer);
}

Result<ValencySummary> ValencySummary::Decode(combine::StateReader& reader) {
  ValencySummary summary(combine::QuantileSketch::kDefaultRankError);
  summary.num_non_missing_ = ReadCount(reader);
  summary.total_num_values_ = ReadCount(reader);
  summary.min_num_values_ = reader.NonNegative();
  summary.max_num_values_ = ReadCount(reader);
  PENSTOCK_ASSIGN_OR_RETURN(summary.lengths_, combine::QuantileSketch::Decode(reader));
  return summary;
}

}  // namespace penstock::statistics
