#pragma once

#include <string>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/model/model.h"
#include "penstock/model/saved_model/graph_builder.h"

namespace penstock::model {

/// A TensorFlow SavedModel in memory: plain operators, no variables.
struct SavedModelFiles {
  std::string graph;  ///< saved_model.pb
  std::vector<saved_model::Asset> assets;
  std::vector<std::string> signatures;
};

/// The model, transform and all, as TensorFlow, TF Serving and whatever else reads SavedModels run it.
///
///   serving_default  examples: serialized tf.Examples [N]       -> the prediction column: double [N, 1]
///   raw_tensors      each column of the model's signature under its name, [N, 1]: text is string, of which
///                    "" is missing; all others double, of which NaN is missing -> the same
///   classify         inputs: serialized tf.Examples -> classes, scores [N, 2] (binary classification)
///   regress          inputs: serialized tf.Examples -> outputs [N] (the others)
///
/// In tf.Examples numbers are float_list, integers and booleans int64_list, text bytes_list; an absent or
/// empty feature is missing. Predictions are those of Predict within 1e-5. Vocabularies are assets.
/// kUnimplemented names the feature and the function that has no TensorFlow form (lists, times).
Result<SavedModelFiles> ExportSavedModel(const Model& model);

/// A transform alone, as TensorFlow Transform lays out its `transform_fn`:
///
///   transform_signature  raw columns as sparse tensors -> features [N] or [N, width], as in the metadata
///   transform_examples   examples: serialized tf.Examples [N] -> the same
///
/// A missing number is NaN there, a missing integer -1, a missing text "".
Result<SavedModelFiles> ExportTransform(const transform::TransformGraph& graph);

/// Writes <folder>/assets/... and, last, <folder>/saved_model.pb.
Status WriteSavedModel(const SavedModelFiles& files, const std::string& folder);

/// What a SavedModel's graph file is called.
inline constexpr std::string_view kSavedModelFileName = "saved_model.pb";

}  // namespace penstock::model
