#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/type.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/digest.h"
#include "penstock/combine/combiner.h"
#include "penstock/combine/moments.h"
#include "penstock/statistics/generator_options.h"
#include "penstock/statistics/options.h"

namespace penstock::statistics {

/// Lift of the values of categorical features on those of a label: P(y | x) / P(y), over examples that hold
/// the values (a list holds each of its own once). A combiner whose output holds a cross_features entry for
/// each feature x, with one lift series for each value of y, as TFDV's LiftStatsGenerator makes it; where
/// there are weights a weighted series follows the plain ones.
///
/// Exact; memory grows with the pairs of values that occur together, of which there may be kMaxEntries.
/// Immutable; a State belongs to one thread.
class LiftStatistics {
 public:
  static constexpr int64_t kMaxEntries = int64_t{1} << 22;

  struct Tally {
    int64_t count = 0;
    combine::CompensatedSum weight;
  };
  struct Feature {
    std::map<std::string, Tally> x;
    std::map<std::pair<std::string, std::string>, Tally> xy;
  };
  struct State {
    int64_t num_examples = 0;
    std::map<std::string, Tally> y;
    std::vector<Feature> features;
  };
  using Output = tensorflow::metadata::v0::DatasetFeatureStatistics;

  /// `schema` may be null where the features x are named. kNotFound for features that the data lack;
  /// kInvalidArgument where y is not categorical and has no boundaries, or is and has them.
  static Result<LiftStatistics> Make(const arrow::Schema& data, const LiftOptions& lift,
                                     const StatisticsOptions& options);

  State NewState() const;
  /// kInvalidArgument where more than kMaxEntries pairs of values occur.
  Status Add(const combine::Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const;
  Result<Output> Finish(const State& state) const;
  combine::Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  struct Column {
    std::string name;
    bool is_integer = false;
    std::string weight;  ///< Empty: each example counts 1.
  };
  /// Values with the rows that hold them; numbers of y by bucket.
  struct Presence;
  class Series;

  Result<Presence> PresenceOf(const combine::Batch& batch, const Column& column, bool is_label) const;
  Status CheckSize(const State& state) const;
  std::vector<const std::pair<const std::string, Tally>*> LabelsInOrder(const State& state) const;
  /// Fills in the label's value and count; the value as text.
  std::string StartSeries(const std::string& y, double num_y, bool is_weighted,
                          tensorflow::metadata::v0::LiftSeries& series) const;
  void FinishFeature(const State& state, size_t feature, bool is_weighted, Output& output) const;

  // Constant after construction.
  LiftOptions options_;
  Column label_;
  std::vector<Column> features_;
  bool has_weights_ = false;
};

}  // namespace penstock::statistics
