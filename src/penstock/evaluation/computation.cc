#include "penstock/evaluation/computation.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace penstock::evaluation {
namespace {

constexpr double kNone = -std::numeric_limits<double>::infinity();

double Initial(const Computation& computation) { return computation.keeps_maxima ? kNone : 0.0; }

void Grow(const Computation& computation, int64_t num_cells, int num_lanes, ComputationState& state) {
  num_cells = std::max(num_cells, computation.num_cells);
  const auto size = static_cast<size_t>(num_cells);
  if (state.cells.size() < size) state.cells.resize(size, Initial(computation));
  if (computation.num_cells > 0 && computation.num_cells <= kMaxCompensatedCells)
    state.carry.resize(size, 0.0);
  const size_t lanes = size * static_cast<size_t>(num_lanes);
  if (state.resampled.size() < lanes) state.resampled.resize(lanes, Initial(computation));
}

// Whether a state may hold `num_more` numbers more without all its cells.
bool StaysSparse(const Computation& computation, int num_lanes, size_t num_more,
                 const ComputationState& state) {
  return computation.num_cells >= kMinSparseCells && num_lanes == 0 && !computation.keeps_maxima &&
         state.cells.empty() &&
         static_cast<int64_t>(state.few.size() + num_more) * 4 <= computation.num_cells;
}

// Gives the state all its cells. Sums take their numbers in the order they came, as if they always had been
// there.
void MakeDense(ComputationState& state) {
  if (state.few.empty()) return;
  state.cells.assign(static_cast<size_t>(state.num_cells), 0.0);
  for (const auto& [cell, value] : state.few) state.cells[static_cast<size_t>(cell)] += value;
  state.few = {};
}

void AddCompensated(double value, double& sum, double& carry) {
  const double total = sum + value;
  carry += std::fabs(sum) >= std::fabs(value) ? (sum - total) + value : (value - total) + sum;
  sum = total;
}

void KeepLowest(int64_t size, std::vector<RankedValue>& sample) {
  if (static_cast<int64_t>(sample.size()) <= size) return;
  std::stable_sort(sample.begin(), sample.end(),
                   [](const RankedValue& a, const RankedValue& b) { return a.rank < b.rank; });
  sample.resize(static_cast<size_t>(size));
}

// The sums of the rows themselves. A few cells are summed apart first: the state then takes one rounding a
// call.
void AddPoint(const Computation& computation, const Contributions& from, std::span<const int64_t> units,
              ComputationState& into) {
  const int32_t* cells = from.cells();
  const double* values = from.values();
  double* sums = into.cells.data();
  if (computation.keeps_maxima) {
    for (const int64_t unit : units)
      for (int64_t i = from.Begin(unit); i < from.End(unit); ++i)
        sums[cells[i]] = std::max(sums[cells[i]], values[i]);
    return;
  }
  if (into.carry.empty()) {
    for (const int64_t unit : units)
      for (int64_t i = from.Begin(unit); i < from.End(unit); ++i) sums[cells[i]] += values[i];
    return;
  }
  for (const int64_t unit : units)
    for (int64_t i = from.Begin(unit); i < from.End(unit); ++i)
      AddCompensated(values[i], sums[cells[i]], into.carry[static_cast<size_t>(cells[i])]);
}

void AddLanes(const Computation& computation, const Contributions& from, std::span<const int64_t> units,
              int num_lanes, std::span<const float> lane_weights, ComputationState& into) {
  const int32_t* cells = from.cells();
  const double* values = from.values();
  for (const int64_t unit : units) {
    const float* weights = lane_weights.data() + unit * num_lanes;
    for (int64_t i = from.Begin(unit); i < from.End(unit); ++i) {
      double* lanes = into.resampled.data() + static_cast<int64_t>(cells[i]) * num_lanes;
      const double value = values[i];
      if (computation.keeps_maxima) {
        for (int lane = 0; lane < num_lanes; ++lane)
          if (weights[lane] > 0) lanes[lane] = std::max(lanes[lane], value);
      } else if (std::isfinite(value)) {
        for (int lane = 0; lane < num_lanes; ++lane)
          lanes[lane] += value * static_cast<double>(weights[lane]);
      } else {
        // 0 times infinity must not poison the resamples that left the row out.
        for (int lane = 0; lane < num_lanes; ++lane)
          if (weights[lane] > 0) lanes[lane] += value;
      }
    }
  }
}

void AddPartitions(const Computation& computation, const Contributions& from, std::span<const int64_t> units,
                   int num_lanes, std::span<const uint8_t> partitions, ComputationState& into) {
  for (size_t u = 0; u < units.size(); ++u) {
    for (int64_t i = from.Begin(units[u]); i < from.End(units[u]); ++i) {
      double& cell = into.resampled[static_cast<size_t>(from.cells()[i]) * static_cast<size_t>(num_lanes) +
                                    partitions[u]];
      cell = computation.keeps_maxima ? std::max(cell, from.values()[i]) : cell + from.values()[i];
    }
  }
}

}  // namespace

