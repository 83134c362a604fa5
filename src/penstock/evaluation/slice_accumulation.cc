#include "penstock/evaluation/slice_accumulation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include <arrow/record_batch.h>
#include <arrow/table.h>

#include "penstock/base/arrow_status.h"
#include "penstock/base/random_bits.h"

namespace penstock::evaluation {
namespace {

constexpr int64_t kMaxRowsAtOnce = 65'536;

// Poisson(1) by the inverse of its distribution, on 16 random bits: the mean is right to 1e-5.
std::array<uint16_t, 8> PoissonLimits() {
  std::array<uint16_t, 8> limits{};
  double probability = std::exp(-1.0), below = 0;
  for (size_t k = 0; k < limits.size(); ++k) {
    below += probability;
    limits[k] = static_cast<uint16_t>(std::min(std::round(below * 65536), 65535.0));
    probability /= static_cast<double>(k + 1);
  }
  return limits;
}

std::vector<float> BootstrapWeights(const std::vector<uint64_t>& unit_ids, const Resampling& resampling) {
  static const std::array<uint16_t, 8> kLimits = PoissonLimits();
  const auto num_lanes = static_cast<size_t>(resampling.num_lanes);
  std::vector<float> weights(unit_ids.size() * num_lanes);
  for (size_t unit = 0; unit < unit_ids.size(); ++unit) {
    uint64_t random = 0;
    for (size_t lane = 0; lane < num_lanes; ++lane) {
      if (lane % 4 == 0) random = RandomBits(unit_ids[unit] * 64 + lane / 4 + RandomBits(resampling.seed));
      const auto uniform = static_cast<uint16_t>(random);
      random >>= 16;
      int count = 0;
      for (const uint16_t limit : kLimits) count += uniform >= limit ? 1 : 0;
      weights[unit * num_lanes + lane] = static_cast<float>(count);
    }
  }
  return weights;
}

// The units of a slice.
struct SliceUnits {
  SliceFeatures slice;
  std::vector<int64_t> units;
};

// Some rows of one group, ready to be added to any slice.
struct Prepared {
  size_t group = 0;
  std::vector<uint64_t> unit_ids;
  std::vector<Contributions> contributions;       // By computation.
  std::vector<std::vector<RankedValue>> samples;  // By computation.
  std::vector<float> lane_weights;
  std::vector<SliceUnits> slices;
  int64_t num_rows_left_out = 0;
};

Status EmitAll(const PlanGroup& group, const ExampleRows& rows, Prepared& into) {
  PairCache cache(rows);
  into.contributions.resize(group.computations.size());
  into.samples.resize(group.computations.size());
  for (size_t i = 0; i < group.computations.size(); ++i) {
    const Computation& computation = group.computations[i];
    PENSTOCK_RETURN_IF_ERROR(computation.emit_sample ? computation.emit_sample(cache, into.samples[i])
                                                     : computation.emit(cache, into.contributions[i]));
  }
  into.num_rows_left_out = cache.num_rows_left_out();
  return OkStatus();
}

// A NaN would make every metric NaN without a word; a negative weight takes other examples away.
Status CheckNumbers(const ExampleColumn& column, const char* what, double lowest) {
  for (size_t i = 0; i < column.numbers.size(); ++i) {
    if (std::isfinite(column.numbers[i]) && column.numbers[i] >= lowest) continue;
    return InvalidArgument("Column '{}' has the {} {} as its value number {}; it must be {}", column.name,
                           what, column.numbers[i], i + 1,
                           lowest == 0 ? "finite and not negative" : "finite");
  }
  return OkStatus();
}

Status CheckRows(const EvaluationPlan& plan, const ExampleRows& rows) {
  if (plan.compatibility == Compatibility::kTfma) return OkStatus();
  for (const std::string& name : plan.prediction_columns)
    PENSTOCK_RETURN_IF_ERROR(
        CheckNumbers(*rows.columns.at(name), "prediction", -std::numeric_limits<double>::max()));
  for (const std::string& name : plan.weight_columns)
    PENSTOCK_RETURN_IF_ERROR(CheckNumbers(*rows.columns.at(name), "weight", 0));
  return OkStatus();
}

Result<ExampleRows> ReadRows(const EvaluationPlan& plan, const data::Batch& batch) {
  PENSTOCK_ASSIGN_OR_RETURN(ExampleRows rows, ReadExampleRows(batch, plan.columns, plan.optional_columns));
  PENSTOCK_RETURN_IF_ERROR(CheckRows(plan, rows));
  return rows;
}

// Each row is a unit.
Result<Prepared> PrepareRows(const EvaluationPlan& plan, size_t group, const data::Batch& batch,
                             uint64_t first_id, const std::vector<Slicing>& slicings,
                             const AccumulationOptions& options) {
  Prepared prepared;
  prepared.group = group;
  PENSTOCK_ASSIGN_OR_RETURN(ExampleRows rows, ReadRows(plan, batch));
  rows.unit_ids.resize(static_cast<size_t>(rows.num_rows));
  std::iota(rows.unit_ids.begin(), rows.unit_ids.end(), first_id);
  PENSTOCK_RETURN_IF_ERROR(EmitAll(plan.groups[group], rows, prepared));
  prepared.unit_ids = rows.unit_ids;
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<SliceRows> slices,
                            SliceBatch(batch, slicings, options.max_slices, plan.compatibility));
  for (SliceRows& slice : slices) prepared.slices.push_back({std::move(slice.slice), std::move(slice.rows)});
  return prepared;
}

// Each query is a unit; it is in every slice that one of its documents is in, with all of them.
Result<Prepared> PrepareQueries(const EvaluationPlan& plan, size_t group, const data::Batch& batch,
                                const std::vector<Slicing>& slicings, const AccumulationOptions& options,
                                int64_t& num_rows_without_query) {
  Prepared prepared;
  prepared.group = group;
  const std::vector<std::string> key = {plan.groups[group].query_key};
  PENSTOCK_ASSIGN_OR_RETURN(const auto queries, combine::GroupRows(batch, key, batch->num_rows() + 1));
  std::vector<int64_t> order, unit_offsets{0}, unit_of_row;
  for (const combine::RowGroup& query : queries) {
    order.insert(order.end(), query.rows.begin(), query.rows.end());
    unit_of_row.resize(order.size(), static_cast<int64_t>(unit_offsets.size()) - 1);
    unit_offsets.push_back(static_cast<int64_t>(order.size()));
  }
  num_rows_without_query = batch->num_rows() - static_cast<int64_t>(order.size());
  if (num_rows_without_query > 0 && plan.compatibility == Compatibility::kTfma)
    return InvalidArgument("{} examples have no value of the query key '{}'", num_rows_without_query, key[0]);
  PENSTOCK_ASSIGN_OR_RETURN(const data::Batch sorted, combine::TakeRows(batch, order));
  PENSTOCK_ASSIGN_OR_RETURN(ExampleRows rows, ReadRows(plan, sorted));
  rows.unit_offsets = std::move(unit_offsets);
  rows.unit_ids.resize(queries.size());
  std::iota(rows.unit_ids.begin(), rows.unit_ids.end(), uint64_t{0});
  PENSTOCK_RETURN_IF_ERROR(EmitAll(plan.groups[group], rows, prepared));
  prepared.unit_ids = rows.unit_ids;
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<SliceRows> slices,
                            SliceBatch(sorted, slicings, options.max_slices, plan.compatibility));
  for (const SliceRows& slice : slices) {
    SliceUnits units{slice.slice, {}};
    for (const int64_t row : slice.rows) {
      const int64_t unit = unit_of_row[static_cast<size_t>(row)];
      if (units.units.empty() || units.units.back() != unit) units.units.push_back(unit);
    }
    prepared.slices.push_back(std::move(units));
  }
  return prepared;
}

