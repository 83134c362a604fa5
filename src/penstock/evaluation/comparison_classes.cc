#include <cmath>
#include <limits>

#include "penstock/evaluation/metric_class.h"

namespace penstock::evaluation {
namespace {

using std::string;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
using Cells = std::span<const double>;

// The candidate's and the baseline's specs of the same rows; weights are the baseline's.
struct Both {
  PairSpec candidate, baseline;
};

Result<Both> SpecsOf(const string& metric, const MetricTarget& target, bool is_weighted) {
  if (!target.baseline.has_value()) {
    return InvalidArgument(
        "Metric {} compares with a baseline: give a model spec with is_baseline, or --baseline", metric);
  }
  Both both;
  both.candidate.target = target.columns;
  both.baseline.target = *target.baseline;
  both.candidate.is_weighted = both.baseline.is_weighted = is_weighted;
  return both;
}

// Adds for each pair of predictions of the same label.
template <class F>
Computation ComparedPairs(const string& algorithm, int64_t num_cells, const Both& both, bool first_only,
                          F add) {
  Computation made;
  made.name = fmt::format("{}:{}:{}", algorithm, FingerprintOf(both.candidate), FingerprintOf(both.baseline));
  made.num_cells = num_cells;
  made.emit = [both, add, first_only](PairCache& cache, Contributions& into) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionPairs* candidate, cache.Pairs(both.candidate));
    PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionPairs* baseline, cache.Pairs(both.baseline));
    for (size_t unit = 0; unit + 1 < candidate->unit_offsets.size(); ++unit) {
      auto i = static_cast<size_t>(candidate->unit_offsets[unit]);
      auto j = static_cast<size_t>(baseline->unit_offsets[unit]);
      const auto i_end = static_cast<size_t>(candidate->unit_offsets[unit + 1]);
      const auto j_end = static_cast<size_t>(baseline->unit_offsets[unit + 1]);
      for (; i < i_end && j < j_end; ++i, ++j) {
        add(candidate->predictions[i], baseline->predictions[j], baseline->weights[j], into);
        if (first_only) break;
      }
      into.EndUnit();
    }
    return OkStatus();
  };
  return made;
}

MetricKey DiffKey(const MetricTarget& target, const string& name) {
  MetricKey key = target.Key(name);
  key.is_diff = true;
  return key;
}

Status PlanDifference(const string& name, const MetricArguments& arguments, const MetricTarget& target,
                      MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const Both both, SpecsOf(arguments.metric(), target, target.is_weighted));
  sink.Add(DiffKey(target, name),
           ComparedPairs("prediction-difference/1", 2, both, true,
                         [](double candidate, double baseline, double weight, Contributions& into) {
                           const double numerator = 2 * std::fabs(baseline - candidate);
                           const double denominator = std::fabs(baseline + candidate);
                           const bool is_same = numerator < 1e-7 && denominator < 1e-7;
                           into.Add(0, is_same ? 0 : numerator / denominator * weight);
                           into.Add(1, weight);
                         }),
           [](Cells c) { return c[0] / c[1]; });
  return OkStatus();
}

// Cells: neg to neg, neg to pos, pos to neg, pos to pos, all.
Computation FlipCounts(const Both& both, double threshold) {
  return ComparedPairs(fmt::format("flips/1:{}", threshold), 5, both, false,
                       [threshold](double candidate, double baseline, double weight, Contributions& into) {
                         into.Add((baseline > threshold ? 2 : 0) + (candidate > threshold ? 1 : 0), weight);
                         into.Add(4, weight);
                       });
}

double FlipRate(Cells c, int from_to) {
  return (from_to < 0 ? c[1] + c[2] : c[static_cast<size_t>(from_to)]) / c[4];
}

struct Flip {
  const char* class_name;
  const char* name;
  int from_to;  // A cell of FlipCounts; -1: any change.
};
constexpr Flip kFlips[] = {{"SymmetricFlipRate", "symmetric_flip_rate", -1},
                           {"NegToNegFlipRate", "neg_to_neg_flip_rate", 0},
                           {"NegToPosFlipRate", "neg_to_pos_flip_rate", 1},
                           {"PosToNegFlipRate", "pos_to_neg_flip_rate", 2},
                           {"PosToPosFlipRate", "pos_to_pos_flip_rate", 3}};

