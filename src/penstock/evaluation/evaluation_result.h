#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/evaluation.pb.h"

namespace penstock::evaluation {

using v1::EvaluationResult;
using v1::MetricValue;
using v1::SliceMetrics;
using v1::ThresholdCheck;

inline constexpr std::string_view kEvaluationFileName = "evaluation.pb";
inline constexpr std::string_view kEvaluationJsonName = "evaluation.json";

/// Whether a model may be pushed, and why not.
struct Blessing {
  bool is_blessed = false;
  std::vector<std::string> reasons;  ///< One sentence for each threshold that was not kept.
};

/// Blessed where every check was passed (or skipped). Without checks: blessed, as TFX does.
Blessing Verdict(const EvaluationResult& result);

/// Writes `<uri>/evaluation.pb` and the same as `<uri>/evaluation.json`, each atomically.
Status WriteEvaluation(const EvaluationResult& result, const std::string& uri);
/// Reads `<uri>/evaluation.pb`; kNotFound, or kDataLoss where it is damaged or of a later release.
Result<EvaluationResult> ReadEvaluation(const std::string& uri);

/// "payment_type:Cash|hour:3", or "Overall".
std::string SliceName(const SliceMetrics& slice);
/// The slice of all examples, or null.
const SliceMetrics* OverallSlice(const EvaluationResult& result);
/// The metric in the slice, or null.
const MetricValue* FindMetric(const SliceMetrics& slice, std::string_view metric);

/// The `count` slices (not the one of all examples) on which `metric` is worst, worst first, of those with at
/// least `min_examples` examples and a metric that is a number; equals in the order of the result. kNotFound
/// names the nearest metric where the result has it not; kInvalidArgument where no value of the metric is
/// better than another. Pointers are into `result`.
Result<std::vector<const SliceMetrics*>> WorstSlices(const EvaluationResult& result, std::string_view metric,
                                                     int64_t count, int64_t min_examples = 0);

/// For people: a table of all metrics overall (with the baseline and the change beside them), a table of the
/// worst slices by `metric` ("" takes the first one of the result that has a direction), then the checks.
/// Ends in a newline.
std::string FormatEvaluation(const EvaluationResult& result, std::string_view metric = "",
                             int64_t num_worst_slices = 5);

}  // namespace penstock::evaluation
