#include "penstock/evaluation/evaluation_plan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>

#include "penstock/base/near_miss.h"
#include "penstock/evaluation/threshold_plan.h"

namespace penstock::evaluation {
namespace {

// A metric as configured, with the name of its value.
struct Configured {
  const tfma::MetricConfig* config;
  const MetricClass* metric_class;
  MetricArguments arguments;
  std::string name;
};

// What a spec asks for under one kind of aggregation.
struct SubKeys {
  enum class Kind { kPlain, kMicro, kMacro, kWeightedMacro } kind = Kind::kPlain;
  std::vector<SubKey> keys;
  bool IsMacro() const { return kind == Kind::kMacro || kind == Kind::kWeightedMacro; }
};

Status CheckSubKeys(const tfma::MetricsSpec& spec) {
  for (const auto& [list, name, lowest] : {std::tuple(&spec.binarize().class_ids(), "class_ids", 0),
                                           {&spec.binarize().k_list(), "k_list", 1},
                                           {&spec.binarize().top_k_list(), "top_k_list", 1},
                                           {&spec.aggregate().top_k_list(), "top_k_list", 1}})
    for (const int value : list->values())
      if (value < lowest) return InvalidArgument("{} has {}, but must be at least {}", name, value, lowest);
  return OkStatus();
}

std::vector<SubKeys> SubKeysOf(const tfma::MetricsSpec& spec) {
  std::vector<SubKeys> all;
  if (spec.has_binarize()) {
    SubKeys plain;
    for (const int value : spec.binarize().class_ids().values()) plain.keys.push_back({.class_id = value});
    for (const int value : spec.binarize().k_list().values()) plain.keys.push_back({.k = value});
    for (const int value : spec.binarize().top_k_list().values()) plain.keys.push_back({.top_k = value});
    if (!plain.keys.empty()) all.push_back(std::move(plain));
  }
  if (spec.has_aggregate()) {
    SubKeys aggregated;
    const auto& aggregate = spec.aggregate();
    aggregated.kind = aggregate.micro_average()            ? SubKeys::Kind::kMicro
                      : aggregate.macro_average()          ? SubKeys::Kind::kMacro
                      : aggregate.weighted_macro_average() ? SubKeys::Kind::kWeightedMacro
                                                           : SubKeys::Kind::kPlain;
    for (const int value : aggregate.top_k_list().values()) aggregated.keys.push_back({.top_k = value});
    if (aggregated.keys.empty()) aggregated.keys.emplace_back();
    all.push_back(std::move(aggregated));
  }
  if (all.empty()) all.push_back({SubKeys::Kind::kPlain, {SubKey{}}});
  return all;
}

Result<std::map<int, float>> ClassWeightsOf(const tfma::MetricsSpec& spec) {
  const auto& given = spec.aggregate().class_weights();
  if (spec.aggregate().has_top_k_list() && !given.empty())
    return InvalidArgument("aggregate: class_weights cannot be used with top_k_list");
  return std::map<int, float>(given.begin(), given.end());
}

// Of metrics that count examples, compare models or want whole predictions there is no part of a class.
bool CanWeighClasses(std::string_view class_name) {
  static constexpr std::string_view kWhole[] = {"ExampleCount",
                                                "WeightedExampleCount",
                                                "BinaryCrossEntropy",
                                                "CategoricalCrossEntropy",
                                                "BooleanFlipRates",
                                                "SymmetricFlipRate",
                                                "NegToNegFlipRate",
                                                "NegToPosFlipRate",
                                                "PosToNegFlipRate",
                                                "PosToPosFlipRate",
                                                "SymmetricPredictionDifference",
                                                "NDCG",
                                                "MinLabelPosition",
                                                "ModelCosineSimilarity",
                                                "QueryStatistics",
                                                "Mean"};
  return std::find(std::begin(kWhole), std::end(kWhole), class_name) == std::end(kWhole);
}

Result<std::vector<SubKey>> ChildrenOf(const SubKey& sub_key, const std::map<int, float>& class_weights) {
  std::vector<SubKey> children;
  if (sub_key.IsEmpty()) {
    if (class_weights.empty()) {
      return InvalidArgument(
          "aggregate: a macro average over all classes needs class_weights: one for each class that counts");
    }
    for (const auto& [class_id, weight] : class_weights) children.push_back({.class_id = class_id});
    return children;
  }
  for (int k = 1; k <= sub_key.top_k; ++k) children.push_back({.k = k});
  return children;
}

const tfma::ModelSpec* FindModel(const tfma::EvalConfig& config, const std::string& name) {
  for (const tfma::ModelSpec& spec : config.model_specs())
    if (spec.name() == name) return &spec;
  return nullptr;
}

bool HasWeights(const tfma::ModelSpec& model, const tfma::MetricsSpec& spec) {
  if (!model.example_weight_key().empty()) return true;
  return std::any_of(spec.output_names().begin(), spec.output_names().end(),
                     [&](const std::string& output) { return model.example_weight_keys().contains(output); });
}

std::vector<bool> WeightingsOf(const tfma::EvalConfig& config, const tfma::MetricsSpec& spec) {
  std::vector<bool> weightings;
  if (spec.has_example_weights()) {
    if (spec.example_weights().weighted()) weightings.push_back(true);
    if (spec.example_weights().unweighted()) weightings.push_back(false);
    return weightings;
  }
  return {std::any_of(spec.model_names().begin(), spec.model_names().end(), [&](const std::string& name) {
    const tfma::ModelSpec* model = FindModel(config, name);
    return model != nullptr && HasWeights(*model, spec);
  })};
}

class Planner {
 public:
  Planner(const tfma::EvalConfig& config, const TargetOf& target_of, Compatibility compatibility,
          const std::vector<std::string>& data_columns)
      : target_of_(target_of), data_columns_(data_columns), classes_(AllMetricClasses()) {
    plan_.config = config;
    plan_.compatibility = compatibility;
    for (const tfma::ModelSpec& spec : config.model_specs()) {
      if (!spec.is_baseline()) continue;
      plan_.has_baseline = true;
      plan_.baseline_model = spec.name();
    }
  }

