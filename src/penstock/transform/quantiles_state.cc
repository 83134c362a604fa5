#include "penstock/transform/quantiles_state.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "penstock/transform/moments_state.h"

namespace penstock::transform {
namespace {

using combine::QuantileSummary;

double RankErrorFor(const Analysis& analysis) {
  if (analysis.num_buckets < 2) return kAnalysisRankError;
  return std::min(kAnalysisRankError, 0.1 / static_cast<double>(analysis.num_buckets));
}

/// The value at 0-based rank `rank` among all.
double ValueAtRank(const QuantileSummary& summary, double rank) {
  double below = 0;
  for (const QuantileSummary::Entry& entry : summary.entries()) {
    below += entry.weight;
    if (below > rank) return entry.value;
  }
  return summary.max();
}

MedianResult MedianOf(const QuantileSummary& summary) {
  if (summary.empty()) return {};
  const double count = summary.total_weight();
  const double low = ValueAtRank(summary, std::floor((count - 1) / 2));
  const double high = ValueAtRank(summary, std::floor(count / 2));
  // Not (low + high) / 2, which can overflow; and equal ones stay what they are.
  return {low == high ? low : low + (high - low) / 2};
}

Status TooManyKeys() {
  return InvalidArgument("A key has more than {} distinct values; use one with fewer",
                         KeyedQuantilesState::kMaxKeys);
}

}  // namespace

QuantilesState::QuantilesState(const AnalysisTask& task) : sketch_(RankErrorFor(*task.analysis)) {}

void QuantilesState::AddValue(double value, double weight) {
  // NaN has no place among others, and what weighs nothing takes none.
  if (!(value == value && weight > 0 && std::isfinite(weight))) return;
  if (weight == 1) {
    sketch_.Add(value);
  } else {
    sketch_.Add(value, weight);
  }
}

Status QuantilesState::Add(const AnalysisTask&, const AnalysisColumns& columns) {
  const Column& x = *columns.input;
  if (columns.weight == nullptr) {
    bool is_all = !x.has_missing();
    for (int64_t i = 0; i < x.size() && is_all; ++i) is_all = x.numbers()[i] == x.numbers()[i];
    if (is_all) {
      sketch_.AddSpan(std::span<const double>(x.numbers(), static_cast<size_t>(x.size())));
      return OkStatus();
    }
    for (int64_t i = 0; i < x.size(); ++i) {
      if (x.IsPresent(i) && x.numbers()[i] == x.numbers()[i]) sketch_.Add(x.numbers()[i]);
    }
    return OkStatus();
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Column weights, AlignedWith(x, *columns.weight, "weights"));
  for (int64_t i = 0; i < x.size(); ++i) {
    if (x.IsPresent(i) && weights.IsPresent(i)) AddValue(x.numbers()[i], weights.numbers()[i]);
  }
  return OkStatus();
}

Status QuantilesState::Merge(const QuantilesState& from) { return sketch_.Merge(from.sketch_); }

/// Boundary i of q is the first value with more than i * W / q of the weight at and below it: unweighted
/// sorted[floor(i * n / q)], as TFT has it.
QuantilesResult QuantilesState::Boundaries(const AnalysisTask& task) const {
  QuantilesResult result;
  const int64_t num_buckets = task.analysis->num_buckets;
  const QuantileSummary summary = sketch_.Summarize();
  if (summary.empty()) {
    // TFT's boundaries of nothing are all 0.
    if (task.is_tft) result.boundaries.assign(static_cast<size_t>(num_buckets - 1), 0.0);
    return result;
  }
  const double total = summary.total_weight();
  const auto& entries = summary.entries();
  size_t at = 0;
  double below = entries[0].weight;
  for (int64_t i = 1; i < num_buckets; ++i) {
    double rank = static_cast<double>(i) * total / static_cast<double>(num_buckets);
    // Counts are whole, so "above i * n / q" is "above its floor", which no rounding can spoil.
    if (task.analysis->weight < 0) rank = std::floor(rank);
    while (below <= rank && at + 1 < entries.size()) below += entries[++at].weight;
    const double boundary = entries[at].value;
    result.boundaries.push_back(task.is_tft ? static_cast<double>(static_cast<float>(boundary)) : boundary);
  }
  return result;
}

Result<AnalysisResult> QuantilesState::Finish(const AnalysisTask& task) const {
  if (task.analysis->kind == AnalysisKind::kMedian) return AnalysisResult(MedianOf(sketch_.Summarize()));
  return AnalysisResult(Boundaries(task));
}

void QuantilesState::Encode(combine::StateWriter& writer) const { sketch_.Encode(writer); }

Status QuantilesState::Decode(const AnalysisTask&, combine::StateReader& reader) {
  PENSTOCK_ASSIGN_OR_RETURN(sketch_, combine::QuantileSketch::Decode(reader));
  return OkStatus();
}

Status KeyedQuantilesState::Add(const AnalysisTask& task, const AnalysisColumns& columns) {
  const Column& x = *columns.input;
  PENSTOCK_ASSIGN_OR_RETURN(const Column keys, AlignedWith(x, *columns.key, "a key"));
  Column weights;
  if (columns.weight != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(weights, AlignedWith(x, *columns.weight, "weights"));
  }
  for (int64_t i = 0; i < x.size(); ++i) {
    if (!x.IsPresent(i) || !keys.IsPresent(i)) continue;
    auto found = keys_.find(keys.texts()[i]);
    if (found == keys_.end()) {
      if (keys_.size() >= kMaxKeys) return TooManyKeys();
      found = keys_.emplace(keys.texts()[i], QuantilesState(task)).first;
    }
    if (columns.weight == nullptr) {
      found->second.AddValue(x.numbers()[i], 1);
    } else if (weights.IsPresent(i)) {
      found->second.AddValue(x.numbers()[i], weights.numbers()[i]);
    }
  }
  return OkStatus();
}

Status KeyedQuantilesState::Merge(const KeyedQuantilesState& from) {
  for (const auto& [key, state] : from.keys_) {
    const auto [found, is_new] = keys_.try_emplace(key, state);
    if (!is_new) PENSTOCK_RETURN_IF_ERROR(found->second.Merge(state));
  }
  return keys_.size() > kMaxKeys ? TooManyKeys() : OkStatus();
}

Result<AnalysisResult> KeyedQuantilesState::Finish(const AnalysisTask& task) const {
  KeyedQuantilesResult result;
  for (const auto& [key, state] : keys_) {
    result.keys.push_back(key);
    result.values.push_back(state.Boundaries(task));
  }
  return AnalysisResult(std::move(result));
}

void KeyedQuantilesState::Encode(combine::StateWriter& writer) const {
  writer.Varint(keys_.size());
  for (const auto& [key, state] : keys_) {
    writer.Text(key);
    state.Encode(writer);
  }
}

Status KeyedQuantilesState::Decode(const AnalysisTask& task, combine::StateReader& reader) {
  for (uint64_t count = reader.Count(16); count > 0 && reader.ok(); --count) {
    const std::string key(reader.Text());
    PENSTOCK_RETURN_IF_ERROR(keys_.try_emplace(key, QuantilesState(task)).first->second.Decode(task, reader));
  }
  return OkStatus();
}

}  // namespace penstock::transform
