#include "penstock/validation/statistics_validation.h"

#include <algorithm>

#include "penstock/base/near_miss.h"
#include "penstock/validation/composite_feature_internal.h"
#include "penstock/validation/conformance_internal.h"
#include "penstock/validation/lifecycle_internal.h"

namespace penstock::validation {
namespace {

using tfmd::AnomalyInfo;

/// All reasons in one text, as a table cell shows them.
void Summarize(AnomalyInfo& info) {
  int num_described = 0;
  std::string description;
  for (const AnomalyInfo::Reason& reason : info.reason()) {
    if (num_described == 0) info.set_short_description(reason.short_description());
    if (reason.description().empty()) continue;
    if (num_described > 0) description += ' ';
    description += reason.description();
    info.set_short_description(num_described == 0 ? reason.short_description() : "Multiple errors");
    ++num_described;
  }
  info.set_description(std::move(description));
}

/// Holds one dataset against one schema and writes what is wrong into an Anomalies proto, whose baseline is
/// the schema.
class Validation {
 public:
  Validation(const DatasetView& statistics, const ControlDatasets& controls, const ValidateOptions& options,
             tfmd::Anomalies& result)
      : statistics_(statistics),
        options_(options),
        result_(result),
        index_(*result.mutable_baseline()),
        context_{index_, options.environment, controls, options.string_domain_limit} {}