  Result<EvaluationPlan> Plan() {
    for (const tfma::MetricsSpec& spec : plan_.config.metrics_specs())
      PENSTOCK_RETURN_IF_ERROR(PlanSpec(spec));
    for (auto& [query_key, sink] : sinks_) {
      PlanGroup group;
      group.query_key = query_key;
      group.computations = std::move(sink.computations_);
      group.metrics = std::move(sink.metrics_);
      group.derived = std::move(derived_[query_key]);
      for (const PlannedMetric& metric : group.metrics)
        if (!metric.has_interval) plan_.keys_without_interval.insert(metric.keys.begin(), metric.keys.end());
      plan_.columns.insert(sink.columns_.begin(), sink.columns_.end());
      plan_.optional_columns.insert(sink.optional_columns_.begin(), sink.optional_columns_.end());
      if (!query_key.empty()) plan_.columns.insert(query_key);
      plan_.groups.push_back(std::move(group));
    }
    if (plan_.groups.empty() && plan_.compatibility == Compatibility::kTfma) plan_.groups.emplace_back();
    return std::move(plan_);
  }

 private:
  Result<Configured> Configure(const tfma::MetricConfig& config) {
    const auto found = classes_.find(config.class_name());
    if (found == classes_.end()) {
      std::vector<std::string> names;
      for (const auto& [name, each] : classes_) names.push_back(name);
      return InvalidArgument("There is no metric class '{}'{}", config.class_name(),
                             DidYouMean(config.class_name(), names));
    }
    Configured configured{&config, &found->second, {}, ""};
    PENSTOCK_ASSIGN_OR_RETURN(configured.arguments,
                              MetricArguments::Parse(config.class_name(), config.config()));
    PENSTOCK_RETURN_IF_ERROR(configured.arguments.CheckKnown(found->second.arguments));
    PENSTOCK_ASSIGN_OR_RETURN(configured.name, configured.arguments.Text("name", found->second.name));
    plan_.directions.emplace(configured.name, found->second.direction);
    return configured;
  }

