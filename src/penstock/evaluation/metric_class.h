#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "penstock/evaluation/computation.h"
#include "penstock/evaluation/metric_key.h"
#include "penstock/evaluation/metric_value.h"

namespace penstock::evaluation {

/// The arguments of a metric as configured: TFMA's MetricConfig.config. Errors name the metric and the
/// argument.
class MetricArguments {
 public:
  /// `config` is JSON with or without its outer braces; "" has no arguments.
  static Result<MetricArguments> Parse(const std::string& metric, const std::string& config);

  bool Has(const std::string& key) const;
  Result<std::string> Text(const std::string& key, const std::string& absent) const;
  Result<double> Number(const std::string& key, double absent) const;
  Result<int64_t> Integer(const std::string& key, int64_t absent) const;
  Result<bool> Flag(const std::string& key, bool absent) const;
  /// One number or a list of them; empty where absent.
  Result<std::vector<double>> Numbers(const std::string& key) const;
  Result<std::vector<std::string>> Texts(const std::string& key) const;
  bool IsList(const std::string& key) const;
  /// kInvalidArgument for an argument that is not in `known`, with the nearest one.
  Status CheckKnown(std::span<const std::string_view> known) const;
  const std::string& metric() const { return metric_; }
  /// The same with other arguments, for a metric that is planned as another one.
  MetricArguments With(const std::string& key, nlohmann::json value) const;
  MetricArguments Without(const std::string& key) const;

 private:
  std::string metric_;
  nlohmann::json values_;
};

/// What a metric is measured on.
struct MetricTarget {
  std::string model, output;
  TargetColumns columns;
  std::optional<TargetColumns> baseline;  ///< Of the baseline model; none for the baseline itself.
  SubKey sub_key;
  Aggregation aggregation = Aggregation::kNone;
  std::map<int, float> class_weights;
  bool is_weighted = false;
  std::string query_key;
  bool is_tfma_compatible = false;
  /// The columns of a model's several outputs by the name of the output, where its spec has such.
  std::map<std::string, std::string> label_columns, prediction_columns;
  /// The columns of attributions by feature (kAttributionPrefix).
  std::map<std::string, std::string> attribution_columns;
  PairMaker maker;

  /// The key of a metric here; TFMA gives the aggregation to some metrics' keys only.
  MetricKey Key(std::string name, bool has_aggregation = false) const;
  PairSpec Pairs() const;
};

/// The cells of a metric's computations, and the sample of the first that is one.
struct MeasuredCells {
  std::vector<std::vector<double>> of;
  std::vector<RankedValue> sample;
};

/// Metrics that follow from the same cells.
struct PlannedMetric {
  std::vector<MetricKey> keys;
  bool is_plot = false;
  bool has_interval = true;
  std::vector<size_t> computations;
  std::function<std::vector<MetricValue>(const MeasuredCells&)> measure;  ///< One value a key.
};

/// Collects what metrics need; computations of one name are one.
class MetricSink {
 public:
  size_t Add(Computation computation);
  /// A metric whose key is there already is left out: the first wins, as in TFMA.
  void Add(PlannedMetric metric);
  /// One number from one computation.
  void Add(MetricKey key, Computation computation, std::function<double(std::span<const double>)> value);
  /// Columns besides labels, predictions and weights that metrics read.
  void Need(const std::string& column) { columns_.insert(column); }
  /// Columns that are read where the data have them.
  void NeedIfThere(const std::string& column) { optional_columns_.insert(column); }

  std::vector<Computation> computations_;
  std::vector<PlannedMetric> metrics_;
  std::set<std::string> columns_, optional_columns_;

 private:
  std::map<std::string, size_t> places_;
  std::set<std::pair<MetricKey, bool>> known_;
};

/// Which way a metric is better; decides what a threshold without direction means, and what "worst" is.
enum class MetricDirection { kHigherIsBetter, kLowerIsBetter, kNearerToOneIsBetter, kNone };

/// A metric by its TFMA or Keras class name.
struct MetricClass {
  std::string class_name;
  std::string name;                         ///< Of its value, where the configuration gives none.
  std::vector<std::string_view> arguments;  ///< Besides "name".
  std::string description;
  MetricDirection direction = MetricDirection::kNone;
  std::function<Status(const std::string& name, const MetricArguments&, const MetricTarget&, MetricSink&)>
      plan;
  /// Compares a candidate with a baseline; planned for candidates only.
  bool compares_models = false;
  /// Reads neither labels nor predictions; TFMA counts also where the columns that the spec names are absent.
  bool counts_rows_only = false;
  /// Whether it reads the label and the prediction of the model's spec; none: it does.
  std::function<bool(const MetricArguments&)> reads_target;
};

/// Columns with the attributions of a feature are called this and the feature's name.
inline constexpr std::string_view kAttributionPrefix = "attributions/";

/// Every class there is, by name. Built on each call: keep it.
std::map<std::string, MetricClass> AllMetricClasses();

/// The parts of AllMetricClasses, one for each file of metrics.
void AddConfusionClasses(std::map<std::string, MetricClass>& classes);
void AddMeanClasses(std::map<std::string, MetricClass>& classes);
void AddKerasClasses(std::map<std::string, MetricClass>& classes);
void AddMultiClassClasses(std::map<std::string, MetricClass>& classes);
void AddRankingClasses(std::map<std::string, MetricClass>& classes);
void AddComparisonClasses(std::map<std::string, MetricClass>& classes);
void AddTextClasses(std::map<std::string, MetricClass>& classes);
void AddAttributionClasses(std::map<std::string, MetricClass>& classes);
/// These two plan as metrics that are in `classes` already do, over pairs of their own.
void AddSetClasses(std::map<std::string, MetricClass>& classes);
void AddDetectionClasses(std::map<std::string, MetricClass>& classes);
void AddSegmentationClasses(std::map<std::string, MetricClass>& classes);

/// Identifies a spec among computations.
std::string FingerprintOf(const PairSpec& pairs);

}  // namespace penstock::evaluation