Status PlanFlip(const Flip& flip, const string& name, const MetricArguments& arguments,
                const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const double threshold, arguments.Number("threshold", 0.5));
  PENSTOCK_ASSIGN_OR_RETURN(const Both both, SpecsOf(arguments.metric(), target, target.is_weighted));
  sink.Add(DiffKey(target, name), FlipCounts(both, threshold),
           [&flip](Cells c) { return FlipRate(c, flip.from_to); });
  return OkStatus();
}

Status PlanAllFlips(const string&, const MetricArguments& arguments, const MetricTarget& target,
                    MetricSink& sink) {
  for (const Flip& flip : kFlips) {
    const string name = flip.from_to < 0 ? "flip_rate" : flip.name;
    PENSTOCK_ASSIGN_OR_RETURN(const string given, arguments.Text(name + "_name", name));
    PENSTOCK_RETURN_IF_ERROR(PlanFlip(flip, given, arguments, target, sink));
  }
  return OkStatus();
}

Status PlanCosine(const string& name, const MetricArguments& arguments, const MetricTarget& target,
                  MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const Both both, SpecsOf(arguments.metric(), target, false));
  Computation made;
  made.name = fmt::format("cosine/1:{}:{}", FingerprintOf(both.candidate), FingerprintOf(both.baseline));
  made.num_cells = 2;
  made.emit = [both](PairCache& cache, Contributions& into) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionVectors* candidate, cache.Vectors(both.candidate));
    PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionVectors* baseline, cache.Vectors(both.baseline));
    const ExampleRows& rows = cache.rows();
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
        const auto& a = candidate->rows[static_cast<size_t>(row)].prediction;
        const auto& b = baseline->rows[static_cast<size_t>(row)].prediction;
        if (a.size() != b.size())
          return InvalidArgument("Row {} has {} scores of the candidate and {} of the baseline", row + 1,
                                 a.size(), b.size());
        double dot = 0, squares_a = 0, squares_b = 0;
        for (size_t i = 0; i < a.size(); ++i) {
          dot += a[i] * b[i];
          squares_a += a[i] * a[i];
          squares_b += b[i] * b[i];
        }
        into.Add(0, dot / (std::sqrt(squares_b) * std::sqrt(squares_a)));
        into.Add(1, 1);
      }
      into.EndUnit();
    }
    return OkStatus();
  };
  MetricKey key = DiffKey(target, name);
  key.is_weighted = false;
  sink.Add(std::move(key), std::move(made), [](Cells c) { return c[1] > 0 ? c[0] / c[1] : kNaN; });
  return OkStatus();
}

}  // namespace

void AddComparisonClasses(std::map<string, MetricClass>& classes) {
  constexpr auto kLower = MetricDirection::kLowerIsBetter;
  constexpr auto kNoWay = MetricDirection::kNone;
  classes["SymmetricPredictionDifference"] = {"SymmetricPredictionDifference",
                                              "symmetric_prediction_difference",
                                              {},
                                              "mean of 2 |c - b| / |c + b|",
                                              kLower,
                                              PlanDifference,
                                              true};
  for (const Flip& flip : kFlips) {
    classes[flip.class_name] = {
        flip.class_name,
        flip.name,
        {"threshold"},
        "how often the decision changes against the baseline",
        flip.from_to < 0 ? kLower : kNoWay,
        [&flip](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                MetricSink& sink) { return PlanFlip(flip, name, arguments, target, sink); },
        true};
  }
  classes["BooleanFlipRates"] = {
      "BooleanFlipRates",
      "flip_rate",
      {"threshold", "flip_rate_name", "neg_to_neg_flip_rate_name", "neg_to_pos_flip_rate_name",
       "pos_to_neg_flip_rate_name", "pos_to_pos_flip_rate_name"},
      "all five flip rates",
      kLower,
      PlanAllFlips,
      true};
  classes["ModelCosineSimilarity"] = {"ModelCosineSimilarity",
                                      "model_cosine_similarity",
                                      {},
                                      "mean cosine of candidate and baseline scores",
                                      MetricDirection::kHigherIsBetter,
                                      PlanCosine,
                                      true};
}

}  // namespace penstock::evaluation
