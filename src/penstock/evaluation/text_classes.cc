#include <algorithm>
#include <cmath>
#include <limits>

#include "penstock/base/random_bits.h"
#include "penstock/evaluation/language_classes.h"
#include "penstock/evaluation/metric_class.h"

namespace penstock::evaluation {
namespace {

using nlohmann::json;
using std::string;

string ValueAt(const ExampleColumn& column, int64_t at) {
  return column.is_text ? column.texts[static_cast<size_t>(at)]
                        : fmt::format("{}", column.numbers[static_cast<size_t>(at)]);
}

// Equal as JSON: the order of members says nothing.
bool AreEqual(const string& a, const string& b, bool as_json) {
  if (!as_json) return a == b;
  const json x = json::parse(a, nullptr, false), y = json::parse(b, nullptr, false);
  return !x.is_discarded() && !y.is_discarded() && x == y;
}

Status EmitEqualNumbers(const PairSpec& pairs, PairCache& cache, Contributions& into) {
  PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionPairs* found, cache.Pairs(pairs));
  for (size_t unit = 0; unit + 1 < found->unit_offsets.size(); ++unit) {
    for (auto i = static_cast<size_t>(found->unit_offsets[unit]);
         i < static_cast<size_t>(found->unit_offsets[unit + 1]); ++i) {
      into.Add(0, found->labels[i] == found->predictions[i] ? found->weights[i] : 0);
      into.Add(1, found->weights[i]);
    }
    into.EndUnit();
  }
  return OkStatus();
}

Status PlanExactMatch(const string& name, const MetricArguments& arguments, const MetricTarget& target,
                      MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const string convert_to, arguments.Text("convert_to", ""));
  if (!convert_to.empty() && convert_to != "json")
    return InvalidArgument("Metric ExactMatch: 'convert_to' can only be json, not {}", convert_to);
  const bool as_json = !convert_to.empty();
  PairSpec pairs = target.Pairs();
  pairs.sub_key = {};
  Computation made;
  made.name = fmt::format("exact-match/1:{}:{}", as_json, FingerprintOf(pairs));
  made.num_cells = 2;
  made.emit = [pairs, as_json](PairCache& cache, Contributions& into) -> Status {
    const ExampleRows& rows = cache.rows();
    PENSTOCK_ASSIGN_OR_RETURN(const ColumnPointer labels, rows.Find(pairs.target.label));
    PENSTOCK_ASSIGN_OR_RETURN(const ColumnPointer predictions, rows.Find(pairs.target.prediction));
    if (!labels->is_text && !predictions->is_text) return EmitEqualNumbers(pairs, cache, into);
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> weights, RowWeights(rows, pairs));
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
        const int64_t size = predictions->Size(row);
        if (labels->Size(row) != size) {
          if (labels->Size(row) == 0 || size == 0) continue;
          return InvalidArgument("Metric ExactMatch: row {} has {} labels for {} predictions", row + 1,
                                 labels->Size(row), size);
        }
        for (int64_t i = 0; i < size; ++i) {
          const bool is_equal = AreEqual(ValueAt(*labels, labels->Begin(row) + i),
                                         ValueAt(*predictions, predictions->Begin(row) + i), as_json);
          into.Add(0, is_equal ? weights[static_cast<size_t>(row)] : 0);
          into.Add(1, weights[static_cast<size_t>(row)]);
        }
      }
      into.EndUnit();
    }
    return OkStatus();
  };
  sink.Add(target.Key(name), std::move(made), [](std::span<const double> c) { return c[0] / c[1]; });
  return OkStatus();
}

void AppendValues(const ExampleColumn& column, int64_t row, int64_t unit, uint64_t rank,
                  std::vector<RankedValue>& into) {
  for (int64_t i = 0; i < column.Size(row); ++i) {
    RankedValue value;
    value.rank = rank;
    value.unit = unit;
    if (column.is_text) {
      value.text = column.texts[static_cast<size_t>(column.Begin(row) + i)];
    } else {
      value.number = column.numbers[static_cast<size_t>(column.Begin(row) + i)];
      // Says which kind it is when states of several batches meet.
      value.text = column.is_integer ? "i" : "d";
    }
    into.push_back(std::move(value));
  }
}

// A sample as a value: texts are told from numbers by what is in them.
MetricValue SampleValue(const std::vector<RankedValue>& values, bool is_text) {
  FeatureSample sample;
  sample.kind = is_text ? FeatureSample::Kind::kText : FeatureSample::Kind::kInt64;
  for (const RankedValue& value : values) {
    if (is_text) {
      sample.texts.push_back(value.text);
    } else {
      sample.numbers.push_back(value.number);
      if (value.text == "d") sample.kind = FeatureSample::Kind::kDouble;
    }
  }
  return sample;
}

void AddSampleMetric(MetricKey key, Computation computation, MetricSink& sink) {
  PlannedMetric metric;
  metric.keys = {std::move(key)};
  metric.has_interval = false;
  metric.computations = {sink.Add(std::move(computation))};
  metric.measure = [](const MeasuredCells& cells) {
    const bool is_text = std::any_of(cells.sample.begin(), cells.sample.end(), [](const RankedValue& value) {
      return value.text != "i" && value.text != "d";
    });
    return std::vector<MetricValue>{SampleValue(cells.sample, is_text)};
  };
  sink.Add(std::move(metric));
}