  struct Needs {
    bool target = false, is_optional = false;
  };
  Needs NeedsOf(const std::vector<Configured>& metrics) const {
    Needs needs;
    needs.target = std::any_of(metrics.begin(), metrics.end(), [](const Configured& metric) {
      return !metric.metric_class->reads_target || metric.metric_class->reads_target(metric.arguments);
    });
    needs.is_optional = plan_.compatibility == Compatibility::kTfma &&
                        std::all_of(metrics.begin(), metrics.end(), [](const Configured& metric) {
                          return metric.metric_class->counts_rows_only;
                        });
    return needs;
  }

  Result<MetricTarget> TargetFor(const tfma::MetricsSpec& spec, const std::string& model,
                                 const std::string& output, bool is_weighted, const Needs& needs) {
    MetricTarget target;
    target.model = model;
    target.output = output;
    target.is_weighted = is_weighted;
    target.query_key = spec.query_key();
    target.is_tfma_compatible = plan_.compatibility == Compatibility::kTfma;
    const tfma::ModelSpec* found = FindModel(plan_.config, model);
    if (found == nullptr) {
      std::vector<std::string> names;
      for (const auto& each : plan_.config.model_specs()) names.push_back(each.name());
      return InvalidArgument("metrics_specs name the model '{}', which is not in model_specs{}", model,
                             DidYouMean(model, names));
    }
    target.label_columns.insert(found->label_keys().begin(), found->label_keys().end());
    target.prediction_columns.insert(found->prediction_keys().begin(), found->prediction_keys().end());
    for (const std::string& column : data_columns_)
      if (column.starts_with(kAttributionPrefix))
        target.attribution_columns.emplace(column.substr(kAttributionPrefix.size()), column);
    if (!needs.target) {
      target.columns = {found->label_key(), found->prediction_key(), found->example_weight_key()};
      if (is_weighted && !target.columns.weight.empty()) {
        plan_.weight_columns.insert(target.columns.weight);
        plan_.columns.insert(target.columns.weight);
      }
      return target;
    }
    PENSTOCK_ASSIGN_OR_RETURN(target.columns, target_of_(*found, output));
    if (plan_.has_baseline && !found->is_baseline()) {
      PENSTOCK_ASSIGN_OR_RETURN(target.baseline,
                                target_of_(*FindModel(plan_.config, plan_.baseline_model), output));
    }
    plan_.prediction_columns.insert(target.columns.prediction);
    if (is_weighted && !target.columns.weight.empty()) plan_.weight_columns.insert(target.columns.weight);
    for (const TargetColumns& columns : {target.columns, target.baseline.value_or(TargetColumns{})})
      for (const std::string& column : {columns.label, columns.prediction, columns.weight})
        if (!column.empty()) (needs.is_optional ? plan_.optional_columns : plan_.columns).insert(column);
    return target;
  }

