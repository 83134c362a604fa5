#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "penstock/evaluation/metric_class.h"

namespace penstock::evaluation {
namespace {

using std::string;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The ascending order of numpy's argsort on x86-64, which is not stable: a bitonic network over a power of
// two of places, where only what is strictly larger moves. TFMA ranks documents of equal scores by it.
std::vector<size_t> NetworkOrder(const std::vector<double>& scores) {
  size_t size = 1;
  while (size < scores.size()) size *= 2;
  std::vector<double> keys = scores;
  keys.resize(size, std::numeric_limits<double>::infinity());
  std::vector<size_t> order(size);
  std::iota(order.begin(), order.end(), size_t{0});
  const auto exchange = [&](size_t a, size_t b) {
    if (!(keys[a] > keys[b])) return;
    std::swap(keys[a], keys[b]);
    std::swap(order[a], order[b]);
  };
  for (size_t block = 2; block <= size; block *= 2) {
    for (size_t start = 0; start < size; start += block)
      for (size_t i = 0; i < block / 2; ++i) exchange(start + i, start + block - 1 - i);
    for (size_t step = block / 4; step >= 1; step /= 2)
      for (size_t i = 0; i < size; ++i)
        if ((i & step) == 0) exchange(i, i | step);
  }
  std::erase_if(order, [&](size_t i) { return i >= scores.size(); });
  return order;
}

// One query: its documents, best first, and what it weighs.
struct Query {
  std::vector<int64_t> ranked;  // Rows.
  double weight = 1;
};

Result<Query> ReadQuery(const ExampleRows& rows, int64_t unit, const ExampleColumn& scores,
                        const std::vector<double>& weights, bool is_tfma_compatible) {
  Query query;
  std::vector<double> values;
  for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
    if (scores.Size(row) != 1)
      return InvalidArgument("Row {} of a query has {} scores in column '{}'; it must have one", row + 1,
                             scores.Size(row), scores.name);
    query.ranked.push_back(row);
    values.push_back(scores.Numbers(row)[0]);
    const double weight = weights[static_cast<size_t>(row)],
                 first = weights[static_cast<size_t>(query.ranked[0])];
    if (!(std::fabs(weight - first) <= 1e-8 + 1e-5 * std::fabs(first)))
      return InvalidArgument(
          "All documents of a query must weigh the same, but row {} weighs {} and row {} {}",
          query.ranked[0] + 1, first, row + 1, weight);
    query.weight = first;
  }
  const int64_t begin = rows.UnitBegin(unit);
  // Beyond 256 documents numpy sorts in another way, and the order of ties is anyone's guess.
  if (is_tfma_compatible && values.size() <= 256) {
    query.ranked.clear();
    for (const size_t i : NetworkOrder(values)) query.ranked.push_back(begin + static_cast<int64_t>(i));
    std::reverse(query.ranked.begin(), query.ranked.end());
    return query;
  }
  std::stable_sort(query.ranked.begin(), query.ranked.end(), [&](int64_t a, int64_t b) {
    return values[static_cast<size_t>(a - begin)] > values[static_cast<size_t>(b - begin)];
  });
  return query;
}

PairSpec SpecOf(const MetricTarget& target) {
  PairSpec pairs;
  pairs.target = target.columns;
  pairs.is_weighted = target.is_weighted;
  return pairs;
}

// A computation that looks at whole queries.
template <class F>
Computation QuerySums(const string& name, int64_t num_cells, const MetricTarget& target, F add) {
  const PairSpec pairs = SpecOf(target);
  const bool is_compatible = target.is_tfma_compatible;
  Computation made;
  made.name = fmt::format("{}:{}:{}", name, is_compatible, FingerprintOf(pairs));
  made.num_cells = num_cells;
  made.emit = [pairs, add, is_compatible](PairCache& cache, Contributions& into) -> Status {
    const ExampleRows& rows = cache.rows();
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> weights, RowWeights(rows, pairs));
    PENSTOCK_ASSIGN_OR_RETURN(ColumnPointer scores, rows.Find(pairs.target.prediction));
    PENSTOCK_ASSIGN_OR_RETURN(scores, AsNumbers(scores));
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      PENSTOCK_ASSIGN_OR_RETURN(const Query query, ReadQuery(rows, unit, *scores, weights, is_compatible));
      PENSTOCK_RETURN_IF_ERROR(add(rows, query, into));
      into.EndUnit();
    }
    return OkStatus();
  };
  return made;
}

