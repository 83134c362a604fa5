#include "penstock/evaluation/slice_results.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "penstock/evaluation/metric_combiner.h"

namespace penstock::evaluation {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
// Student's t of 19 degrees of freedom at 0.975.
constexpr double kStudent = 2.093024054408263;
constexpr int kPoint = -1;

using Cells = std::vector<std::vector<double>>;

Cells CellsOf(const PlanGroup& group, const std::vector<ComputationState>& states,
              const Resampling& resampling, int lane) {
  Cells cells;
  for (size_t i = 0; i < group.computations.size(); ++i) {
    const Computation& computation = group.computations[i];
    std::vector<double> totals = lane == kPoint || !computation.is_resampled
                                     ? states[i].Totals()
                                     : LaneTotals(computation, resampling, lane, states[i]);
    FillCells(computation, totals);  // A slice that the group never saw.
    cells.push_back(std::move(totals));
  }
  return cells;
}

// All metrics of one slice as one resample (or all rows) has them.
Result<MetricSet> Measure(const EvaluationPlan& plan, const SliceState& state, const Resampling& resampling,
                          int lane) {
  MetricSet all;
  for (size_t g = 0; g < plan.groups.size(); ++g) {
    const PlanGroup& group = plan.groups[g];
    const Cells cells = CellsOf(group, state.groups[g], resampling, lane);
    PENSTOCK_ASSIGN_OR_RETURN(MetricSet set, MeasureGroup(group, cells, state.groups[g], lane == kPoint));
    all.metrics.merge(set.metrics);
    all.plots.merge(set.plots);
  }
  std::erase_if(all.metrics, [](const auto& entry) { return entry.first.name.starts_with("_"); });
  std::erase_if(all.plots, [](const auto& entry) { return entry.first.name.starts_with("_"); });
  return all;
}

void AddDifferences(const EvaluationPlan& plan, MetricSet& set) {
  if (!plan.has_baseline) return;
  std::map<MetricKey, MetricValue> differences;
  for (const auto& [key, value] : set.metrics) {
    if (key.is_diff || key.model == plan.baseline_model) continue;
    MetricKey baseline = key;
    baseline.model = plan.baseline_model;
    const auto found = set.metrics.find(baseline);
    if (found == set.metrics.end()) continue;
    if (auto difference = Difference(value, found->second)) {
      MetricKey diff = key;
      diff.is_diff = true;
      differences.emplace(std::move(diff), *std::move(difference));
    }
  }
  set.metrics.merge(differences);
}

MetricSet CrossSet(const MetricSet& baseline, const MetricSet& comparison) {
  MetricSet crossed;
  for (const auto& [key, value] : comparison.metrics) {
    const auto found = baseline.metrics.find(key);
    if (found == baseline.metrics.end()) continue;
    if (auto difference = Difference(found->second, value))
      crossed.metrics.emplace(key, *std::move(difference));
  }
  return crossed;
}

// Mean and standard deviation of the numbers that are there.
struct Spread {
  double mean = kNaN, deviation = kNaN;
};
Spread SpreadOf(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  if (count < 2) return {};
  const double mean = sum / count;
  double squares = 0;
  for (const double value : values)
    if (!std::isnan(value)) squares += (value - mean) * (value - mean);
  return {mean, std::sqrt(squares / (count - 1))};
}

Interval IntervalOf(const std::vector<double>& point, const std::vector<std::vector<double>>& samples,
                    Resampling::Method method) {
  Interval interval;
  const auto n = static_cast<double>(samples.size());
  for (size_t i = 0; i < point.size(); ++i) {
    std::vector<double> values;
    for (const auto& sample : samples) values.push_back(i < sample.size() ? sample[i] : kNaN);
    const double mean = SpreadOf(values).mean;
    double error;
    if (method == Resampling::Method::kJackknife) {
      for (double& value : values) value = point[i] * n - value * (n - 1);
      error = SpreadOf(values).deviation / std::sqrt(n);
    } else {
      error = SpreadOf(values).deviation;
    }
    interval.standard_error.push_back(error);
    interval.lower.push_back(mean - kStudent * error);
    interval.upper.push_back(mean + kStudent * error);
  }
  return interval;
}

class Finisher {
 public:
  Finisher(const EvaluationPlan& plan, const SliceStates& states, const Resampling& resampling)
      : plan_(plan), states_(states), resampling_(resampling) {}

  Result<std::vector<SliceResult>> Finish(const ExecutionOptions& execution) {
    for (const auto& [slice, state] : states_.slices) {
      SliceResult result;
      result.slice = slice;
      result.num_examples = state.num_rows;
      results_.push_back(std::move(result));
    }
    PENSTOCK_RETURN_IF_ERROR(ParallelFor(static_cast<int64_t>(results_.size()), execution, [&](int64_t i) {
      SliceResult& result = results_[static_cast<size_t>(i)];
      const auto sets = SetsOf(result.slice);
      if (!sets.ok()) return Annotate(sets.status(), "Slice " + SliceText(result.slice));
      Fill(*sets, {&result.slice}, result);
      return OkStatus();
    }));
    PENSTOCK_RETURN_IF_ERROR(FinishCrossSlices(execution));
    return std::move(results_);
  }

