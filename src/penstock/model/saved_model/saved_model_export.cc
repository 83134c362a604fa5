#include "penstock/model/saved_model/saved_model_export.h"

#include <limits>

#include <tensorflow/core/protobuf/saved_model.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/model/lowering/model_lowering.h"
#include "penstock/model/lowering/transform_lowering.h"
#include "penstock/transform/program.h"

namespace penstock::model {
namespace {

using saved_model::GraphBuilder;
using tensorflow::DataType;

// What a graph without newer operators may say of itself, so that older TensorFlows load it too.
constexpr int kGraphVersion = 1087;
constexpr char kPredictMethod[] = "tensorflow/serving/predict";

tensorflow::TensorInfo InfoOf(const std::string& node, DataType type, const std::vector<int64_t>& dims) {
  tensorflow::TensorInfo info;
  info.set_name(node + ":0");
  info.set_dtype(type);
  info.mutable_tensor_shape();
  for (const int64_t dim : dims) info.mutable_tensor_shape()->add_dim()->set_size(dim);
  return info;
}

/// One graph that is being filled, with what surrounds it.
class Writer {
 public:
  explicit Writer(const std::string& tag)
      : graph_(*file_.add_meta_graphs()), builder_(*graph_.mutable_graph_def()) {
    file_.set_saved_model_schema_version(1);
    graph_.mutable_meta_info_def()->add_tags(tag);
    graph_.mutable_meta_info_def()->set_tensorflow_version("2.11.0");
    graph_.mutable_graph_def()->mutable_versions()->set_producer(kGraphVersion);
  }

  GraphBuilder& builder() { return builder_; }

  tensorflow::SignatureDef& Signature(const std::string& name, const std::string& method) {
    names_.push_back(name);
    auto& signature = (*graph_.mutable_signature_def())[name];
    signature.set_method_name(method);
    return signature;
  }

  /// By what their features are called, or the files they were told to have.
  void NameVocabularies(const transform::Program& program) {
    for (const transform::Program::Output& feature : program.features) {
      const transform::Node& node = program.nodes[static_cast<size_t>(feature.node)];
      if (node.op != transform::Operator::kVocabulary) continue;
      const transform::Analysis& analysis = program.analyses[static_cast<size_t>(node.analysis)];
      const std::string& given = analysis.vocabulary.file_name;
      builder_.NameVocabulary(*std::get<transform::VocabularyResult>(analysis.result),
                              given.empty() ? feature.name : given);
    }
  }

  SavedModelFiles Finish() {
    const std::string initializer = builder_.Initializer();
    if (!initializer.empty()) {
      // Not the signature __saved_model_init_op, which TensorFlow 2 would list among those to call.
      const std::string key = "saved_model_main_op";
      (*graph_.mutable_collection_def())[key].mutable_node_list()->add_value(initializer);
    }
    for (const saved_model::Asset& asset : builder_.assets()) {
      tensorflow::AssetFileDef& entry = *graph_.add_asset_file_def();
      entry.set_filename(asset.file_name);
      entry.mutable_tensor_info()->set_name(asset.node + ":0");
    }
    return {SerializeDeterministically(file_), builder_.assets(), names_};
  }

 private:
  tensorflow::SavedModel file_;
  tensorflow::MetaGraphDef& graph_;
  GraphBuilder builder_;
  std::vector<std::string> names_;
};

/// What TF Serving's Classify and Regress ask for.
void AddServingMethods(const Signature& model, const std::string& examples, const Tensor& predictions,
                       Writer& writer) {
  GraphBuilder& builder = writer.builder();
  Tensor scores = builder.Cast(predictions, Element::kFloat);
  std::vector<std::string> classes = model.class_names;
  if (model.task == Task::kBinaryClassification) {
    classes = {"0", "1"};
    scores = builder.Concatenate({builder.Apply(TensorOp::kSubtract, builder.Float(1), scores), scores});
  }
  if (!classes.empty()) {
    const auto width = static_cast<int64_t>(classes.size());
    auto& classify = writer.Signature("classify", "tensorflow/serving/classify");
    (*classify.mutable_inputs())["inputs"] = InfoOf(examples, tensorflow::DT_STRING, {-1});
    const Tensor first = builder.Columns(scores, {0});
    (*classify.mutable_outputs())["classes"] =
        InfoOf(builder.TextsForEach(classes, first), tensorflow::DT_STRING, {-1, width});
    (*classify.mutable_outputs())["scores"] = InfoOf(scores.name, tensorflow::DT_FLOAT, {-1, width});
    return;
  }
  auto& regress = writer.Signature("regress", "tensorflow/serving/regress");
  (*regress.mutable_inputs())["inputs"] = InfoOf(examples, tensorflow::DT_STRING, {-1});
  (*regress.mutable_outputs())["outputs"] = InfoOf(builder.Flat(scores), tensorflow::DT_FLOAT, {-1});
}

/// What Predict gives.
void AddPredictions(const Signature& model, const Tensor& predictions, GraphBuilder& builder,
                    tensorflow::SignatureDef& signature) {
  (*signature.mutable_outputs())[model.prediction_column] =
      InfoOf(predictions.name, tensorflow::DT_DOUBLE, {-1, predictions.width});
  if (model.task != Task::kMulticlassClassification) return;
  (*signature.mutable_outputs())[std::string(kClassColumn)] =
      InfoOf(builder.Likeliest(predictions, model.class_names), tensorflow::DT_STRING, {-1, 1});
}

/// A feature as TensorFlow Transform has it: there for every example.
Result<tensorflow::TensorInfo> FeatureInfo(const transform::FeatureSchema& feature,
                                           const OptionalTensor& value, GraphBuilder& builder) {
  Tensor dense = value.value;
  if (feature.kind == transform::FeatureKind::kVector)
    return InfoOf(dense.name, tensorflow::DT_FLOAT, {-1, feature.width});
  if (feature.type == transform::ValueType::kText) {
    if (value.presence.exists()) dense = builder.Where(value.presence, dense, builder.Text(""));
    return InfoOf(builder.Flat(dense), tensorflow::DT_STRING, {-1});
  }
  const bool is_number = feature.type == transform::ValueType::kNumber;
  if (dense.element == Element::kBoolean) dense = builder.Cast(dense, Element::kNumber);
  if (value.presence.exists()) {
    const double missing = is_number ? std::numeric_limits<double>::quiet_NaN() : -1;
    dense = builder.Where(value.presence, dense, builder.Number(missing));
  }
  dense = builder.Cast(dense, is_number ? Element::kFloat : Element::kInteger);
  return InfoOf(builder.Flat(dense), GraphBuilder::TypeOf(dense.element), {-1});
}

Status AddFeatures(const transform::TransformGraph& graph, GraphBuilder& builder,
                   tensorflow::SignatureDef& signature) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto features, LowerFeatures(graph, builder));
  for (size_t i = 0; i < features.size(); ++i) {
    const transform::FeatureSchema& feature = graph.output_schema()[i];
    PENSTOCK_ASSIGN_OR_RETURN((*signature.mutable_outputs())[feature.name],
                              FeatureInfo(feature, features[i], builder));
  }
  return OkStatus();
}

}  // namespace