class Accumulator {
 public:
  Accumulator(const EvaluationPlan& plan, const std::vector<Slicing>& slicings,
              const AccumulationOptions& options, const ExecutionOptions& execution)
      : plan_(plan), slicings_(slicings), options_(options), execution_(execution) {}

  Result<SliceStates> Run(const data::Dataset& examples) {
    const int64_t wave = 2 * int64_t{execution_.ResolvedThreads()};
    for (int64_t first = 0; first < examples.num_shards(); first += wave) {
      const int64_t count = std::min(wave, examples.num_shards() - first);
      std::vector<std::vector<Prepared>> prepared(static_cast<size_t>(count));
      std::vector<std::vector<data::Batch>> kept(static_cast<size_t>(count));
      std::vector<int64_t> num_rows(static_cast<size_t>(count));
      PENSTOCK_RETURN_IF_ERROR(ParallelFor(count, execution_, [&](int64_t i) {
        const auto at = static_cast<size_t>(i);
        return PrepareShard(examples, first + i, prepared[at], kept[at], num_rows[at]);
      }));
      std::vector<const Prepared*> all;
      for (const auto& shard : prepared)
        for (const Prepared& each : shard) all.push_back(&each);
      for (const int64_t rows : num_rows) states_.num_rows += rows;
      for (auto& shard : kept) kept_.insert(kept_.end(), shard.begin(), shard.end());
      PENSTOCK_RETURN_IF_ERROR(AddWave(all));
    }
    PENSTOCK_RETURN_IF_ERROR(AddQueries());
    return std::move(states_);
  }