  Status PlanSpec(const tfma::MetricsSpec& spec) {
    std::vector<Configured> metrics;
    for (const tfma::MetricConfig& config : spec.metrics()) {
      PENSTOCK_ASSIGN_OR_RETURN(Configured configured, Configure(config));
      metrics.push_back(std::move(configured));
    }
    PENSTOCK_RETURN_IF_ERROR(CheckSubKeys(spec));
    PENSTOCK_ASSIGN_OR_RETURN(const auto class_weights, ClassWeightsOf(spec));
    std::vector<std::string> outputs(spec.output_names().begin(), spec.output_names().end());
    for (const auto& [output, weight] : spec.output_weights())
      if (std::find(outputs.begin(), outputs.end(), output) == outputs.end())
        return InvalidArgument("output_weights name the output '{}', which is not in output_names", output);
    if (outputs.empty()) outputs.emplace_back();
    const std::vector<bool> weightings = WeightingsOf(plan_.config, spec);
    const Needs needs = NeedsOf(metrics);
    for (const SubKeys& sub_keys : SubKeysOf(spec)) {
      for (const std::string& model : spec.model_names()) {
        for (const bool is_weighted : weightings) {
          for (const std::string& output : outputs) {
            PENSTOCK_ASSIGN_OR_RETURN(const MetricTarget target,
                                      TargetFor(spec, model, output, is_weighted, needs));
            PENSTOCK_RETURN_IF_ERROR(PlanTarget(spec, sub_keys, class_weights, metrics, target));
          }
          if (!spec.output_weights().empty()) PlanOutputAverages(spec, sub_keys, metrics, model, is_weighted);
        }
      }
      PENSTOCK_RETURN_IF_ERROR(PlanThresholds(spec, sub_keys, outputs, weightings, metrics));
    }
    return OkStatus();
  }

  Status PlanTarget(const tfma::MetricsSpec& spec, const SubKeys& sub_keys,
                    const std::map<int, float>& class_weights, const std::vector<Configured>& metrics,
                    MetricTarget target) {
    MetricSink& sink = sinks_[spec.query_key()];
    for (const SubKey& sub_key : sub_keys.keys) {
      if (sub_keys.IsMacro()) {
        PENSTOCK_RETURN_IF_ERROR(PlanMacro(spec, sub_keys, sub_key, class_weights, metrics, target));
        continue;
      }
      target.sub_key = sub_key;
      if (sub_keys.kind == SubKeys::Kind::kMicro) {
        target.aggregation = Aggregation::kMicro;
        target.class_weights = class_weights;
      }
      for (const Configured& metric : metrics) {
        if (!target.class_weights.empty() && !CanWeighClasses(metric.metric_class->class_name)) {
          return InvalidArgument(
              "Metric {} cannot be averaged by class_weights; give it a metrics_spec of its own",
              metric.metric_class->class_name);
        }
        if (metric.metric_class->compares_models && plan_.has_baseline &&
            target.model == plan_.baseline_model)
          continue;
        PENSTOCK_RETURN_IF_ERROR(metric.metric_class->plan(metric.name, metric.arguments, target, sink));
      }
    }
    return OkStatus();
  }

  Status PlanMacro(const tfma::MetricsSpec& spec, const SubKeys& sub_keys, const SubKey& parent,
                   const std::map<int, float>& class_weights, const std::vector<Configured>& metrics,
                   const MetricTarget& target) {
    MetricSink& sink = sinks_[spec.query_key()];
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<SubKey> children, ChildrenOf(parent, class_weights));
    std::optional<size_t> shares;
    if (sub_keys.kind == SubKeys::Kind::kWeightedMacro && parent.IsEmpty())
      shares = sink.Add(LabelShares(target, children));
    for (const Configured& metric : metrics) {
      MetricTarget child = target;
      for (const SubKey& sub_key : children) {
        child.sub_key = sub_key;
        PENSTOCK_RETURN_IF_ERROR(metric.metric_class->plan("_" + metric.name, metric.arguments, child, sink));
      }
      MetricKey key = target.Key(metric.name);
      key.sub_key = parent;
      // TFMA calls both kinds macro_average.
      key.aggregation = sub_keys.kind == SubKeys::Kind::kWeightedMacro && !target.is_tfma_compatible
                            ? Aggregation::kWeightedMacro
                            : Aggregation::kMacro;
      derived_[spec.query_key()].push_back(
          [key, children, class_weights, shares](const std::vector<std::vector<double>>& cells,
                                                 MetricSet& set) {
            return AddMacro(key, children, class_weights, shares ? &cells[*shares] : nullptr, set);
          });
    }
    return OkStatus();
  }

