#include "penstock/transform/moments_state.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "penstock/transform/kernels.h"
#include "penstock/transform/tukey.h"

namespace penstock::transform {
namespace {

/// The present values that `keeps` lets through, as one span: those of the column itself where
/// that is all of them, else a copy in `scratch`.
template <class Keeps>
std::span<const double> Values(const Column& column, std::vector<double>& scratch, Keeps&& keeps) {
  const double* const numbers = column.numbers();
  bool is_all = !column.has_missing();
  for (int64_t i = 0; i < column.size() && is_all; ++i) is_all = keeps(numbers[i]);
  if (is_all) return {numbers, static_cast<size_t>(column.size())};
  scratch.clear();
  for (int64_t i = 0; i < column.size(); ++i) {
    if (column.IsPresent(i) && keeps(numbers[i])) scratch.push_back(numbers[i]);
  }
  return scratch;
}

int64_t NumPresent(const Column& column) {
  if (!column.has_missing()) return column.size();
  return std::count(column.presence(), column.presence() + column.size(), uint8_t{1});
}

Status TooManyKeys() {
  return InvalidArgument("A key has more than {} distinct values; use one with fewer",
                         KeyedMomentsState::kMaxKeys);
}

Result<MomentsResult> FiniteMomentsOf(const combine::Moments& moments, int64_t num_left_out) {
  MomentsResult result;
  result.num_present = moments.count() + num_left_out;
  if (moments.count() == 0) return result;
  result.num_values = moments.count();
  result.mean = moments.mean();
  result.variance = moments.variance();
  result.minimum = moments.min();
  result.maximum = moments.max();
  result.sum = moments.sum();
  if (result.minimum == result.maximum) {
    // Rounding of the mean must not make a spread where there is none: it would be scaled up to 1.
    result.mean = result.minimum;
    result.variance = 0;
  }
  // Squares of what is above 1e150 overflow, which can also show as a variance of nothing.
  const bool is_huge = std::max(std::fabs(result.minimum), std::fabs(result.maximum)) > 1e150;
  const bool has_overflowed = is_huge && result.variance == 0 && result.minimum < result.maximum;
  if (has_overflowed || !std::isfinite(result.mean) || !std::isfinite(result.variance)) {
    return InvalidArgument(
        "A column to be scaled holds values too large to average: from {} to {}; divide it first",
        result.minimum, result.maximum);
  }
  return result;
}

void AddTukey(const combine::QuantileSketch& sketch, MomentsResult& result) {
  const TukeyParameters tukey = TukeyParametersOf(sketch.Summarize());
  if (!std::isfinite(tukey.location) || !std::isfinite(tukey.scale)) return;
  result.tukey_location = tukey.location;
  result.tukey_scale = tukey.scale;
  result.tukey_left = tukey.left;
  result.tukey_right = tukey.right;
}

}  // namespace

MomentsState::MomentsState(const AnalysisTask& task) {
  if (task.analysis->needs_tukey) sketch_.emplace(kAnalysisRankError);
}

Status MomentsState::Add(const AnalysisTask& task, const AnalysisColumns& columns) {
  std::vector<double> scratch;
  const std::span<const double> values =
      Values(*columns.input, scratch, [&](double value) { return task.is_tft || std::isfinite(value); });
  if (task.is_tft) {
    tft_.AddSpan(values, task.analysis->is_narrow);
  } else {
    moments_.AddSpan(values);
    num_left_out_ += NumPresent(*columns.input) - static_cast<int64_t>(values.size());
  }
  if (sketch_.has_value()) sketch_->AddSpan(values);
  return OkStatus();
}

void MomentsState::AddOfKey(const AnalysisTask& task, std::span<const double> values) {
  if (task.is_tft) {
    const TftOrder order = task.analysis->is_by_position ? TftOrder::kRows : TftOrder::kSquares;
    tft_.AddSpan(values, task.analysis->is_narrow, order);
    if (sketch_.has_value()) sketch_->AddSpan(values);
    return;
  }
  for (const double value : values) {
    if (!std::isfinite(value)) {
      ++num_left_out_;
      continue;
    }
    moments_.Add(value);
    if (sketch_.has_value()) sketch_->Add(value);
  }
}

Status MomentsState::Merge(const MomentsState& from) {
  moments_.Merge(from.moments_);
  num_left_out_ += from.num_left_out_;
  tft_.Merge(from.tft_);
  return sketch_.has_value() ? sketch_->Merge(*from.sketch_) : OkStatus();
}

Result<MomentsResult> MomentsState::FinishMoments(const AnalysisTask& task) const {
  if (task.is_tft) {
    MomentsResult result = tft_.Finish(task.analysis->is_narrow);
    // One NaN makes NaN of all L-moments, which TFT then takes for none.
    if (sketch_.has_value() && !tft_.has_nan()) AddTukey(*sketch_, result);
    return result;
  }
  PENSTOCK_ASSIGN_OR_RETURN(MomentsResult result, FiniteMomentsOf(moments_, num_left_out_));
  if (sketch_.has_value()) AddTukey(*sketch_, result);
  return result;
}

Result<AnalysisResult> MomentsState::Finish(const AnalysisTask& task) const {
  PENSTOCK_ASSIGN_OR_RETURN(MomentsResult result, FinishMoments(task));
  return AnalysisResult(result);
}

void MomentsState::Encode(combine::StateWriter& writer) const {
  moments_.Encode(writer);
  writer.Varint(static_cast<uint64_t>(num_left_out_));
  tft_.Encode(writer);
  if (sketch_.has_value()) sketch_->Encode(writer);
}

Status MomentsState::Decode(const AnalysisTask&, combine::StateReader& reader) {
  PENSTOCK_ASSIGN_OR_RETURN(moments_, combine::Moments::Decode(reader));
  num_left_out_ = reader.NonNegative();
  tft_.Decode(reader);
  if (!sketch_.has_value()) return OkStatus();
  PENSTOCK_ASSIGN_OR_RETURN(*sketch_, combine::QuantileSketch::Decode(reader));
  return OkStatus();
}

Status KeyedMomentsState::Add(const AnalysisTask& task, const AnalysisColumns& columns) {
  const Column& values = *columns.input;
  PENSTOCK_ASSIGN_OR_RETURN(const Column keys, AlignedWith(values, *columns.key, "a key"));
  std::map<std::string_view, std::vector<double>> by_key;
  for (int64_t i = 0; i < values.size(); ++i) {
    if (values.IsPresent(i) && keys.IsPresent(i)) by_key[keys.texts()[i]].push_back(values.numbers()[i]);
  }
  for (const auto& [key, of_key] : by_key) {
    auto found = keys_.find(key);
    if (found == keys_.end()) {
      if (keys_.size() >= kMaxKeys) return TooManyKeys();
      found = keys_.emplace(key, MomentsState(task)).first;
    }
    found->second.AddOfKey(task, of_key);
  }
  return OkStatus();
}

Status KeyedMomentsState::Merge(const KeyedMomentsState& from) {
  for (const auto& [key, state] : from.keys_) {
    const auto [found, is_new] = keys_.try_emplace(key, state);
    if (!is_new) PENSTOCK_RETURN_IF_ERROR(found->second.Merge(state));
  }
  return keys_.size() > kMaxKeys ? TooManyKeys() : OkStatus();
}

Result<AnalysisResult> KeyedMomentsState::Finish(const AnalysisTask& task) const {
  KeyedMomentsResult result;
  for (const auto& [key, state] : keys_) {
    PENSTOCK_ASSIGN_OR_RETURN(MomentsResult moments, state.FinishMoments(task));
    result.keys.push_back(key);
    result.values.push_back(moments);
  }
  return AnalysisResult(std::move(result));
}

void KeyedMomentsState::Encode(combine::StateWriter& writer) const {
  writer.Varint(keys_.size());
  for (const auto& [key, state] : keys_) {
    writer.Text(key);
    state.Encode(writer);
  }
}

Status KeyedMomentsState::Decode(const AnalysisTask& task, combine::StateReader& reader) {
  for (uint64_t count = reader.Count(16); count > 0 && reader.ok(); --count) {
    const std::string key(reader.Text());
    PENSTOCK_RETURN_IF_ERROR(keys_.try_emplace(key, MomentsState(task)).first->second.Decode(task, reader));
  }
  return OkStatus();
}

Status IntegersState::Add(const AnalysisTask&, const AnalysisColumns& columns) {
  const Column& x = *columns.input;
  for (int64_t i = 0; i < x.size(); ++i) {
    if (!x.IsPresent(i)) continue;
    const int64_t value = x.integers()[i];
    ++result_.num_values;
    result_.minimum = std::min(result_.minimum, value);
    // -INT64_MAX is what TFT has for the largest of none, and takes the least of all for.
    result_.maximum = std::max(result_.maximum, value);
    result_.sum = static_cast<int64_t>(static_cast<uint64_t>(result_.sum) + static_cast<uint64_t>(value));
  }
  return OkStatus();
}

Status IntegersState::Merge(const IntegersState& from) {
  result_.num_values += from.result_.num_values;
  result_.minimum = std::min(result_.minimum, from.result_.minimum);
  result_.maximum = std::max(result_.maximum, from.result_.maximum);
  result_.sum =
      static_cast<int64_t>(static_cast<uint64_t>(result_.sum) + static_cast<uint64_t>(from.result_.sum));
  return OkStatus();
}

Result<AnalysisResult> IntegersState::Finish(const AnalysisTask& task) const {
  IntegersResult result = result_;
  // TensorFlow adds up int32 in int32.
  if (task.analysis->is_narrow) result.sum = static_cast<int32_t>(static_cast<uint32_t>(result.sum));
  return AnalysisResult(result);
}

void IntegersState::Encode(combine::StateWriter& writer) const {
  writer.Varint(static_cast<uint64_t>(result_.num_values));
  writer.Signed(result_.minimum).Signed(result_.maximum).Signed(result_.sum);
}

Status IntegersState::Decode(const AnalysisTask&, combine::StateReader& reader) {
  result_.num_values = reader.NonNegative();
  result_.minimum = reader.Signed();
  result_.maximum = reader.Signed();
  result_.sum = reader.Signed();
  return OkStatus();
}

}  // namespace penstock::transform
