#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "penstock/combine/moments.h"
#include "penstock/combine/quantile_sketch.h"
#include "penstock/combine/state_codec.h"
#include "penstock/transform/analysis_task.h"
#include "penstock/transform/tft_moments.h"

namespace penstock::transform {

/// Largest rank error of the sketches of analyses; a tenth of a bucket where that is less.
inline constexpr double kAnalysisRankError = 0.001;

/// Means and extremes of one column: of finite values, compensated (combine/moments.h), or TFT's.
class MomentsState {
 public:
  explicit MomentsState(const AnalysisTask& task);
  Status Add(const AnalysisTask& task, const AnalysisColumns& columns);
  /// Values of one key, in the order of the examples.
  void AddOfKey(const AnalysisTask& task, std::span<const double> values);
  Status Merge(const MomentsState& from);
  Result<AnalysisResult> Finish(const AnalysisTask& task) const;
  Result<MomentsResult> FinishMoments(const AnalysisTask& task) const;
  void Encode(combine::StateWriter& writer) const;
  Status Decode(const AnalysisTask& task, combine::StateReader& reader);

 private:
  combine::Moments moments_;
  int64_t num_left_out_ = 0;  // NaN and infinities.
  TftMoments tft_;
  std::optional<combine::QuantileSketch> sketch_;  // Where L-moments are asked for, which need the order.
};

/// The same for every value of a key. Memory: some 200 bytes a key.
class KeyedMomentsState {
 public:
  static constexpr size_t kMaxKeys = 1'000'000;
  explicit KeyedMomentsState(const AnalysisTask&) {}
  /// kInvalidArgument for more than kMaxKeys keys.
  Status Add(const AnalysisTask& task, const AnalysisColumns& columns);
  Status Merge(const KeyedMomentsState& from);
  Result<AnalysisResult> Finish(const AnalysisTask& task) const;
  void Encode(combine::StateWriter& writer) const;
  Status Decode(const AnalysisTask& task, combine::StateReader& reader);

 private:
  std::map<std::string, MomentsState, std::less<>> keys_;
};

/// Extremes and the sum of integers, exactly.
class IntegersState {
 public:
  explicit IntegersState(const AnalysisTask&) {}
  Status Add(const AnalysisTask& task, const AnalysisColumns& columns);
  Status Merge(const IntegersState& from);
  Result<AnalysisResult> Finish(const AnalysisTask& task) const;
  void Encode(combine::StateWriter& writer) const;
  Status Decode(const AnalysisTask& task, combine::StateReader& reader);

 private:
  IntegersResult result_;
};

}  // namespace penstock::transform
