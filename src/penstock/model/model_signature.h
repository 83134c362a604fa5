#pragma once

#include <functional>
#include <span>

#include <arrow/buffer.h>

#include "penstock/base/status.h"
#include "penstock/model/feature_matrix.h"
#include "penstock/model/model.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::model {

namespace v1 {
class ModelFile;
class ModelSignature;
}  // namespace v1

/// What a model over `transform` takes and gives; the transform's task is the model's.
/// kInvalidArgument where it has none (no label).
Result<Signature> SignatureOf(const transform::TransformGraph& transform);
/// The same for a model that learns without a label to copy its input.
Signature ReconstructionSignatureOf(const transform::TransformGraph& transform);

void EncodeSignature(const Signature& signature, v1::ModelSignature& out);
void EncodeFeatures(const transform::TransformGraph& transform, v1::ModelFile& out);
/// kDataLoss where the file's signature or features are not those of the transform in it.
Status CheckFileFitsTransform(const v1::ModelFile& file, const Signature& signature,
                              const transform::TransformGraph& transform);

/// How many numbers a learned function gives an example: one, or one a class.
inline int32_t NumOutputs(const Signature& signature) {
  return signature.class_names.empty() ? 1 : static_cast<int32_t>(signature.class_names.size());
}

/// From margins, `width` an example, to as many predictions: the link of the task.
void ApplyLink(Task task, int64_t width, std::span<const float> margins, double* predictions);

/// Column by column what Signature::outputs says, from the NumOutputs predictions of each example side by
/// side.
Result<Batch> MakePredictions(const Signature& signature, int64_t num_rows,
                              std::shared_ptr<arrow::Buffer> predictions);

/// Writes NumOutputs margins a row of the feature matrix.
using MarginFunction = std::function<void(std::span<const float> rows, std::span<float> margins)>;

/// The predictions of transformed examples: their matrix, some rows at a time, through `margins` and the
/// link of the signature's task (the logistic function for binary and multilabel classification, softmax for
/// multiclass classification).
Result<Batch> PredictInChunks(const Signature& signature, const FeatureMatrix& matrix, const Batch& features,
                              const MarginFunction& margins);

}  // namespace penstock::model
