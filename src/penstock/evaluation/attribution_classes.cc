#include <algorithm>
#include <cmath>
#include <limits>

#include "penstock/evaluation/metric_class.h"

namespace penstock::evaluation {
namespace {

using std::string;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// What of a row's attributions the sub key asks for.
Result<std::vector<double>> Select(const SubKey& sub_key, std::span<const double> all, const string& feature,
                                   int64_t row) {
  std::vector<double> values(all.begin(), all.end());
  if (sub_key.IsEmpty() || values.empty()) return values;
  if (sub_key.class_id != SubKey::kNone) {
    if (static_cast<size_t>(sub_key.class_id) >= values.size())
      return InvalidArgument("Row {} has {} attributions of '{}'; there is no class {}", row + 1,
                             values.size(), feature, sub_key.class_id);
    return std::vector<double>{values[static_cast<size_t>(sub_key.class_id)]};
  }
  const bool is_one = sub_key.k != SubKey::kNone;
  const auto count = static_cast<size_t>(is_one ? sub_key.k : sub_key.top_k);
  if (values.size() < count)
    return InvalidArgument("Row {} has {} attributions of '{}', too few for the {} highest", row + 1,
                           values.size(), feature, count);
  std::stable_sort(values.begin(), values.end(), std::greater<>());
  values.resize(count);
  if (is_one) return std::vector<double>{values.back()};
  return values;
}

// Sums of the attributions of one feature: as many cells as it has.
Computation AttributionSums(const string& feature, const string& column, bool is_absolute,
                            const PairSpec& spec) {
  Computation made;
  made.name = fmt::format("attributions/1:{}:{:d}:{}", column, is_absolute, FingerprintOf(spec));
  made.emit = [feature, column, is_absolute, spec](PairCache& cache, Contributions& into) -> Status {
    const ExampleRows& rows = cache.rows();
    PENSTOCK_ASSIGN_OR_RETURN(ColumnPointer values, rows.Find(column));
    PENSTOCK_ASSIGN_OR_RETURN(values, AsNumbers(std::move(values)));
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> weights, RowWeights(rows, spec));
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
        PENSTOCK_ASSIGN_OR_RETURN(const auto selected,
                                  Select(spec.sub_key, values->Numbers(row), feature, row));
        for (size_t i = 0; i < selected.size(); ++i) {
          const double value = selected[i] * weights[static_cast<size_t>(row)];
          into.Add(static_cast<int64_t>(i), is_absolute ? std::fabs(value) : value);
        }
      }
      into.EndUnit();
    }
    return OkStatus();
  };
  return made;
}

Computation WeightSum(const PairSpec& spec) {
  Computation made;
  made.name = "attributed-weight/1:" + FingerprintOf(spec);
  made.num_cells = 1;
  made.emit = [spec](PairCache& cache, Contributions& into) -> Status {
    const ExampleRows& rows = cache.rows();
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> weights, RowWeights(rows, spec));
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row)
        into.Add(0, weights[static_cast<size_t>(row)]);
      into.EndUnit();
    }
    return OkStatus();
  };
  return made;
}

Status PlanAttributions(bool is_mean, bool is_absolute, const string& name, const MetricArguments& arguments,
                        const MetricTarget& target, MetricSink& sink) {
  if (target.attribution_columns.empty()) {
    return InvalidArgument(
        "Metric {} needs attributions: columns named {}FEATURE, or a model of trees (--model), whose are "
        "computed",
        arguments.metric(), kAttributionPrefix);
  }
  PairSpec spec;
  spec.target.weight = target.columns.weight;
  spec.is_weighted = target.is_weighted;
  spec.sub_key = target.sub_key;
  PlannedMetric metric;
  metric.keys = {target.Key(name)};
  metric.has_interval = false;
  std::vector<string> features;
  for (const auto& [feature, column] : target.attribution_columns) {
    sink.Need(column);
    features.push_back(feature);
    metric.computations.push_back(sink.Add(AttributionSums(feature, column, is_absolute, spec)));
  }
  metric.computations.push_back(sink.Add(WeightSum(spec)));
  metric.measure = [features, is_mean](const MeasuredCells& cells) {
    Attributions attributions;
    const double weight = cells.of.back()[0];
    for (size_t i = 0; i < features.size(); ++i) {
      if (cells.of[i].empty()) continue;
      std::vector<double>& values = attributions.by_feature[features[i]];
      for (const double sum : cells.of[i])
        values.push_back(!is_mean ? sum : std::fabs(weight) <= 1e-8 ? kNaN : sum / weight);
    }
    return std::vector<MetricValue>{attributions};
  };
  sink.Add(std::move(metric));
  return OkStatus();
}

}  // namespace

void AddAttributionClasses(std::map<string, MetricClass>& classes) {
  for (const bool is_mean : {false, true}) {
    for (const bool is_absolute : {false, true}) {
      const string class_name =
          fmt::format("{}{}Attributions", is_mean ? "Mean" : "Total", is_absolute ? "Absolute" : "");
      MetricClass made{
          class_name,
          fmt::format("{}_{}attributions", is_mean ? "mean" : "total", is_absolute ? "absolute_" : ""),
          {},
          "what each feature adds to predictions",
          MetricDirection::kNone,
          [is_mean, is_absolute](const string& name, const MetricArguments& arguments,
                                 const MetricTarget& target, MetricSink& sink) {
            return PlanAttributions(is_mean, is_absolute, name, arguments, target, sink);
          }};
      made.reads_target = [](const MetricArguments&) { return false; };
      classes[class_name] = std::move(made);
    }
  }
}

}  // namespace penstock::evaluation
