#pragma once

#include <map>
#include <string>

#include "penstock/combine/quantile_sketch.h"
#include "penstock/combine/state_codec.h"
#include "penstock/transform/analysis_task.h"

namespace penstock::transform {

/// Quantiles or the median, weighted where there is a weight: exact up to the sketch's capacity, else
/// ranks within kAnalysisRankError, or a tenth of a bucket where that is less.
class QuantilesState {
 public:
  explicit QuantilesState(const AnalysisTask& task);
  Status Add(const AnalysisTask& task, const AnalysisColumns& columns);
  void AddValue(double value, double weight);
  Status Merge(const QuantilesState& from);
  Result<AnalysisResult> Finish(const AnalysisTask& task) const;
  QuantilesResult Boundaries(const AnalysisTask& task) const;
  void Encode(combine::StateWriter& writer) const;
  Status Decode(const AnalysisTask& task, combine::StateReader& reader);

 private:
  combine::QuantileSketch sketch_;
};

/// Quantiles for every value of a key.
class KeyedQuantilesState {
 public:
  static constexpr size_t kMaxKeys = 100'000;
  explicit KeyedQuantilesState(const AnalysisTask&) {}
  /// kInvalidArgument for more than kMaxKeys keys.
  Status Add(const AnalysisTask& task, const AnalysisColumns& columns);
  Status Merge(const KeyedQuantilesState& from);
  Result<AnalysisResult> Finish(const AnalysisTask& task) const;
  void Encode(combine::StateWriter& writer) const;
  Status Decode(const AnalysisTask& task, combine::StateReader& reader);

 private:
  std::map<std::string, QuantilesState, std::less<>> keys_;
};

}  // namespace penstock::transform