Status NeedsQuery(const char* metric, const MetricTarget& target) {
  if (!target.query_key.empty()) return OkStatus();
  return InvalidArgument(
      "Metric {} needs the 'query_key' of its metrics_spec: the column that groups documents", metric);
}

double DiscountedGain(const std::vector<double>& gains, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += gains[i] / std::log2(static_cast<double>(i + 2));
  return sum;
}

double NormalizedGain(const std::vector<double>& gains, int64_t k) {
  const size_t count = std::min(static_cast<size_t>(k), gains.size());
  std::vector<double> best = gains;
  std::sort(best.begin(), best.end(), std::greater<>());
  const double highest = DiscountedGain(best, count);
  return highest > 0 ? DiscountedGain(gains, count) / highest : 0;
}

Status PlanNdcg(const string& name, const MetricArguments& arguments, const MetricTarget& target,
                MetricSink& sink) {
  PENSTOCK_RETURN_IF_ERROR(NeedsQuery("NDCG", target));
  PENSTOCK_ASSIGN_OR_RETURN(const string gain_key, arguments.Text("gain_key", ""));
  if (gain_key.empty()) return InvalidArgument("Metric NDCG needs the argument 'gain_key'");
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> listed, arguments.Numbers("top_k_list"));
  std::vector<int> top;
  if (target.sub_key.top_k != SubKey::kNone) top.push_back(target.sub_key.top_k);
  for (const double k : listed)
    if (std::find(top.begin(), top.end(), static_cast<int>(k)) == top.end())
      top.push_back(static_cast<int>(k));
  if (top.empty() || *std::min_element(top.begin(), top.end()) < 1)
    return InvalidArgument(
        "Metric NDCG needs top-k values above 0: 'top_k_list', or 'top_k_list' of binarize");
  sink.Need(gain_key);
  PlannedMetric metric;
  for (const int k : top) {
    metric.keys.push_back(target.Key(name));
    metric.keys.back().sub_key = {};
    metric.keys.back().sub_key.top_k = k;
  }
  metric.computations = {sink.Add(QuerySums(
      fmt::format("ndcg/1:{}:{}", gain_key, fmt::join(top, ",")), static_cast<int64_t>(top.size()) + 1,
      target, [gain_key, top](const ExampleRows& rows, const Query& query, Contributions& into) -> Status {
        PENSTOCK_ASSIGN_OR_RETURN(ColumnPointer column, rows.Find(gain_key));
        PENSTOCK_ASSIGN_OR_RETURN(column, AsNumbers(column));
        std::vector<double> gains;
        for (const int64_t row : query.ranked) {
          if (column->Size(row) != 1)
            return InvalidArgument("Row {} has {} gains in column '{}'; it must have one", row + 1,
                                   column->Size(row), gain_key);
          gains.push_back(column->Numbers(row)[0]);
        }
        // A query without anything to gain cannot be ranked well or badly.
        const double weight = *std::max_element(gains.begin(), gains.end()) <= 0 ? 0 : query.weight;
        for (size_t i = 0; i < top.size(); ++i)
          into.Add(static_cast<int64_t>(i), NormalizedGain(gains, top[i]) * weight);
        into.Add(static_cast<int64_t>(top.size()), weight);
        return OkStatus();
      }))};
  metric.measure = [n = top.size()](const MeasuredCells& cells) {
    std::vector<MetricValue> values;
    for (size_t i = 0; i < n; ++i)
      values.emplace_back(cells.of[0][n] > 0 ? cells.of[0][i] / cells.of[0][n] : kNaN);
    return values;
  };
  sink.Add(std::move(metric));
  return OkStatus();
}

