#include "penstock/evaluation/slice_results.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <set>
#include <utility>

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
  Finisher(const EvaluationPlan& plan, SliceStates states, const Resampling& resampling)
      : plan_(plan), resampling_(resampling), has_crosses_(!plan.config.cross_slicing_specs().empty()) {
    for (auto at = states.slices.begin(); at != states.slices.end();) {
      auto node = states.slices.extract(at++);
      SliceResult result;
      result.slice = std::move(node.key());
      result.num_examples = node.mapped().num_rows;
      results_.push_back(std::move(result));
      states_.push_back(std::move(node.mapped()));
    }
  }

  Result<std::vector<SliceResult>> Finish(const ExecutionOptions& execution) {
    // The first says how the keys of the others most likely are.
    if (!results_.empty()) PENSTOCK_RETURN_IF_ERROR(FinishSlice(0));
    PENSTOCK_RETURN_IF_ERROR(ParallelFor(static_cast<int64_t>(results_.size()) - 1, execution,
                                         [&](int64_t i) { return FinishSlice(static_cast<size_t>(i) + 1); }));
    if (has_crosses_) PENSTOCK_RETURN_IF_ERROR(FinishCrossSlices(execution));
    return std::move(results_);
  }

 private:
  Status FinishSlice(size_t slice) {
    SliceResult& result = results_[slice];
    auto sets = SetsOf(slice);
    if (!sets.ok()) return Annotate(sets.status(), "Slice " + SliceText(result.slice));
    Fill(*std::move(sets), {slice}, result);
    if (slice > 0) result.metrics.ShareKeys(results_[0].metrics);
    if (slice > 0) result.plots.ShareKeys(results_[0].plots);
    if (!has_crosses_) states_[slice].groups = {};
    return OkStatus();
  }

  // The point first, then each resample; those of too few rows to resample only the point.
  Result<std::vector<MetricSet>> SetsOf(size_t slice) const {
    std::vector<MetricSet> sets;
    const int num_lanes = LaneProblem(slice).empty() ? resampling_.num_lanes : 0;
    for (int lane = kPoint; lane < num_lanes; ++lane) {
      PENSTOCK_ASSIGN_OR_RETURN(MetricSet set, Measure(plan_, states_[slice], resampling_, lane));
      sets.push_back(std::move(set));
    }
    return sets;
  }

  // Leaving one partition out must leave something.
  std::string LaneProblem(size_t slice) const {
    if (resampling_.method != Resampling::Method::kJackknife) return "";
    for (const auto& counts : states_[slice].lane_units) {
      const auto num_used =
          std::count_if(counts.begin(), counts.end(), [](int64_t count) { return count > 0; });
      if (num_used == 1) {
        return fmt::format("CI not computed because only {} samples were non-empty. Expected {}.",
                           resampling_.num_lanes - 1, resampling_.num_lanes);
      }
    }
    return "";
  }

  bool IsTooSmall(size_t slice) const {
    const int64_t fewest = plan_.config.options().min_slice_size().value();
    return !results_[slice].slice.empty() && results_[slice].num_examples < fewest && fewest > 1;
  }

  // Differences, intervals and what makes one of the slices `of` too small.
  void Fill(std::vector<MetricSet> sets, std::initializer_list<size_t> of, SliceResult& result) const {
    for (MetricSet& set : sets) AddDifferences(plan_, set);
    for (const size_t slice : of) {
      if (!IsTooSmall(slice)) continue;
      result.is_too_small = true;
      result.error = fmt::format(
          "Example count for this slice key is lower than the minimum required value: {}. No data is "
          "aggregated for "
          "this slice.",
          plan_.config.options().min_slice_size().value());
      return;
    }
    if (resampling_.num_lanes > 0 && sets.size() == 1)
      for (const size_t slice : of)
        if (result.error.empty()) result.error = LaneProblem(slice);
    if (sets.size() > 1) AddIntervals(sets, result);
    result.metrics = MetricValues(std::move(sets[0].metrics));
    result.plots = MetricValues(std::move(sets[0].plots));
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
      if (ValueAs<FeatureSample>(value) != nullptr || std::holds_alternative<std::string>(value)) continue;
      result.intervals.emplace(key, IntervalOf(NumbersOf(value), samples, resampling_.method));
    }
  }

  // Pairs of slices by place, in the order the specs ask for them, each once.
  std::vector<std::pair<size_t, size_t>> CrossPairs() const {
    std::vector<std::pair<size_t, size_t>> pairs;
    std::set<std::pair<size_t, size_t>> known;
    for (const tfma::CrossSlicingSpec& spec : plan_.config.cross_slicing_specs()) {
      std::vector<size_t> baselines, comparisons;
      for (size_t slice = 0; slice < results_.size(); ++slice) {
        const bool is_baseline = IsSliceOf(results_[slice].slice, spec.baseline_spec());
        const bool is_wanted =
            spec.slicing_specs().empty()
                ? !is_baseline
                : std::any_of(spec.slicing_specs().begin(), spec.slicing_specs().end(),
                              [&](const auto& each) { return IsSliceOf(results_[slice].slice, each); });
        if (is_baseline) baselines.push_back(slice);
        if (is_wanted) comparisons.push_back(slice);
      }
      for (const size_t baseline : baselines)
        for (const size_t comparison : comparisons)
          if (known.emplace(baseline, comparison).second) pairs.emplace_back(baseline, comparison);
    }
    return pairs;
  }

  Status FinishCrossSlices(const ExecutionOptions& execution) {
    const auto pairs = CrossPairs();
    const size_t first = results_.size();
    results_.resize(first + pairs.size());
    return ParallelFor(static_cast<int64_t>(pairs.size()), execution, [&](int64_t i) -> Status {
      const auto [base, compared] = pairs[static_cast<size_t>(i)];
      SliceResult& result = results_[first + static_cast<size_t>(i)];
      result.is_cross = true;
      result.baseline_slice = results_[base].slice;
      result.slice = results_[compared].slice;
      PENSTOCK_ASSIGN_OR_RETURN(const auto baseline, SetsOf(base));
      PENSTOCK_ASSIGN_OR_RETURN(const auto comparison, SetsOf(compared));
      std::vector<MetricSet> crossed;
      for (size_t lane = 0; lane < std::min(baseline.size(), comparison.size()); ++lane)
        crossed.push_back(CrossSet(baseline[lane], comparison[lane]));
      Fill(std::move(crossed), {base, compared}, result);
      return OkStatus();
    });
  }

  const EvaluationPlan& plan_;
  const Resampling& resampling_;
  const bool has_crosses_;
  std::vector<SliceState> states_;  // Of the slices of results_ that are no cross slices.
  std::vector<SliceResult> results_;
};

}  // namespace

Result<std::vector<SliceResult>> FinishSlices(const EvaluationPlan& plan, SliceStates states,
                                              const Resampling& resampling,
                                              const ExecutionOptions& execution) {
  return Finisher(plan, std::move(states), resampling).Finish(execution);
}

}  // namespace penstock::evaluation