  // The weight of each class among the labels; cells in the order of `children`.
  static Computation LabelShares(const MetricTarget& target, const std::vector<SubKey>& children) {
    PairSpec pairs;
    pairs.target = target.columns;
    pairs.is_weighted = target.is_weighted;
    std::vector<int> classes;
    for (const SubKey& child : children) classes.push_back(child.class_id);
    Computation made;
    made.name = fmt::format("label-shares/1:{}:{}", fmt::join(classes, ","), FingerprintOf(pairs));
    made.num_cells = static_cast<int64_t>(classes.size());
    made.emit = [pairs, classes](PairCache& cache, Contributions& into) -> Status {
      PENSTOCK_ASSIGN_OR_RETURN(const LabelPredictionVectors* found, cache.Vectors(pairs));
      const ExampleRows& rows = cache.rows();
      for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
        for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
          const auto& values = found->rows[static_cast<size_t>(row)];
          for (size_t i = 0; i < classes.size() && !values.label.empty(); ++i) {
            if (values.label.size() > 1 && static_cast<size_t>(classes[i]) >= values.label.size())
              return InvalidArgument("class_weights name the class {}, but row {} has {} labels", classes[i],
                                     row + 1, values.label.size());
            const double label = values.label.size() == 1 ? (values.label[0] == classes[i] ? 1.0 : 0.0)
                                                          : values.label[static_cast<size_t>(classes[i])];
            into.Add(static_cast<int64_t>(i), label * values.weight);
          }
        }
        into.EndUnit();
      }
      return OkStatus();
    };
    return made;
  }

  static Status AddMacro(const MetricKey& key, const std::vector<SubKey>& children,
                         const std::map<int, float>& class_weights, const std::vector<double>* label_sums,
                         MetricSet& set) {
    double label_total = 0;
    if (label_sums != nullptr)
      for (const double sum : *label_sums) label_total += sum;
    double total = 0, total_weight = 0;
    for (size_t i = 0; i < children.size(); ++i) {
      MetricKey child = key;
      child.sub_key = children[i];
      child.aggregation = Aggregation::kNone;
      auto found = set.metrics.find(child);
      if (found == set.metrics.end()) {
        child.name = "_" + child.name;
        found = set.metrics.find(child);
      }
      const double* value = found == set.metrics.end() ? nullptr : std::get_if<double>(&found->second);
      if (value == nullptr)
        return InvalidArgument("Metric {} is no single number, so there is no average of it", key.name);
      const int offset = children[i].class_id != SubKey::kNone ? children[i].class_id : children[i].k;
      const auto weighted = class_weights.find(offset);
      double weight = class_weights.empty()             ? 1.0
                      : weighted == class_weights.end() ? 0.0
                                                        : double{weighted->second};
      if (label_sums != nullptr) weight *= label_total != 0 ? (*label_sums)[i] / label_total : 0.0;
      total += *value * weight;
      total_weight += weight;
    }
    set.metrics.emplace(key,
                        total_weight != 0 ? total / total_weight : std::numeric_limits<double>::quiet_NaN());
    return OkStatus();
  }

  // The mean over outputs, under the output "".
  void PlanOutputAverages(const tfma::MetricsSpec& spec, const SubKeys& sub_keys,
                          const std::vector<Configured>& metrics, const std::string& model,
                          bool is_weighted) {
    const std::map<std::string, float> weights(spec.output_weights().begin(), spec.output_weights().end());
    for (const SubKey& sub_key : sub_keys.keys) {
      for (const Configured& metric : metrics) {
        MetricKey key;
        key.name = metric.name;
        key.model = model;
        key.sub_key = sub_key;
        key.is_weighted = is_weighted;
        derived_[spec.query_key()].push_back([key, weights](const std::vector<std::vector<double>>&,
                                                            MetricSet& set) {
          double total = 0, total_weight = 0;
          for (const auto& [output, weight] : weights) {
            MetricKey child = key;
            child.output = output;
            const auto found = set.metrics.find(child);
            const double* value = found == set.metrics.end() ? nullptr : std::get_if<double>(&found->second);
            if (value == nullptr)
              return InvalidArgument("Metric {} is no single number, so there is no average over outputs",
                                     key.name);
            total += *value * double{weight};
            total_weight += double{weight};
          }
          set.metrics.emplace(
              key, total_weight != 0 ? total / total_weight : std::numeric_limits<double>::quiet_NaN());
          return OkStatus();
        });
      }
    }
  }

  Status PlanThresholds(const tfma::MetricsSpec& spec, const SubKeys& sub_keys,
                        const std::vector<std::string>& outputs, const std::vector<bool>& weightings,
                        const std::vector<Configured>& metrics) {
    ThresholdCollector collector(plan_.thresholds);
    const auto each_key = [&](const std::string& name, bool has_weighting, const auto& visit) {
      for (const std::string& model : spec.model_names()) {
        for (const std::string& output : outputs) {
          for (const SubKey& sub_key : sub_keys.keys) {
            for (const bool is_weighted : has_weighting ? weightings : std::vector<bool>{false}) {
              MetricKey key;
              key.name = name;
              key.model = model;
              key.output = output;
              key.sub_key = sub_key;
              key.is_weighted = is_weighted;
              key.has_weighting = has_weighting;
              key.aggregation = sub_keys.kind == SubKeys::Kind::kMicro   ? Aggregation::kMicro
                                : sub_keys.kind == SubKeys::Kind::kMacro ? Aggregation::kMacro
                                : sub_keys.IsMacro()                     ? Aggregation::kWeightedMacro
                                                                         : Aggregation::kNone;
              visit(key);
            }
          }
        }
      }
    };
    collector.CollectOfSpec(
        spec, [&](const std::string& name, const auto& visit) { each_key(name, false, visit); });
    for (const Configured& metric : metrics)
      each_key(metric.name, true,
               [&](const MetricKey& key) { collector.CollectOfMetric(*metric.config, key); });
    return OkStatus();
  }

  const TargetOf& target_of_;
  const std::vector<std::string>& data_columns_;
  const std::map<std::string, MetricClass> classes_;
  EvaluationPlan plan_;
  std::map<std::string, MetricSink> sinks_;
  std::map<std::string,
           std::vector<std::function<Status(const std::vector<std::vector<double>>&, MetricSet&)>>>
      derived_;
};

}  // namespace