Result<SavedModelFiles> ExportSavedModel(const Model& model) {
  Writer writer("serve");
  GraphBuilder& builder = writer.builder();
  const auto& columns = model.transform().input_columns();
  const Signature& signature = model.signature();
  writer.NameVocabularies(model.transform().program());

  const std::string examples = builder.ReadExamples(columns);
  PENSTOCK_ASSIGN_OR_RETURN(const Tensor prediction, LowerModel(model, builder));
  auto& by_examples = writer.Signature("serving_default", kPredictMethod);
  (*by_examples.mutable_inputs())["examples"] = InfoOf(examples, tensorflow::DT_STRING, {-1});
  AddPredictions(signature, prediction, builder, by_examples);
  AddServingMethods(signature, examples, prediction, writer);

  const auto tensors = builder.ReadTensors(columns);
  PENSTOCK_ASSIGN_OR_RETURN(const Tensor again, LowerModel(model, builder));
  auto& by_tensors = writer.Signature("raw_tensors", kPredictMethod);
  for (const auto& [name, tensor] : tensors)
    (*by_tensors.mutable_inputs())[name] = InfoOf(tensor.name, GraphBuilder::TypeOf(tensor.element), {-1, 1});
  AddPredictions(signature, again, builder, by_tensors);
  return writer.Finish();
}

Result<SavedModelFiles> ExportTransform(const transform::TransformGraph& graph) {
  Writer writer("transform");  // What TFTransformOutput looks for.
  GraphBuilder& builder = writer.builder();
  const auto& columns = graph.input_columns();
  writer.NameVocabularies(graph.program());

  const std::string examples = builder.ReadExamples(columns);
  auto& by_examples = writer.Signature("transform_examples", kPredictMethod);
  (*by_examples.mutable_inputs())["examples"] = InfoOf(examples, tensorflow::DT_STRING, {-1});
  PENSTOCK_RETURN_IF_ERROR(AddFeatures(graph, builder, by_examples));

  const auto sparse = builder.ReadSparse(columns);
  auto& by_columns = writer.Signature("transform_signature", kPredictMethod);
  for (const auto& [name, tensor] : sparse) {
    auto& info = (*by_columns.mutable_inputs())[name];
    info.set_dtype(tensor.type);
    for (const int64_t dim : {-1, -1}) info.mutable_tensor_shape()->add_dim()->set_size(dim);
    info.mutable_coo_sparse()->set_indices_tensor_name(tensor.indices + ":0");
    info.mutable_coo_sparse()->set_values_tensor_name(tensor.values + ":0");
    info.mutable_coo_sparse()->set_dense_shape_tensor_name(tensor.dense_shape + ":0");
  }
  PENSTOCK_RETURN_IF_ERROR(AddFeatures(graph, builder, by_columns));
  return writer.Finish();
}

Status WriteSavedModel(const SavedModelFiles& files, const std::string& folder) {
  for (const saved_model::Asset& asset : files.assets) {
    PENSTOCK_RETURN_IF_ERROR(fs::CheckPathComponent(asset.file_name, "The name of a vocabulary"));
    PENSTOCK_RETURN_IF_ERROR(
        fs::WriteFileAtomically(fs::Join(fs::Join(folder, "assets"), asset.file_name), asset.content));
  }
  return fs::WriteFileAtomically(fs::Join(folder, kSavedModelFileName), files.graph);
}

}  // namespace penstock::model
