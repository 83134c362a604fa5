#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "penstock/combine/state_codec.h"
#include "penstock/evaluation/label_prediction_pairs.h"

namespace penstock::evaluation {

/// What rows add to the cells of a computation: a sparse matrix of units by cells. Found once for some rows,
/// added to any number of slices and resamples.
class Contributions {
 public:
  Contributions() : unit_offsets_{0} {}
  void Add(int64_t cell, double value) {
    cells_.push_back(static_cast<int32_t>(cell));
    values_.push_back(value);
    if (cell >= num_cells_) num_cells_ = cell + 1;
  }
  void EndUnit() { unit_offsets_.push_back(static_cast<int64_t>(cells_.size())); }

  int64_t num_units() const { return static_cast<int64_t>(unit_offsets_.size()) - 1; }
  int64_t Begin(int64_t unit) const { return unit_offsets_[static_cast<size_t>(unit)]; }
  int64_t End(int64_t unit) const { return unit_offsets_[static_cast<size_t>(unit) + 1]; }
  const int32_t* cells() const { return cells_.data(); }
  const double* values() const { return values_.data(); }
  int64_t num_cells() const { return num_cells_; }  ///< One more than the highest cell used.

 private:
  std::vector<int64_t> unit_offsets_;
  std::vector<int32_t> cells_;
  std::vector<double> values_;
  int64_t num_cells_ = 0;
};

/// A value a sample may keep; those of the lowest rank are kept.
struct RankedValue {
  uint64_t rank = 0;
  int64_t unit = 0;
  double number = 0;
  std::string text;
};

/// What the pairs of some rows are, each spec found once. Not for concurrent use.
class PairCache {
 public:
  explicit PairCache(const ExampleRows& rows) : rows_(rows) {}
  const ExampleRows& rows() const { return rows_; }
  Result<const LabelPredictionPairs*> Pairs(const PairSpec& spec);
  Result<const LabelPredictionVectors*> Vectors(const PairSpec& spec);
  /// Rows that some metric had to leave out.
  int64_t num_rows_left_out() const;

 private:
  const ExampleRows& rows_;
  std::map<PairSpec, LabelPredictionPairs> pairs_;
  std::map<PairSpec, LabelPredictionVectors> vectors_;
};

/// A mergeable sum over rows that metrics are computed from: cells of numbers, to which each row adds a few.
/// Everything a metric needs besides is in its function from cells to values; so slices, resampling, merging
/// and encoding are written once for all metrics.
struct Computation {
  /// Algorithm and parameters: equal names are one computation.
  std::string name;
  /// 0: as many as the data need (numbers of classes).
  int64_t num_cells = 0;
  /// Cells keep the largest number instead of the sum; an unused one is -infinity.
  bool keeps_maxima = false;
  /// Whether confidence intervals ask for its resamples.
  bool is_resampled = true;
  /// Of the cells, where they are by threshold.
  std::vector<double> thresholds;
  /// Ends each unit of the rows, in order.
  std::function<Status(PairCache&, Contributions&)> emit;
  /// Where set, the computation is a sample instead, of at most `sample_size` values.
  std::function<Status(PairCache&, std::vector<RankedValue>&)> emit_sample;
  int64_t sample_size = 0;
};

/// What has been seen of one slice by one computation.
struct ComputationState {
  /// Empty while `few` will do.
  std::vector<double> cells;
  /// What was added to which cell, in order: of a slice of a few rows that uses a few of very many cells.
  std::vector<std::pair<int32_t, double>> few;
  int64_t num_cells = 0;          ///< That `few` stands for.
  std::vector<double> carry;      ///< Rounding errors of the cells, where there are few.
  std::vector<double> resampled;  ///< Cell by cell, `num_lanes` numbers each.
  std::vector<RankedValue> sample;

  /// The cells with what rounding took from them.
  std::vector<double> Totals() const;
};

/// The weights of units in each resample.
struct Resampling {
  enum class Method { kNone, kPoissonBootstrap, kJackknife };
  Method method = Method::kNone;
  int num_lanes = 0;
  uint64_t seed = 0;
};

/// From so many cells on a state begins with those few that are used: a million slices of a few rows each fit
/// into memory.
inline constexpr int64_t kMinSparseCells = 512;

/// Cells of at most this number carry their rounding error along (Neumaier's sum).
inline constexpr int64_t kMaxCompensatedCells = 64;

/// Adds `units` (rising) of `from`. `lane_weights` has num_lanes numbers for each of all units of `from`
/// (bootstrap); `partitions` one for each of `units` (jackknife). Both may be empty.
void AddUnits(const Computation& computation, const Contributions& from, std::span<const int64_t> units,
              const Resampling& resampling, std::span<const float> lane_weights,
              std::span<const uint8_t> partitions, ComputationState& into);
void AddSample(const Computation& computation, std::span<const RankedValue> values,
               std::span<const int64_t> units, ComputationState& into);
/// Commutes and associates but for rounding.
void MergeStates(const Computation& computation, const ComputationState& from, ComputationState& into);
void EncodeState(const ComputationState& state, combine::StateWriter& writer);
Status DecodeState(combine::StateReader& reader, ComputationState& state);

/// The cells of resample `lane`, as if only it had been seen.
std::vector<double> LaneTotals(const Computation& computation, const Resampling& resampling, int lane,
                               const ComputationState& state);

}  // namespace penstock::evaluation