Status PlanQueryStatistics(const string&, const MetricArguments& arguments, const MetricTarget& target,
                           MetricSink& sink) {
  PENSTOCK_RETURN_IF_ERROR(NeedsQuery("QueryStatistics", target));
  PlannedMetric metric;
  for (const char* name : {"total_queries", "total_documents", "min_documents", "max_documents"}) {
    PENSTOCK_ASSIGN_OR_RETURN(const string given, arguments.Text(string(name) + "_name", name));
    metric.keys.push_back(target.Key(given));
    metric.keys.back().sub_key = {};
  }
  const auto documents = [](const Query& query) {
    return static_cast<double>(query.ranked.size()) * query.weight;
  };
  metric.computations.push_back(sink.Add(QuerySums(
      "query-totals/1", 2, target, [documents](const ExampleRows&, const Query& query, Contributions& into) {
        into.Add(0, query.weight);
        into.Add(1, documents(query));
        return OkStatus();
      })));
  Computation extremes = QuerySums("query-extremes/1", 2, target,
                                   [documents](const ExampleRows&, const Query& query, Contributions& into) {
                                     into.Add(0, -documents(query));
                                     into.Add(1, documents(query));
                                     return OkStatus();
                                   });
  extremes.keeps_maxima = true;
  metric.computations.push_back(sink.Add(std::move(extremes)));
  metric.measure = [](const MeasuredCells& cells) {
    return std::vector<MetricValue>{cells.of[0][0], cells.of[0][1], -cells.of[1][0],
                                    std::max(cells.of[1][1], 0.0)};
  };
  sink.Add(std::move(metric));
  return OkStatus();
}

Status PlanMinLabelPosition(const string& name, const MetricArguments& arguments, const MetricTarget& target,
                            MetricSink& sink) {
  PENSTOCK_RETURN_IF_ERROR(NeedsQuery("MinLabelPosition", target));
  PENSTOCK_ASSIGN_OR_RETURN(const string label_key, arguments.Text("label_key", target.columns.label));
  if (label_key != target.columns.label) sink.Need(label_key);
  MetricKey key = target.Key(name);
  key.sub_key = {};
  sink.Add(std::move(key),
           QuerySums("min-label-position/1:" + label_key, 2, target,
                     [label_key](const ExampleRows& rows, const Query& query, Contributions& into) -> Status {
                       PENSTOCK_ASSIGN_OR_RETURN(ColumnPointer labels, rows.Find(label_key));
                       PENSTOCK_ASSIGN_OR_RETURN(labels, AsNumbers(labels));
                       for (size_t i = 0; i < query.ranked.size(); ++i) {
                         const auto values = labels->Numbers(query.ranked[i]);
                         if (!(std::accumulate(values.begin(), values.end(), 0.0) > 0)) continue;
                         into.Add(0, static_cast<double>(i + 1) * query.weight);
                         into.Add(1, query.weight);
                         break;
                       }
                       return OkStatus();
                     }),
           [](std::span<const double> c) { return c[1] > 0 ? c[0] / c[1] : kNaN; });
  return OkStatus();
}

}  // namespace

void AddRankingClasses(std::map<string, MetricClass>& classes) {
  constexpr auto kHigher = MetricDirection::kHigherIsBetter;
  classes["NDCG"] = {
      "NDCG",   "ndcg", {"gain_key", "top_k_list"}, "normalized discounted cumulative gain", kHigher,
      PlanNdcg, false};
  classes["QueryStatistics"] = {
      "QueryStatistics",
      "query_statistics",
      {"total_queries_name", "total_documents_name", "min_documents_name", "max_documents_name"},
      "queries and their documents",
      MetricDirection::kNone,
      PlanQueryStatistics,
      false};
  classes["MinLabelPosition"] = {"MinLabelPosition",
                                 "min_label_position",
                                 {"label_key"},
                                 "rank of the first relevant document",
                                 MetricDirection::kLowerIsBetter,
                                 PlanMinLabelPosition,
                                 false};
}

}  // namespace penstock::evaluation