Result<const LabelPredictionPairs*> PairCache::Pairs(const PairSpec& spec) {
  const auto found = pairs_.find(spec);
  if (found != pairs_.end()) return &found->second;
  PENSTOCK_ASSIGN_OR_RETURN(LabelPredictionPairs pairs,
                            spec.maker.name.empty() ? MakePairs(rows_, spec) : spec.maker.make(rows_, spec));
  return &pairs_.emplace(spec, std::move(pairs)).first->second;
}

Result<const LabelPredictionVectors*> PairCache::Vectors(const PairSpec& spec) {
  const auto found = vectors_.find(spec);
  if (found != vectors_.end()) return &found->second;
  PENSTOCK_ASSIGN_OR_RETURN(LabelPredictionVectors vectors, MakeVectors(rows_, spec));
  return &vectors_.emplace(spec, std::move(vectors)).first->second;
}

int64_t PairCache::num_rows_left_out() const {
  int64_t most = 0;
  for (const auto& [spec, pairs] : pairs_) most = std::max(most, pairs.num_rows_left_out);
  return most;
}

std::vector<double> ComputationState::Totals() const {
  if (!few.empty()) {
    std::vector<double> totals(static_cast<size_t>(num_cells), 0.0);
    for (const auto& [cell, value] : few) totals[static_cast<size_t>(cell)] += value;
    return totals;
  }
  std::vector<double> totals = cells;
  for (size_t i = 0; i < carry.size(); ++i)
    if (std::isfinite(totals[i])) totals[i] += carry[i];
  return totals;
}

void AddUnits(const Computation& computation, const Contributions& from, std::span<const int64_t> units,
              const Resampling& resampling, std::span<const float> lane_weights,
              std::span<const uint8_t> partitions, ComputationState& into) {
  const bool has_lanes = computation.is_resampled && resampling.num_lanes > 0;
  size_t num_added = 0;
  for (const int64_t unit : units) num_added += static_cast<size_t>(from.End(unit) - from.Begin(unit));
  if (StaysSparse(computation, has_lanes ? resampling.num_lanes : 0, num_added, into)) {
    into.num_cells = computation.num_cells;
    for (const int64_t unit : units)
      for (int64_t i = from.Begin(unit); i < from.End(unit); ++i)
        into.few.emplace_back(from.cells()[i], from.values()[i]);
    return;
  }
  MakeDense(into);
  Grow(computation, from.num_cells(), has_lanes ? resampling.num_lanes : 0, into);
  AddPoint(computation, from, units, into);
  if (!has_lanes) return;
  if (resampling.method == Resampling::Method::kPoissonBootstrap) {
    AddLanes(computation, from, units, resampling.num_lanes, lane_weights, into);
  } else {
    AddPartitions(computation, from, units, resampling.num_lanes, partitions, into);
  }
}