Result<TargetColumns> TargetOfSpec(const tfma::ModelSpec& spec, const std::string& output) {
  TargetColumns columns{spec.label_key(), spec.prediction_key(), spec.example_weight_key()};
  const auto choose = [&](const auto& keys, const char* what, std::string& column) -> Status {
    if (keys.empty()) return OkStatus();
    const auto found = keys.find(output);
    if (found == keys.end()) {
      std::vector<std::string> names;
      for (const auto& [name, key] : keys) names.push_back(name);
      return InvalidArgument(
          "{} of the model have no output '{}'; set output_names of metrics_specs to one of {}", what, output,
          fmt::join(names, ", "));
    }
    column = found->second;
    return OkStatus();
  };
  PENSTOCK_RETURN_IF_ERROR(choose(spec.label_keys(), "label_keys", columns.label));
  PENSTOCK_RETURN_IF_ERROR(choose(spec.prediction_keys(), "prediction_keys", columns.prediction));
  if (spec.example_weight_keys().contains(output)) columns.weight = spec.example_weight_keys().at(output);
  return columns;
}

Result<EvaluationPlan> PlanEvaluation(const tfma::EvalConfig& completed, const TargetOf& target_of,
                                      Compatibility compatibility,
                                      const std::vector<std::string>& data_columns) {
  return Planner(completed, target_of, compatibility, data_columns).Plan();
}

}  // namespace penstock::evaluation
