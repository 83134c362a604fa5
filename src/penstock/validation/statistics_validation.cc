#include "penstock/validation/statistics_validation.h"

#include <algorithm>

#include "penstock/base/near_miss.h"
#include "penstock/validation/anomaly_evidence.h"
#include "penstock/validation/composite_feature_internal.h"
#include "penstock/validation/conformance_internal.h"
#include "penstock/validation/documented_types_internal.h"
#include "penstock/validation/evidence_internal.h"
#include "penstock/validation/lifecycle_internal.h"
#include "penstock/validation/new_feature_internal.h"
#include "penstock/validation/schema_fix_internal.h"

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

AnomalyInfo::Severity SeverityOf(const Findings& findings, const ValidateOptions& options) {
  AnomalyInfo::Severity severity = AnomalyInfo::UNKNOWN;
  for (const Finding& finding : findings) {
    const auto entry = options.severity_overrides.find(finding.type);
    severity =
        std::max(severity, entry == options.severity_overrides.end() ? AnomalyInfo::ERROR : entry->second);
  }
  return severity;
}

void FillInfo(const Findings& findings, const ValidateOptions& options, AnomalyInfo& info) {
  for (const Finding& finding : findings) {
    AnomalyInfo::Reason& reason = *info.add_reason();
    reason.set_type(finding.type);
    reason.set_short_description(finding.short_description);
    reason.set_description(finding.description);
  }
  info.set_severity(SeverityOf(findings, options));
  Summarize(info);
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
        context_{index_, options.environment, controls, options.string_domain_limit,
                 options.raise_documented_types} {}

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
    if (!CheckFeature(index)) return;
    for (int child : statistics_.children(index)) CheckTree(child);
  }

  /// Whether the fields of the feature are to be checked too.
  bool CheckFeature(int index) {
    const FeatureView& view = statistics_.feature(index);
    const tfmd::Feature* feature = index_.FindFeature(view.key());
    const tfmd::SparseFeature* sparse = index_.FindSparse(view.key());
    if (feature != nullptr ? IsDeprecated(*feature) : sparse != nullptr && IsDeprecated(*sparse))
      return false;
    switch (const FeatureKind kind = KindOf(index_, view.key()); kind) {
      // The fields of a new struct are part of its news.
      case FeatureKind::kNew:
        ReportNew(index);
        return false;
      case FeatureKind::kPlain:
        return CheckPlain(view, *feature);
      case FeatureKind::kSparse:
        return !Report(view.path(), CheckSparseFeature(view), DeprecationOf(view.key()), SourceOf(&view));
      case FeatureKind::kWeighted:
        Report(view.path(), CheckWeightedFeature(view), DeprecationOf(view.key()), SourceOf(&view));
        return true;
      default:
        return !Report(view.path(), CollisionFindings(kind), DeprecationOf(view.key()));
    }
  }

  void ReportNew(int index) {
    const FeatureView& view = statistics_.feature(index);
    if (options_.features_needed.has_value() && !options_.features_needed->contains(view.path())) return;
    SchemaFix fix;
    if (options_.propose_fixes) fix.after = InferNewFeature(statistics_, index);
    Report(view.path(),
           {{AnomalyInfo::SCHEMA_NEW_COLUMN, "New column", "New column (column in data but not in schema)"}},
           fix, SourceOf(&view));
  }

  bool CheckPlain(const FeatureView& view, const tfmd::Feature& feature) {
    tfmd::Feature mended = feature;
    Conformance conformance = ConformFeature(view, context_, mended);
    EvidenceSource source = SourceOf(&view, &feature);
    source.drift = conformance.drift;
    source.skew = conformance.skew;
    if (!conformance.drift.empty() || !conformance.skew.empty()) {
      tfmd::DriftSkewInfo info;
      *info.mutable_path() = view.path().ToProto();
      for (auto& measurement : conformance.drift) *info.add_drift_measurements() = std::move(measurement);
      for (auto& measurement : conformance.skew) *info.add_skew_measurements() = std::move(measurement);
      compared_.emplace_back(view.path(), std::move(info));
    }
    const SchemaFix fix = conformance.findings.empty() ? SchemaFix() : FixOf(feature, mended, conformance);
    const bool is_anomalous = Report(view.path(), conformance.findings, fix, source);
    return !is_anomalous || !IsDeprecated(mended);
  }

  /// From `feature` to `mended`, and what the shared domain lacks.
  SchemaFix FixOf(const tfmd::Feature& feature, const tfmd::Feature& mended,
                  const Conformance& conformance) const {
    SchemaFix fix;
    if (!options_.propose_fixes) return fix;
    *fix.before.add_feature() = WithoutFields(feature);
    *fix.after.add_feature() = WithoutFields(mended);
    if (conformance.drop_domain || !conformance.domain_values_to_add.empty())
      fix.before.add_string_domain()->set_name(feature.domain());
    if (!conformance.drop_domain && !conformance.domain_values_to_add.empty()) {
      tfmd::StringDomain& domain = *fix.after.add_string_domain();
      domain.set_name(feature.domain());
      for (const std::string& value : conformance.domain_values_to_add) domain.add_value(value);
    }
    return fix;
  }

  /// Of every feature of that name.
  SchemaFix DeprecationOf(const std::string& key) const {
    SchemaFix fix;
    if (!options_.propose_fixes) return fix;
    if (const auto* feature = index_.FindFeature(key)) {
      *fix.before.add_feature() = *fix.after.add_feature() = WithoutFields(*feature);
      Deprecate(*fix.after.mutable_feature(0));
    }
    if (const auto* sparse = index_.FindSparse(key)) {
      *fix.before.add_sparse_feature() = *fix.after.add_sparse_feature() = *sparse;
      Deprecate(*fix.after.mutable_sparse_feature(0));
    }
    if (const auto* weighted = index_.FindWeighted(key)) {
      *fix.before.add_weighted_feature() = *fix.after.add_weighted_feature() = *weighted;
      Deprecate(*fix.after.mutable_weighted_feature(0));
    }
    return fix;
  }

  void CheckMissing() {
    SchemaIndex::ForEachFeature(FeaturePath(), result_.baseline().feature(),
                                [this](const FeaturePath& path, const tfmd::Feature& feature) {
                                  const bool is_deprecated = IsDeprecated(feature);
                                  if (!is_deprecated && !statistics_.HasStatistics(path.Serialize()))
                                    CheckMissingFeature(path, feature);
                                  return !is_deprecated;
                                });
  }

  void CheckMissingFeature(const FeaturePath& path, const tfmd::Feature& feature) {
    tfmd::Feature mended = feature;
    Conformance conformance;
    if (IsRequired(result_.baseline(), feature, options_.environment)) {
      conformance.findings.push_back(
          {AnomalyInfo::SCHEMA_MISSING_COLUMN, "Column dropped", "Column is completely missing"});
      Deprecate(mended);
    }
    if (options_.raise_documented_types)
      Append(ConformMissingTreatment(path.Serialize(), context_.controls, mended), conformance.findings);
    if (!conformance.findings.empty())
      Report(path, conformance.findings, FixOf(feature, mended, conformance), SourceOf(nullptr, &feature));
  }

  void CheckDataset() {
    if (!result_.baseline().has_dataset_constraints()) return;
    SchemaFix fix;
    *fix.before.mutable_dataset_constraints() = result_.baseline().dataset_constraints();
    fix.after = fix.before;
    const Findings findings =
        ConformDataset(statistics_, context_.controls, *fix.after.mutable_dataset_constraints());
    if (SeverityOf(findings) == AnomalyInfo::UNKNOWN) return;
    AnomalyInfo& info = *result_.mutable_dataset_anomaly_info();
    Fill(findings, info);
    if (options_.propose_fixes) WriteFix(fix, info);
    EvidenceSource source = SourceOf(nullptr);
    source.constraints = &fix.before.dataset_constraints();
    if (options_.explain) WriteEvidence(EvidenceOf(findings, source), info);
  }

  EvidenceSource SourceOf(const FeatureView* view, const tfmd::Feature* feature = nullptr) const {
    EvidenceSource source{view, feature, nullptr, nullptr, statistics_.num_examples(), context_.controls,
                          {},   {}};
    if (feature != nullptr && feature->has_domain()) source.domain = index_.FindDomain(feature->domain());
    if (feature != nullptr && feature->has_string_domain()) source.domain = &feature->string_domain();
    return source;
  }

  AnomalyInfo::Severity SeverityOf(const Findings& findings) const {
    return penstock::validation::SeverityOf(findings, options_);
  }

  void Fill(const Findings& findings, AnomalyInfo& info) const { FillInfo(findings, options_, info); }

  /// Whether the findings amount to an anomaly.
  bool Report(const FeaturePath& path, const Findings& findings, const SchemaFix& fix,
              const EvidenceSource& source = {}) {
    if (SeverityOf(findings) == AnomalyInfo::UNKNOWN) return false;
    AnomalyInfo& info = (*result_.mutable_anomaly_info())[path.Serialize()];
    Fill(findings, info);
    *info.mutable_path() = path.ToProto();
    WriteFix(fix, info);
    if (options_.explain) WriteEvidence(EvidenceOf(findings, source), info);
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
  // Of a dataset without anything in it (an empty file) TFDV takes no notice.
  if (statistics == nullptr || statistics->ByteSizeLong() == 0) return std::optional<DatasetView>();
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
    const Findings findings = {NoDataInSpan(options.previous_span)};
    if (options.raise_documented_types && SeverityOf(findings, options) != AnomalyInfo::UNKNOWN)
      FillInfo(findings, options, *result.mutable_dataset_anomaly_info());
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