Status PlanErrorSample(bool is_false_positive, const string& name, const MetricArguments& arguments,
                       const MetricTarget& target, MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const string feature, arguments.Text("feature_key", ""));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t size, arguments.Integer("sample_size", 0));
  PENSTOCK_ASSIGN_OR_RETURN(const double threshold, arguments.Number("threshold", 0.5));
  if (feature.empty() || size < 1 || size > 1'000'000)
    return InvalidArgument("Metric {} needs 'feature_key' and a 'sample_size' from 1 to 1,000,000",
                           arguments.metric());
  sink.Need(feature);
  PairSpec pairs = target.Pairs();
  pairs.has_fractional_labels = true;
  Computation made;
  made.name = fmt::format("error-sample/1:{}:{}:{}:{}:{}", is_false_positive, feature, size, threshold,
                          FingerprintOf(pairs));
  made.sample_size = size;
  made.is_resampled = false;
  made.emit_sample = [=](PairCache& cache, std::vector<RankedValue>& into) -> Status {
    const ExampleRows& rows = cache.rows();
    PENSTOCK_ASSIGN_OR_RETURN(const ColumnPointer column, rows.Find(feature));
    PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionPairs* found, cache.Pairs(pairs));
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      bool is_error = false;
      for (auto i = static_cast<size_t>(found->unit_offsets[static_cast<size_t>(unit)]);
           i < static_cast<size_t>(found->unit_offsets[static_cast<size_t>(unit) + 1]); ++i) {
        const bool is_positive = found->labels[i] == 1, is_above = found->predictions[i] > threshold;
        is_error = is_error || (is_false_positive ? !is_positive && is_above : is_positive && !is_above);
      }
      if (!is_error) continue;
      for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row)
        AppendValues(*column, row, unit, rows.unit_ids[static_cast<size_t>(unit)], into);
    }
    return OkStatus();
  };
  AddSampleMetric(target.Key(name, true), std::move(made), sink);
  return OkStatus();
}

Status PlanFixedSizeSample(const string& name, const MetricArguments& arguments, const MetricTarget& target,
                           MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const string feature, arguments.Text("sampled_key", ""));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t size, arguments.Integer("size", 0));
  PENSTOCK_ASSIGN_OR_RETURN(const int64_t seed, arguments.Integer("random_seed", 0));
  if (feature.empty() || size < 1 || size > 1'000'000)
    return InvalidArgument("Metric FixedSizeSample needs 'sampled_key' and a 'size' from 1 to 1,000,000");
  sink.Need(feature);
  PairSpec pairs = target.Pairs();
  Computation made;
  made.name = fmt::format("fixed-sample/1:{}:{}:{}:{}", feature, size, seed, FingerprintOf(pairs));
  made.sample_size = size;
  made.is_resampled = false;
  made.emit_sample = [=](PairCache& cache, std::vector<RankedValue>& into) -> Status {
    const ExampleRows& rows = cache.rows();
    PENSTOCK_ASSIGN_OR_RETURN(const ColumnPointer column, rows.Find(feature));
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> weights, RowWeights(rows, pairs));
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      const uint64_t random =
          RandomBits(rows.unit_ids[static_cast<size_t>(unit)] ^ RandomBits(static_cast<uint64_t>(seed)));
      const double uniform = (static_cast<double>(random >> 11) + 0.5) * 0x1p-53;
      for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
        // Efraimidis and Spirakis 2006: the largest of uniform^(1 / weight) are a weighted sample.
        const double tag = std::pow(uniform, 1 / weights[static_cast<size_t>(row)]);
        AppendValues(*column, row, unit, static_cast<uint64_t>((1 - tag) * 0x1p63), into);
      }
    }
    return OkStatus();
  };
  AddSampleMetric(target.Key(name), std::move(made), sink);
  return OkStatus();
}

}  // namespace

void AddTextClasses(std::map<string, MetricClass>& classes) {
  AddLanguageClasses(classes);
  constexpr auto kHigher = MetricDirection::kHigherIsBetter;
  constexpr auto kNoWay = MetricDirection::kNone;
  classes["ExactMatch"] = {
      "ExactMatch", "exact_match",  {"convert_to"}, "how often the prediction is the label",
      kHigher,      PlanExactMatch, false};
  for (const bool is_fp : {false, true}) {
    const string class_name = is_fp ? "FalsePositiveFeatureSampler" : "FalseNegativeFeatureSampler";
    classes[class_name] = {
        class_name,
        is_fp ? "false_positive_feature_sampler" : "false_negative_feature_sampler",
        {"feature_key", "sample_size", "threshold", "top_k", "class_id"},
        "values of a feature where the model is wrong",
        kNoWay,
        [is_fp](const string& name, const MetricArguments& arguments, const MetricTarget& target,
                MetricSink& sink) { return PlanErrorSample(is_fp, name, arguments, target, sink); },
        false};
  }
  classes["FixedSizeSample"] = {"FixedSizeSample",
                                "fixed_size_sample",
                                {"sampled_key", "size", "random_seed"},
                                "a random sample of a feature",
                                kNoWay,
                                PlanFixedSizeSample,
                                false};
}

}  // namespace penstock::evaluation