  void Run() {
    result_.set_anomaly_name_format(tfmd::Anomalies::SERIALIZED_PATH);
    for (int root : statistics_.roots()) CheckTree(root);
    CheckMissing();
    CheckDataset();
    // By path: the order does not depend on that of the statistics.
    std::stable_sort(compared_.begin(), compared_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (auto& [path, info] : compared_) *result_.add_drift_skew_info() = std::move(info);
  }

 private:
  void CheckTree(int index) {
    const FeatureView& view = statistics_.feature(index);
    if (!CheckFeature(view)) return;
    for (int child : statistics_.children(index)) CheckTree(child);
  }

  /// Whether the fields of the feature are to be checked too.
  bool CheckFeature(const FeatureView& view) {
    const tfmd::Feature* feature = index_.FindFeature(view.key());
    const tfmd::SparseFeature* sparse = index_.FindSparse(view.key());
    if (feature != nullptr ? IsDeprecated(*feature) : sparse != nullptr && IsDeprecated(*sparse))
      return false;
    switch (const FeatureKind kind = KindOf(index_, view.key()); kind) {
      // The fields of a new struct are part of its news.
      case FeatureKind::kNew:
        ReportNew(view);
        return false;
      case FeatureKind::kPlain:
        return CheckPlain(view, *feature);
      case FeatureKind::kSparse:
        return !Report(view.path(), CheckSparseFeature(view));
      case FeatureKind::kWeighted:
        Report(view.path(), CheckWeightedFeature(view));
        return true;
      default:
        return !Report(view.path(), CollisionFindings(kind));
    }
  }

  void ReportNew(const FeatureView& view) {
    if (options_.features_needed.has_value() && !options_.features_needed->contains(view.path())) return;
    Report(view.path(),
           {{AnomalyInfo::SCHEMA_NEW_COLUMN, "New column", "New column (column in data but not in schema)"}});
  }

  bool CheckPlain(const FeatureView& view, const tfmd::Feature& feature) {
    tfmd::Feature mended = feature;
    Conformance conformance = ConformFeature(view, context_, mended);
    if (!conformance.drift.empty() || !conformance.skew.empty()) {
      tfmd::DriftSkewInfo info;
      *info.mutable_path() = view.path().ToProto();
      for (auto& measurement : conformance.drift) *info.add_drift_measurements() = std::move(measurement);
      for (auto& measurement : conformance.skew) *info.add_skew_measurements() = std::move(measurement);
      compared_.emplace_back(view.path(), std::move(info));
    }
    const bool is_anomalous = Report(view.path(), std::move(conformance.findings));
    return !is_anomalous || !IsDeprecated(mended);
  }

  void CheckMissing() {
    SchemaIndex::ForEachFeature(FeaturePath(), result_.baseline().feature(),
                                [this](const FeaturePath& path, const tfmd::Feature& feature) {
                                  if (IsRequired(result_.baseline(), feature, options_.environment) &&
                                      !statistics_.HasStatistics(path.Serialize())) {
                                    Report(path, {{AnomalyInfo::SCHEMA_MISSING_COLUMN, "Column dropped",
                                                   "Column is completely missing"}});
                                  }
                                  return !IsDeprecated(feature);
                                });
  }

  void CheckDataset() {
    if (!result_.baseline().has_dataset_constraints()) return;
    tfmd::DatasetConstraints mended = result_.baseline().dataset_constraints();
    const Findings findings = ConformDataset(statistics_, context_.controls, mended);
    if (SeverityOf(findings) == AnomalyInfo::UNKNOWN) return;
    Fill(findings, *result_.mutable_dataset_anomaly_info());
  }

  AnomalyInfo::Severity SeverityOf(const Findings& findings) const {
    AnomalyInfo::Severity severity = AnomalyInfo::UNKNOWN;
    for (const Finding& finding : findings) {
      const auto entry = options_.severity_overrides.find(finding.type);
      severity =
          std::max(severity, entry == options_.severity_overrides.end() ? AnomalyInfo::ERROR : entry->second);
    }
    return severity;
  }

  void Fill(const Findings& findings, AnomalyInfo& info) const {
    for (const Finding& finding : findings) {
      AnomalyInfo::Reason& reason = *info.add_reason();
      reason.set_type(finding.type);
      reason.set_short_description(finding.short_description);
      reason.set_description(finding.description);
    }
    info.set_severity(SeverityOf(findings));
    Summarize(info);
  }

  /// Whether the findings amount to an anomaly.
  bool Report(const FeaturePath& path, const Findings& findings) {
    if (SeverityOf(findings) == AnomalyInfo::UNKNOWN) return false;
    AnomalyInfo& info = (*result_.mutable_anomaly_info())[path.Serialize()];
    Fill(findings, info);
    *info.mutable_path() = path.ToProto();
    return true;
  }

  const DatasetView& statistics_;
  const ValidateOptions& options_;
  tfmd::Anomalies& result_;
  SchemaIndex index_;
  ConformContext context_;
  std::vector<std::pair<FeaturePath, tfmd::DriftSkewInfo>> compared_;
};

Status CheckEnvironment(const ValidateOptions& options, const tfmd::Schema& schema) {
  if (!options.environment.has_value()) return OkStatus();
  const std::vector<std::string> known(schema.default_environment().begin(),
                                       schema.default_environment().end());
  if (std::find(known.begin(), known.end(), *options.environment) != known.end()) return OkStatus();
  return InvalidArgument("The schema has no environment '{}' in default_environment{}", *options.environment,
                         DidYouMean(*options.environment, known));
}

/// A control dataset, where there is one. Weighted if the current statistics are: like is compared with like.
Result<std::optional<DatasetView>> ViewOf(const tfmd::DatasetFeatureStatistics* statistics, bool by_weight) {
  if (statistics == nullptr) return std::optional<DatasetView>();
  PENSTOCK_ASSIGN_OR_RETURN(DatasetView view, DatasetView::Create(*statistics, by_weight));
  return std::optional<DatasetView>(std::move(view));
}

const DatasetView* Get(const std::optional<DatasetView>& view) { return view.has_value() ? &*view : nullptr; }

}  // namespace

Result<tfmd::Anomalies> ValidateStatistics(const tfmd::DatasetFeatureStatistics& statistics,
                                           const tfmd::Schema& schema, const ValidateOptions& options) {
  PENSTOCK_RETURN_IF_ERROR(CheckEnvironment(options, schema));
  tfmd::Anomalies result;
  *result.mutable_baseline() = schema;
  if (statistics.num_examples() == 0) {
    result.set_data_missing(true);
    return result;
  }
  const bool by_weight = DatasetView::HasWeights(statistics);
  PENSTOCK_ASSIGN_OR_RETURN(const DatasetView view, DatasetView::Create(statistics, by_weight));
  PENSTOCK_ASSIGN_OR_RETURN(const auto previous_span, ViewOf(options.previous_span, by_weight));
  PENSTOCK_ASSIGN_OR_RETURN(const auto serving, ViewOf(options.serving, by_weight));
  PENSTOCK_ASSIGN_OR_RETURN(const auto previous_version, ViewOf(options.previous_version, by_weight));
  const ControlDatasets controls{Get(previous_span), Get(serving), Get(previous_version)};
  Validation(view, controls, options, result).Run();
  return result;
}

bool HasErrors(const tfmd::Anomalies& anomalies) {
  if (anomalies.data_missing() || anomalies.dataset_anomaly_info().severity() == AnomalyInfo::ERROR)
    return true;
  return std::any_of(anomalies.anomaly_info().begin(), anomalies.anomaly_info().end(),
                     [](const auto& entry) { return entry.second.severity() == AnomalyInfo::ERROR; });
}

}  // namespace penstock::validation
