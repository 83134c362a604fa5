#include "penstock/validation/schema_inference.h"

#include "penstock/validation/composite_feature_internal.h"
#include "penstock/validation/conformance_internal.h"
#include "penstock/validation/lifecycle_internal.h"
#include "penstock/validation/new_feature_internal.h"
#include "penstock/validation/presence_and_valency_internal.h"
#include "penstock/validation/semantic_domain_internal.h"
#include "penstock/validation/string_domain_internal.h"
#include "penstock/validation/typed_domain_internal.h"

namespace penstock::validation {
namespace {

/// The name TFDV gives the slice of all examples.
constexpr char kAllExamples[] = "All Examples";

/// Grows a schema until the statistics fit.
class SchemaUpdate {
 public:
  SchemaUpdate(const DatasetView& statistics, const InferSchemaOptions& options, tfmd::Schema& schema)
      : statistics_(statistics), options_(options), index_(schema), context_{index_, {}, {}, 0, false} {}

  void Run() {
    for (int root : statistics_.roots()) UpdateTree(root);
    DeprecateMissing();
  }

  /// Only this feature and its fields.
  void UpdateTree(int index) {
    const FeatureView& view = statistics_.feature(index);
    // Only a composite feature lacks them; what its parts are is not to be told from what is wrong with them.
    if (!view.HasCommon()) return;
    UpdateFeature(view);
    if (IsDeprecatedNow(view.key())) return;
    for (int child : statistics_.children(index)) UpdateTree(child);
  }

 private:
  void UpdateFeature(const FeatureView& view) {
    switch (const FeatureKind kind = KindOf(index_, view.key()); kind) {
      case FeatureKind::kNew:
        CreateFeature(view);
        break;
      case FeatureKind::kPlain:
        UpdatePlain(view);
        break;
      case FeatureKind::kSparse:
        if (!CheckSparseFeature(view).empty()) Deprecate(*index_.FindSparse(view.key()));
        break;
      case FeatureKind::kWeighted:
        if (!CheckWeightedFeature(view).empty()) Deprecate(*index_.FindWeighted(view.key()));
        break;
      case FeatureKind::kSparseCollision:
      case FeatureKind::kWeightedCollision:
        DeprecateAll(view.key());
        break;
    }
  }

  void DeprecateAll(const std::string& key) {
    if (auto* weighted = index_.FindWeighted(key)) Deprecate(*weighted);
    if (auto* sparse = index_.FindSparse(key)) Deprecate(*sparse);
    if (auto* feature = index_.FindFeature(key)) Deprecate(*feature);
  }

  void UpdatePlain(const FeatureView& view) {
    tfmd::Feature& feature = *index_.FindFeature(view.key());
    const std::string domain_name = feature.domain();
    const Conformance conformance = ConformFeature(view, context_, feature);
    if (tfmd::StringDomain* domain = index_.FindDomain(domain_name))
      for (const std::string& value : conformance.domain_values_to_add) domain->add_value(value);
    if (conformance.drop_domain) index_.RemoveDomain(domain_name);
  }

  void CreateFeature(const FeatureView& view) {
    tfmd::Feature* feature = index_.AddFeature(view.path());
    if (feature == nullptr) return;
    feature->set_type(view.SchemaType());
    InferPresenceAndValency(view, options_.infer_feature_shape, *feature);
    if (view.statistics().has_validation_derived_source()) {
      feature->set_lifecycle_stage(tfmd::VALIDATION_DERIVED);
      *feature->mutable_validation_derived_source() = view.statistics().validation_derived_source();
    }
    InferDomain(view, *feature);
  }

  void InferDomain(const FeatureView& view, tfmd::Feature& feature) {
    if (AdoptDomainOfStatistics(view, feature)) return;
    if (view.HasInvalidUtf8() || view.type() == tfmd::FeatureNameStatistics::BYTES) return;
    if (CanBeBoolDomain(view)) {
      *feature.mutable_bool_domain() = InferBoolDomain(view);
    } else if (CanBeIntDomain(view)) {
      feature.mutable_int_domain();
    } else if (CanBeStringDomain(view, options_.max_string_domain_size)) {
      tfmd::StringDomain& domain = *index_.AddDomain(view.key());
      for (const ListedValue& value : view.ListedValues()) domain.add_value(std::string(value.text));
      feature.set_domain(domain.name());
    }
  }