 private:
  // The point first, then each resample; those of too few rows to resample only the point.
  Result<std::vector<MetricSet>> SetsOf(const SliceFeatures& slice) const {
    const SliceState& state = states_.slices.at(slice);
    std::vector<MetricSet> sets;
    const int num_lanes = LaneProblem(slice).empty() ? resampling_.num_lanes : 0;
    for (int lane = kPoint; lane < num_lanes; ++lane) {
      PENSTOCK_ASSIGN_OR_RETURN(MetricSet set, Measure(plan_, state, resampling_, lane));
      sets.push_back(std::move(set));
    }
    return sets;
  }

  // Leaving one partition out must leave something.
  std::string LaneProblem(const SliceFeatures& slice) const {
    if (resampling_.method != Resampling::Method::kJackknife) return "";
    for (const auto& counts : states_.slices.at(slice).lane_units) {
      const auto num_used =
          std::count_if(counts.begin(), counts.end(), [](int64_t count) { return count > 0; });
      if (num_used == 1) {
        return fmt::format("CI not computed because only {} samples were non-empty. Expected {}.",
                           resampling_.num_lanes - 1, resampling_.num_lanes);
      }
    }
    return "";
  }

  bool IsTooSmall(const SliceFeatures& slice) const {
    return !slice.empty() &&
           states_.slices.at(slice).num_rows < plan_.config.options().min_slice_size().value() &&
           plan_.config.options().min_slice_size().value() > 1;
  }

  // Differences, intervals and what makes a slice too small; `sets` are changed copies.
  void Fill(std::vector<MetricSet> sets, const std::vector<const SliceFeatures*>& of,
            SliceResult& result) const {
    for (MetricSet& set : sets) AddDifferences(plan_, set);
    for (const SliceFeatures* slice : of) {
      if (!IsTooSmall(*slice)) continue;
      result.is_too_small = true;
      result.error = fmt::format(
          "Example count for this slice key is lower than the minimum required value: {}. No data is "
          "aggregated for "
          "this slice.",
          plan_.config.options().min_slice_size().value());
      return;
    }
    if (resampling_.num_lanes > 0 && sets.size() == 1)
      for (const SliceFeatures* slice : of)
        if (result.error.empty()) result.error = LaneProblem(*slice);
    if (sets.size() > 1) AddIntervals(sets, result);
    result.metrics = std::move(sets[0].metrics);
    result.plots = std::move(sets[0].plots);
  }

  void AddIntervals(const std::vector<MetricSet>& sets, SliceResult& result) const {
    for (const auto& [key, value] : sets[0].metrics) {
      if (plan_.keys_without_interval.count(key) > 0) continue;
      std::vector<std::vector<double>> samples;
      for (size_t lane = 1; lane < sets.size(); ++lane) {
        const auto found = sets[lane].metrics.find(key);
        samples.push_back(found == sets[lane].metrics.end() ? std::vector<double>()
                                                            : NumbersOf(found->second));
      }
      if (std::holds_alternative<FeatureSample>(value) || std::holds_alternative<std::string>(value))
        continue;
      result.intervals.emplace(key, IntervalOf(NumbersOf(value), samples, resampling_.method));
    }
  }

  Status FinishCrossSlices(const ExecutionOptions& execution) {
    struct Pair {
      const SliceFeatures* baseline;
      const SliceFeatures* comparison;
    };
    std::vector<Pair> pairs;
    for (const tfma::CrossSlicingSpec& spec : plan_.config.cross_slicing_specs()) {
      for (const auto& [baseline, state] : states_.slices) {
        if (!IsSliceOf(baseline, spec.baseline_spec())) continue;
        for (const auto& [comparison, other] : states_.slices) {
          const bool is_wanted = spec.slicing_specs().empty()
                                     ? !IsSliceOf(comparison, spec.baseline_spec())
                                     : std::any_of(spec.slicing_specs().begin(), spec.slicing_specs().end(),
                                                   [&, &slice = comparison](const auto& each) {
                                                     return IsSliceOf(slice, each);
                                                   });
          const bool is_known =
              std::any_of(pairs.begin(), pairs.end(), [&, &b = baseline, &c = comparison](const Pair& pair) {
                return pair.baseline == &b && pair.comparison == &c;
              });
          if (is_wanted && !is_known) pairs.push_back({&baseline, &comparison});
        }
      }
    }
    const size_t first = results_.size();
    results_.resize(first + pairs.size());
    return ParallelFor(static_cast<int64_t>(pairs.size()), execution, [&](int64_t i) -> Status {
      const Pair& pair = pairs[static_cast<size_t>(i)];
      SliceResult& result = results_[first + static_cast<size_t>(i)];
      result.is_cross = true;
      result.baseline_slice = *pair.baseline;
      result.slice = *pair.comparison;
      PENSTOCK_ASSIGN_OR_RETURN(const auto baseline, SetsOf(*pair.baseline));
      PENSTOCK_ASSIGN_OR_RETURN(const auto comparison, SetsOf(*pair.comparison));
      std::vector<MetricSet> crossed;
      for (size_t lane = 0; lane < std::min(baseline.size(), comparison.size()); ++lane)
        crossed.push_back(CrossSet(baseline[lane], comparison[lane]));
      Fill(std::move(crossed), {pair.baseline, pair.comparison}, result);
      return OkStatus();
    });
  }

  const EvaluationPlan& plan_;
  const SliceStates& states_;
  const Resampling& resampling_;
  std::vector<SliceResult> results_;
};

}  // namespace

Result<std::vector<SliceResult>> FinishSlices(const EvaluationPlan& plan, const SliceStates& states,
                                              const Resampling& resampling,
                                              const ExecutionOptions& execution) {
  return Finisher(plan, states, resampling).Finish(execution);
}

}  // namespace penstock::evaluation
