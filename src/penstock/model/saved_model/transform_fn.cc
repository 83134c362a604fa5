#include "penstock/model/saved_model/transform_fn.h"

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/model/saved_model/saved_model_export.h"

namespace penstock::model {

namespace tfmd = tensorflow::metadata::v0;

namespace {

/// Columns that may be missing: TensorFlow Transform makes sparse tensors of them.
tfmd::Schema RawSchema(const transform::TransformGraph& graph) {
  tfmd::Schema schema;
  for (const transform::InputColumn& column : graph.input_columns()) {
    tfmd::Feature& feature = *schema.add_feature();
    feature.set_name(column.name);
    feature.set_type(column.type == transform::ValueType::kText     ? tfmd::BYTES
                     : column.type == transform::ValueType::kNumber ? tfmd::FLOAT
                                                                    : tfmd::INT);
    feature.mutable_value_count()->set_max(1);
  }
  return schema;
}

}  // namespace

Status SaveTransformFn(const transform::TransformGraph& graph, const std::string& uri) {
  const Result<SavedModelFiles> files = ExportTransform(graph);
  if (files.status().code() == StatusCode::kUnimplemented) {
    return fs::WriteFileAtomically(fs::Join(uri, "transform_fn_refused.txt"),
                                   fmt::format("{}\n", files.status().message()));
  }
  PENSTOCK_RETURN_IF_ERROR(files.status());
  PENSTOCK_RETURN_IF_ERROR(WriteProto(fs::Join(fs::Join(uri, "metadata"), "schema.pbtxt"), RawSchema(graph)));
  return WriteSavedModel(*files, fs::Join(uri, "transform_fn"));
}

}  // namespace penstock::model
