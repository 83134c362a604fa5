#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/model/feature_matrix.h"
#include "penstock/model/model.h"
#include "penstock/model/tree_ensemble.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::model {

namespace v1 {
class ModelFile;
}

/// A transform and sums of trees over its features; for binary classification the sum is the
/// log odds: probability = 1 / (1 + exp(-sum)). Of several classes there is a sum for each: its log odds
/// (multilabel), or, up to what they have in common, the logarithm of its probability (multiclass).
class ForestModel final : public Model {
 public:
  /// The transform's task is the model's. kInvalidArgument where it has none (no label), or where the forest
  /// was grown on another number of columns than the features take.
  static Result<std::shared_ptr<const ForestModel>> Make(
      std::shared_ptr<const transform::TransformGraph> transform, TreeEnsemble forest);

  const Signature& signature() const override { return signature_; }
  Result<Batch> Predict(const Batch& raw_examples) const override;
  const transform::TransformGraph& transform() const override { return *transform_; }
  Result<std::string> Encode() const override;

  /// The same from examples that are transformed already.
  Result<Batch> PredictTransformed(const Batch& features) const;
  /// For exporters.
  const TreeEnsemble& forest() const { return forest_; }
  /// How raw examples become the forest's rows, row-major, as wide as it has columns.
  Result<std::vector<float>> Rows(const Batch& raw_examples) const;

  /// From a parsed model.pb; anything wrong within is kDataLoss.
  static Result<std::shared_ptr<const ForestModel>> FromFile(const v1::ModelFile& file);

 private:
  ForestModel(Signature signature, std::shared_ptr<const transform::TransformGraph> transform,
              FeatureMatrix matrix, TreeEnsemble forest);

  Signature signature_;
  std::shared_ptr<const transform::TransformGraph> transform_;
  FeatureMatrix matrix_;
  TreeEnsemble forest_;
};

}  // namespace penstock::model