  bool IsDeprecatedNow(const std::string& key) const {
    if (const auto* feature = index_.FindFeature(key)) return IsDeprecated(*feature);
    if (const auto* sparse = index_.FindSparse(key)) return IsDeprecated(*sparse);
    return false;
  }

  void DeprecateMissing() {
    SchemaIndex::ForEachFeature(FeaturePath(), index_.schema().feature(),
                                [this](const FeaturePath& path, const tfmd::Feature& feature) {
                                  const bool is_deprecated = IsDeprecated(feature);
                                  const std::string key = path.Serialize();
                                  const FeatureView* view = statistics_.Find(key);
                                  const bool is_missing = view == nullptr || !view->HasCommon();
                                  if (is_missing && IsRequired(index_.schema(), feature, {}))
                                    Deprecate(*index_.FindFeature(key));
                                  // The fields of a missing struct are missing too.
                                  return !is_deprecated;
                                });
  }

  const DatasetView& statistics_;
  const InferSchemaOptions& options_;
  SchemaIndex index_;
  ConformContext context_;
};

Status Update(const tfmd::DatasetFeatureStatistics& statistics, const InferSchemaOptions& options,
              tfmd::Schema& schema) {
  PENSTOCK_ASSIGN_OR_RETURN(const DatasetView view,
                            DatasetView::Create(statistics, DatasetView::HasWeights(statistics)));
  SchemaUpdate(view, options, schema).Run();
  return OkStatus();
}

}  // namespace

tfmd::Schema InferNewFeature(const DatasetView& statistics, int index, const InferSchemaOptions& options) {
  // A field needs the structs it lies in.
  tfmd::Schema scratch;
  const FeaturePath& path = statistics.feature(index).path();
  auto* features = scratch.mutable_feature();
  for (size_t step = 0; step + 1 < path.size(); ++step) {
    tfmd::Feature& parent = *features->Add();
    parent.set_name(path.steps()[step]);
    features = parent.mutable_struct_domain()->mutable_feature();
  }
  InferSchemaOptions without_shapes = options;
  without_shapes.infer_feature_shape = false;
  SchemaUpdate(statistics, without_shapes, scratch).UpdateTree(index);
  tfmd::Schema result;
  result.mutable_feature()->Swap(features);
  result.mutable_string_domain()->Swap(scratch.mutable_string_domain());
  return result;
}

Result<const tfmd::DatasetFeatureStatistics*> WholeDataset(const tfmd::DatasetFeatureStatisticsList& list) {
  if (list.datasets_size() == 1) return &list.datasets(0);
  for (const tfmd::DatasetFeatureStatistics& dataset : list.datasets())
    if (dataset.name() == kAllExamples) return &dataset;
  return InvalidArgument("Statistics hold {} datasets and none of them is named '{}'", list.datasets_size(),
                         kAllExamples);
}

Result<tfmd::Schema> InferSchema(const tfmd::DatasetFeatureStatistics& statistics,
                                 const InferSchemaOptions& options) {
  tfmd::Schema schema;
  PENSTOCK_RETURN_IF_ERROR(Update(statistics, options, schema));
  return schema;
}

Result<tfmd::Schema> InferSchema(std::span<const tfmd::DatasetFeatureStatistics> splits,
                                 const InferSchemaOptions& options) {
  if (splits.empty())
    return InvalidArgument("A schema cannot be inferred from no statistics: at least one split is needed");
  PENSTOCK_ASSIGN_OR_RETURN(tfmd::Schema schema, InferSchema(splits.front(), options));
  for (const tfmd::DatasetFeatureStatistics& split : splits.subspan(1)) {
    PENSTOCK_ASSIGN_OR_RETURN(schema, UpdateSchema(std::move(schema), split, options));
  }
  return schema;
}

Result<tfmd::Schema> UpdateSchema(tfmd::Schema schema, const tfmd::DatasetFeatureStatistics& statistics,
                                  const InferSchemaOptions& options) {
  InferSchemaOptions without_shapes = options;
  // A shape that this split shows may not have held in those before it.
  without_shapes.infer_feature_shape = false;
  PENSTOCK_RETURN_IF_ERROR(Update(statistics, without_shapes, schema));
  return schema;
}

}  // namespace penstock::validation
