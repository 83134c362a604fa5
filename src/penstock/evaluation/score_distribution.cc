#include "penstock/evaluation/score_distribution.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "penstock/combine/moments.h"

namespace penstock::evaluation {
namespace {

using combine::CompensatedSum;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The integral of precision over recall * positives, while `positive` and `negative` join in equal
// shares: (tp + t * positive) / (tp + fp + t * (positive + negative)) over t * positive, t from 0 to 1.
double PrecisionArea(double tp, double fp, double positive, double negative) {
  if (positive == 0) return 0;
  const double slope = positive / (positive + negative);
  const double before = tp + fp;
  if (before == 0) return slope * positive;
  const double intercept = tp - slope * before;
  return slope * (positive + intercept * std::log((before + positive + negative) / before));
}

}  // namespace

void ScoreDistribution::AddToBucket(double score, bool is_positive, double weight) {
  const auto bucket =
      std::min(static_cast<int64_t>(score * static_cast<double>(kNumBuckets)), kNumBuckets - 1);
  Bucket& at = buckets_[static_cast<size_t>(bucket)];
  (is_positive ? at.positive : at.negative) += weight;
}

void ScoreDistribution::SpillToBuckets() {
  if (!buckets_.empty()) return;
  buckets_.resize(static_cast<size_t>(kNumBuckets));
  for (const Example& example : examples_) {
    AddToBucket(example.score, example.signed_weight > 0, std::fabs(example.signed_weight));
  }
  examples_ = {};
}

void ScoreDistribution::Merge(const ScoreDistribution& from) {
  num_examples_ += from.num_examples_;
  if (!from.buckets_.empty() || num_examples_ > max_exact_) SpillToBuckets();
  if (buckets_.empty()) {
    examples_.insert(examples_.end(), from.examples_.begin(), from.examples_.end());
    return;
  }
  for (const Example& example : from.examples_) {
    AddToBucket(example.score, example.signed_weight > 0, std::fabs(example.signed_weight));
  }
  for (size_t i = 0; i < from.buckets_.size(); ++i) {
    buckets_[i].positive += from.buckets_[i].positive;
    buckets_[i].negative += from.buckets_[i].negative;
  }
}

std::vector<ScoreDistribution::Bucket> ScoreDistribution::FallingGroups() const {
  if (!buckets_.empty()) return {buckets_.rbegin(), buckets_.rend()};
  std::vector<Example> sorted = examples_;
  // Stable, so that the weights of ties are added in the order they came: the same bits each time.
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Example& a, const Example& b) { return a.score > b.score; });
  std::vector<Bucket> groups;
  for (size_t i = 0; i < sorted.size(); ++i) {
    if (i == 0 || sorted[i].score != sorted[i - 1].score) groups.emplace_back();
    const double weight = sorted[i].signed_weight;
    (weight > 0 ? groups.back().positive : groups.back().negative) += std::fabs(weight);
  }
  return groups;
}

BoundedValue ScoreDistribution::AreaUnderRoc() const {
  CompensatedSum area, shared, positives, negatives;
  for (const Bucket& group : FallingGroups()) {
    area.Add(group.negative * (positives.value() + group.positive / 2));
    shared.Add(group.negative * group.positive / 2);
    positives.Add(group.positive);
    negatives.Add(group.negative);
  }
  const double pairs = positives.value() * negatives.value();
  if (!(pairs > 0)) return {kNaN, 0};
  return {area.value() / pairs, is_exact() ? 0 : shared.value() / pairs};
}

BoundedValue ScoreDistribution::AreaUnderPrecisionRecall() const {
  CompensatedSum area, best, worst;
  double tp = 0, fp = 0;
  for (const Bucket& group : FallingGroups()) {
    area.Add(PrecisionArea(tp, fp, group.positive, group.negative));
    if (!is_exact()) {
      best.Add(PrecisionArea(tp, fp, group.positive, 0));
      worst.Add(PrecisionArea(tp, fp + group.negative, group.positive, 0));
    }
    tp += group.positive;
    fp += group.negative;
  }
  if (!(tp > 0)) return {kNaN, 0};
  const double bound = is_exact() ? 0 : std::max(best.value() - area.value(), area.value() - worst.value());
  return {area.value() / tp, bound / tp};
}

void ScoreDistribution::Encode(combine::StateWriter& writer) const {
  writer.Version(1).Varint(static_cast<uint64_t>(max_exact_)).Varint(static_cast<uint64_t>(num_examples_));
  writer.Varint(examples_.size());
  for (const Example& example : examples_) writer.Double(example.score).Double(example.signed_weight);
  writer.Bool(!is_exact());
  for (const Bucket& bucket : buckets_) writer.Double(bucket.positive).Double(bucket.negative);
}

Result<ScoreDistribution> ScoreDistribution::Decode(combine::StateReader& reader) {
  reader.Version(1);
  ScoreDistribution scores(reader.NonNegative());
  scores.num_examples_ = reader.NonNegative();
  if (scores.num_examples_ > int64_t{1} << 58) reader.Fail("a count is too large");
  scores.examples_.resize(reader.Count(16));
  for (Example& example : scores.examples_) {
    example.score = reader.Double();
    example.signed_weight = reader.Double();
    if (!(example.score >= 0 && example.score <= 1) || !std::isfinite(example.signed_weight) ||
        example.signed_weight == 0) {
      reader.Fail("a score is out of range");
    }
  }
  if (reader.Bool()) {
    if (!scores.examples_.empty() || reader.remaining() / 16 < static_cast<size_t>(kNumBuckets)) {
      reader.Fail("its buckets are not whole");
    } else {
      scores.buckets_.resize(static_cast<size_t>(kNumBuckets));
    }
  }
  for (Bucket& bucket : scores.buckets_) {
    bucket = {reader.Double(), reader.Double()};
    if (!(bucket.positive >= 0 && bucket.negative >= 0)) reader.Fail("a weight is negative");
  }
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  return scores;
}

}  // namespace penstock::evaluation
