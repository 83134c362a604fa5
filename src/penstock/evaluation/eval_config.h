#pragma once

#include <string>

#include <tensorflow_model_analysis/proto/config.pb.h>
#include <nlohmann/json_fwd.hpp>

#include "penstock/base/status.h"

namespace penstock::evaluation {

namespace tfma = tensorflow_model_analysis;

/// Whose rules hold where TFMA's results are not what its documentation says (docs/guides/evaluation.md).
enum class Compatibility { kDocumentation, kTfma };

/// Reads an EvalConfig: text format (.pbtxt, .textproto, .txt), JSON (.json) or YAML (any other name), the
/// latter two with the proto's names, or in the short form (ShortToEvalConfig) where they have none of its
/// fields. kInvalidArgument names file, place and the nearest name.
Result<tfma::EvalConfig> ReadEvalConfig(const std::string& path);
/// The same from memory; `name` stands for the file.
Result<tfma::EvalConfig> ParseEvalConfig(const std::string& text, const std::string& name);

/// A YAML document as JSON: plain scalars that look like numbers, booleans or null are those.
/// At most 1 MiB of text and 100 levels. kInvalidArgument says where.
Result<nlohmann::json> YamlToJson(const std::string& text, const std::string& name);

/// What TFMA checks (verify_eval_config): names of models, one baseline, keys not given twice.
Status CheckEvalConfig(const tfma::EvalConfig& config);

/// Whether some threshold compares with a baseline.
bool HasChangeThreshold(const tfma::EvalConfig& config);

/// Fills in what TFMA fills in: a candidate and a baseline spec of a single nameless one where there is a
/// baseline
/// (`has_baseline_model`), names of models in metrics specs, jackknife as the method. A change threshold
/// without any baseline is kInvalidArgument, or is left out where `is_first_run`.
Result<tfma::EvalConfig> CompleteEvalConfig(const tfma::EvalConfig& config, bool has_baseline_model,
                                            bool is_first_run);

/// The short form:
///   {label: column, prediction: column, baseline_prediction: column, example_weight: column, task: ...,
///    metrics: [auc, precision@0.8, NDCG, ...], slices: [[], [hour], [payment_type, month]],
///    min_slice_size: 1, confidence_intervals: bootstrap | jackknife,
///    thresholds: {auc: {lower: 0.9, upper: 1}}, change_thresholds: {auc: {direction: .., absolute: ..,
///    relative: ..}}, per_slice_thresholds: [{slice: {payment_type: Cash} | [payment_type], thresholds: ..,
///    change_thresholds: ..}]}
/// Every key may be absent. kInvalidArgument names the place ("thresholds.auc.lower") and the nearest key or
/// metric. Metrics are TFMA's value names ("auc", at 0.5 where they have a threshold, "precision@0.8" at
/// another one) or classes. Empty metrics: the usual ones of the task, "binary_classification" or
/// "regression".
Result<tfma::EvalConfig> ShortToEvalConfig(const nlohmann::json& json, const std::string& task);
/// Whether the keys are those of the short form.
bool IsShortForm(const nlohmann::json& json);

}  // namespace penstock::evaluation