void AddSample(const Computation& computation, std::span<const RankedValue> values,
               std::span<const int64_t> units, ComputationState& into) {
  for (const RankedValue& value : values)
    if (std::binary_search(units.begin(), units.end(), value.unit)) into.sample.push_back(value);
  KeepLowest(computation.sample_size, into.sample);
}

void MergeStates(const Computation& computation, const ComputationState& from, ComputationState& into) {
  if (from.few.empty() && from.cells.empty() && from.sample.empty()) return;
  if (!from.few.empty() && StaysSparse(computation, 0, from.few.size(), into)) {
    into.num_cells = from.num_cells;
    into.few.insert(into.few.end(), from.few.begin(), from.few.end());
    return;
  }
  if (!from.few.empty()) {
    ComputationState dense = from;
    MakeDense(dense);
    return MergeStates(computation, dense, into);
  }
  MakeDense(into);
  const auto num_cells = static_cast<int64_t>(from.cells.size());
  const int num_lanes = from.cells.empty() ? 0 : static_cast<int>(from.resampled.size() / from.cells.size());
  if (num_cells > 0) Grow(computation, num_cells, num_lanes, into);
  const auto merge = [&](double value, double& sum) {
    sum = computation.keeps_maxima ? std::max(sum, value) : sum + value;
  };
  for (size_t i = 0; i < from.cells.size(); ++i) {
    if (into.carry.empty() || computation.keeps_maxima) {
      merge(from.cells[i], into.cells[i]);
    } else {
      AddCompensated(from.cells[i], into.cells[i], into.carry[i]);
      if (i < from.carry.size()) into.carry[i] += from.carry[i];
    }
  }
  for (size_t i = 0; i < from.resampled.size(); ++i) merge(from.resampled[i], into.resampled[i]);
  into.sample.insert(into.sample.end(), from.sample.begin(), from.sample.end());
  KeepLowest(computation.sample_size, into.sample);
}

void EncodeState(const ComputationState& state, combine::StateWriter& writer) {
  if (!state.few.empty()) {
    ComputationState dense = state;
    MakeDense(dense);
    return EncodeState(dense, writer);
  }
  for (const auto* numbers : {&state.cells, &state.carry, &state.resampled}) {
    writer.Varint(numbers->size());
    for (const double number : *numbers) writer.Double(number);
  }
  writer.Varint(state.sample.size());
  for (const RankedValue& value : state.sample)
    writer.Fixed64(value.rank).Double(value.number).Text(value.text);
}

Status DecodeState(combine::StateReader& reader, ComputationState& state) {
  for (auto* numbers : {&state.cells, &state.carry, &state.resampled}) {
    numbers->resize(reader.Count(8));
    for (double& number : *numbers) number = reader.Double();
  }
  state.sample.resize(reader.Count(17));
  for (RankedValue& value : state.sample) {
    value.rank = reader.Fixed64();
    value.number = reader.Double();
    value.text = std::string(reader.Text());
  }
  if (!state.carry.empty() && state.carry.size() != state.cells.size())
    reader.Fail("its carries are not whole");
  return reader.status();
}

std::vector<double> LaneTotals(const Computation& computation, const Resampling& resampling, int lane,
                               const ComputationState& state) {
  const auto num_lanes = static_cast<size_t>(resampling.num_lanes);
  std::vector<double> totals(state.cells.size(), Initial(computation));
  if (state.resampled.size() < totals.size() * num_lanes) return totals;
  for (size_t cell = 0; cell < totals.size(); ++cell) {
    const double* lanes = state.resampled.data() + cell * num_lanes;
    if (resampling.method == Resampling::Method::kPoissonBootstrap) {
      totals[cell] = lanes[lane];
      continue;
    }
    for (size_t partition = 0; partition < num_lanes; ++partition) {
      if (static_cast<int>(partition) == lane) continue;
      totals[cell] = computation.keeps_maxima ? std::max(totals[cell], lanes[partition])
                                              : totals[cell] + lanes[partition];
    }
  }
  return totals;
}

}  // namespace penstock::evaluation