 private:
  Status PrepareShard(const data::Dataset& examples, int64_t shard, std::vector<Prepared>& into,
                      std::vector<data::Batch>& kept, int64_t& num_rows) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto reader, examples.ReadShard(shard));
    while (true) {
      PENSTOCK_RETURN_IF_ERROR(execution_.CheckCancelled());
      PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
      if (!batch.has_value()) return OkStatus();
      for (int64_t begin = 0; begin < (*batch)->num_rows(); begin += kMaxRowsAtOnce) {
        const data::Batch part = (*batch)->Slice(begin, kMaxRowsAtOnce);
        const uint64_t first_id = (static_cast<uint64_t>(shard) << 36) + static_cast<uint64_t>(num_rows);
        for (size_t group = 0; group < plan_.groups.size(); ++group) {
          if (!plan_.groups[group].query_key.empty()) continue;
          auto prepared = PrepareRows(plan_, group, part, first_id, slicings_, options_);
          if (!prepared.ok()) {
            return Annotate(prepared.status(),
                            fmt::format("Rows from {} of part {} of the data", num_rows + 1, shard + 1));
          }
          WeighLanes(*prepared);
          into.push_back(*std::move(prepared));
        }
        if (HasQueries()) kept.push_back(part);
        num_rows += part->num_rows();
      }
    }
  }

  bool HasQueries() const {
    return std::any_of(plan_.groups.begin(), plan_.groups.end(),
                       [](const PlanGroup& group) { return !group.query_key.empty(); });
  }

  void WeighLanes(Prepared& prepared) const {
    if (options_.resampling.method == Resampling::Method::kPoissonBootstrap)
      prepared.lane_weights = BootstrapWeights(prepared.unit_ids, options_.resampling);
  }

  SliceState& StateAt(const SliceFeatures& slice) {
    const auto [at, added] = states_.slices.try_emplace(slice);
    if (added) {
      for (const PlanGroup& group : plan_.groups) {
        at->second.groups.emplace_back(group.computations.size());
        if (options_.resampling.num_lanes == 0) continue;
        at->second.lane_units.emplace_back(static_cast<size_t>(options_.resampling.num_lanes));
        at->second.first_partition.push_back(-1);
      }
    }
    return at->second;
  }

  // What one slice gets of one wave.
  struct Work {
    SliceState* state;
    std::vector<std::pair<const Prepared*, const std::vector<int64_t>*>> parts;
    int64_t num_units = 0;
  };

  Status AddWave(const std::vector<const Prepared*>& wave) {
    std::map<SliceState*, Work> work;
    for (const Prepared* prepared : wave) {
      states_.num_rows_left_out += prepared->num_rows_left_out;
      for (const SliceUnits& slice : prepared->slices) {
        SliceState& state = StateAt(slice.slice);
        Work& mine = work[&state];
        mine.state = &state;
        mine.parts.emplace_back(prepared, &slice.units);
        mine.num_units += static_cast<int64_t>(slice.units.size());
        if (prepared->group == 0) state.num_rows += static_cast<int64_t>(slice.units.size());
      }
    }
    if (static_cast<int64_t>(states_.slices.size()) > options_.max_slices + 1) {
      return InvalidArgument(
          "There are more than {} slices ({} after {} examples); slice by columns with fewer values, "
          "bucketize them "
          "first, or let there be more (--max-slices)",
          options_.max_slices, states_.slices.size(), states_.num_rows);
    }
    std::vector<Work*> tasks;
    for (auto& [state, each] : work) tasks.push_back(&each);
    // Large ones first, so that no thread ends up alone with one.
    std::stable_sort(tasks.begin(), tasks.end(),
                     [](const Work* a, const Work* b) { return a->num_units > b->num_units; });
    return AddInParallel(tasks);
  }

  // A large slice is shared by computations; small ones are whole.
  Status AddInParallel(const std::vector<Work*>& tasks) {
    struct Piece {
      Work* work;
      int64_t computation;  // -1: all.
    };
    std::vector<Piece> pieces;
    std::vector<std::vector<std::vector<uint8_t>>> partitions(tasks.size());
    std::map<Work*, size_t> place;
    for (size_t i = 0; i < tasks.size(); ++i) {
      place[tasks[i]] = i;
      partitions[i] = PartitionsOf(*tasks[i]);
      size_t most = 0;
      for (const PlanGroup& group : plan_.groups) most = std::max(most, group.computations.size());
      if (tasks[i]->num_units < 4096) {
        pieces.push_back({tasks[i], -1});
      } else {
        for (size_t c = 0; c < most; ++c) pieces.push_back({tasks[i], static_cast<int64_t>(c)});
      }
    }
    return ParallelFor(static_cast<int64_t>(pieces.size()), execution_, [&](int64_t i) {
      const Piece& piece = pieces[static_cast<size_t>(i)];
      const auto& mine = partitions[place[piece.work]];
      for (size_t part = 0; part < piece.work->parts.size(); ++part) {
        const Prepared& prepared = *piece.work->parts[part].first;
        const auto num_computations = static_cast<int64_t>(prepared.contributions.size());
        const int64_t begin = piece.computation < 0 ? 0 : piece.computation;
        const int64_t end = piece.computation < 0 ? num_computations : std::min(begin + 1, num_computations);
        for (int64_t c = begin; c < end; ++c)
          AddTo(prepared, static_cast<size_t>(c), *piece.work->parts[part].second,
                mine.empty() ? std::span<const uint8_t>() : std::span<const uint8_t>(mine[part]),
                *piece.work->state);
      }
      return OkStatus();
    });
  }

  void AddTo(const Prepared& prepared, size_t computation, const std::vector<int64_t>& units,
             std::span<const uint8_t> partitions, SliceState& state) const {
    const Computation& planned = plan_.groups[prepared.group].computations[computation];
    ComputationState& into = state.groups[prepared.group][computation];
    if (planned.emit_sample) {
      AddSample(planned, prepared.samples[computation], units, into);
    } else {
      AddUnits(planned, prepared.contributions[computation], units, options_.resampling,
               prepared.lane_weights, partitions, into);
    }
  }

  // The jackknife's partition of each unit of a slice; also counts what each resample sees.
  std::vector<std::vector<uint8_t>> PartitionsOf(Work& work) {
    std::vector<std::vector<uint8_t>> all;
    const auto num_lanes = static_cast<uint64_t>(options_.resampling.num_lanes);
    if (num_lanes == 0) return all;
    for (const auto& [prepared, units] : work.parts) {
      auto& counts = work.state->lane_units[prepared->group];
      if (options_.resampling.method == Resampling::Method::kPoissonBootstrap) {
        for (size_t lane = 0; lane < num_lanes; ++lane) counts[lane] += static_cast<int64_t>(units->size());
        continue;
      }
      int& first = work.state->first_partition[prepared->group];
      std::vector<uint8_t>& mine = all.emplace_back();
      int64_t num_seen = std::accumulate(counts.begin(), counts.end(), int64_t{0});
      for (const int64_t unit : *units) {
        auto partition = static_cast<int>(
            RandomBits(prepared->unit_ids[static_cast<size_t>(unit)] + RandomBits(options_.resampling.seed)) %
            num_lanes);
        // So that a slice of two units already has an interval.
        if (num_seen == 1 && partition == first)
          partition = static_cast<int>((static_cast<uint64_t>(partition) + 1) % num_lanes);
        if (num_seen == 0) first = partition;
        ++num_seen;
        ++counts[static_cast<size_t>(partition)];
        mine.push_back(static_cast<uint8_t>(partition));
      }
    }
    return all;
  }

  Status AddQueries() {
    if (kept_.empty()) return OkStatus();
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto table, arrow::Table::FromRecordBatches(kept_));
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(const auto batch, table->CombineChunksToBatch());
    kept_.clear();
    for (size_t group = 0; group < plan_.groups.size(); ++group) {
      if (plan_.groups[group].query_key.empty()) continue;
      PENSTOCK_ASSIGN_OR_RETURN(Prepared prepared, PrepareQueries(plan_, group, batch, slicings_, options_,
                                                                  states_.num_rows_without_query));
      WeighLanes(prepared);
      PENSTOCK_RETURN_IF_ERROR(AddWave({&prepared}));
    }
    return OkStatus();
  }

  const EvaluationPlan& plan_;
  const std::vector<Slicing>& slicings_;
  const AccumulationOptions& options_;
  const ExecutionOptions& execution_;
  SliceStates states_;
  std::vector<data::Batch> kept_;  // For query keys.
};

}  // namespace

Result<SliceStates> AccumulateSlices(const EvaluationPlan& plan, const std::vector<Slicing>& slicings,
                                     const data::Dataset& examples, const AccumulationOptions& options,
                                     const ExecutionOptions& execution) {
  return Accumulator(plan, slicings, options, execution).Run(examples);
}

}  // namespace penstock::evaluation
