#include "penstock/evaluation/metric_combiner.h"

#include <limits>
#include <numeric>

#include <arrow/record_batch.h>

namespace penstock::evaluation {

void FillCells(const Computation& computation, std::vector<double>& cells) {
  if (static_cast<int64_t>(cells.size()) >= computation.num_cells) return;
  cells.resize(static_cast<size_t>(computation.num_cells),
               computation.keeps_maxima ? -std::numeric_limits<double>::infinity() : 0.0);
}

Result<MetricSet> MeasureGroup(const PlanGroup& group, const std::vector<std::vector<double>>& cells,
                               const std::vector<ComputationState>& states, bool include_plots) {
  MetricSet set;
  for (const PlannedMetric& metric : group.metrics) {
    if (metric.is_plot && !include_plots) continue;
    MeasuredCells measured;
    for (const size_t computation : metric.computations) {
      measured.of.push_back(cells[computation]);
      if (!states[computation].sample.empty()) measured.sample = states[computation].sample;
    }
    std::vector<MetricValue> values = metric.measure(measured);
    for (size_t i = 0; i < metric.keys.size(); ++i)
      (metric.is_plot ? set.plots : set.metrics).emplace(metric.keys[i], std::move(values[i]));
  }
  for (const auto& derive : group.derived) PENSTOCK_RETURN_IF_ERROR(derive(cells, set));
  return set;
}

Status MetricCombiner::Add(const data::Batch& batch, State& state) const {
  PENSTOCK_ASSIGN_OR_RETURN(ExampleRows rows,
                            ReadExampleRows(batch, plan_->columns, plan_->optional_columns));
  rows.unit_ids.resize(static_cast<size_t>(rows.num_rows));
  std::iota(rows.unit_ids.begin(), rows.unit_ids.end(), uint64_t{0});
  std::vector<int64_t> units(static_cast<size_t>(rows.num_rows));
  std::iota(units.begin(), units.end(), int64_t{0});
  PairCache cache(rows);
  for (size_t i = 0; i < state.size(); ++i) {
    const Computation& computation = Group().computations[i];
    if (computation.emit_sample) {
      std::vector<RankedValue> values;
      PENSTOCK_RETURN_IF_ERROR(computation.emit_sample(cache, values));
      AddSample(computation, values, units, state[i]);
      continue;
    }
    Contributions contributions;
    PENSTOCK_RETURN_IF_ERROR(computation.emit(cache, contributions));
    AddUnits(computation, contributions, units, {}, {}, {}, state[i]);
  }
  return OkStatus();
}

Status MetricCombiner::Merge(const State& from, State& into) const {
  for (size_t i = 0; i < into.size(); ++i) MergeStates(Group().computations[i], from[i], into[i]);
  return OkStatus();
}

Result<MetricCombiner::Output> MetricCombiner::Finish(const State& state) const {
  std::vector<std::vector<double>> cells;
  for (size_t i = 0; i < state.size(); ++i) {
    std::vector<double>& totals = cells.emplace_back(state[i].Totals());
    FillCells(Group().computations[i], totals);
  }
  return MeasureGroup(Group(), cells, state, true);
}

combine::Bytes MetricCombiner::Encode(const State& state) const {
  combine::StateWriter writer;
  writer.Version(1);
  for (const ComputationState& each : state) EncodeState(each, writer);
  return std::move(writer).Take();
}

Result<MetricCombiner::State> MetricCombiner::Decode(std::string_view bytes) const {
  combine::StateReader reader(bytes, "metrics");
  reader.Version(1);
  State state = NewState();
  for (size_t i = 0; i < state.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(DecodeState(reader, state[i]));
    const Computation& computation = Group().computations[i];
    const auto size = static_cast<int64_t>(state[i].cells.size());
    if (computation.num_cells > 0 && size != 0 && size != computation.num_cells)
      reader.Fail("its cells are not whole");
  }
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
  return state;
}

Digest MetricCombiner::Fingerprint() const {
  DigestBuilder digest;
  digest.Add("metrics/1");
  for (const Computation& computation : Group().computations) digest.Add(std::string_view(computation.name));
  for (const PlannedMetric& metric : Group().metrics)
    for (const MetricKey& key : metric.keys)
      digest.Add(std::string_view(key.name))
          .Add(std::string_view(key.SubKeyText()))
          .Add(std::string_view(key.model));
  return digest.Finish();
}

}  // namespace penstock::evaluation
