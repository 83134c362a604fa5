#include "penstock/model/foreign/saved_model_reader.h"

#include <algorithm>
#include <limits>

#include <tensorflow/core/protobuf/saved_model.pb.h>

#include "penstock/base/near_miss.h"

namespace penstock::model::foreign {
namespace {

constexpr int kMaxRank = 32;

Result<std::vector<SignatureTensor>> TensorsOf(
    const google::protobuf::Map<std::string, tensorflow::TensorInfo>& infos, const std::string& signature,
    const std::string& path) {
  std::vector<SignatureTensor> tensors;
  for (const auto& [name, info] : infos) {
    if (info.name().empty()) {
      return InvalidArgument("{}: '{}' of the signature '{}' is no dense tensor (sparse ones are not fed)",
                             path, name, signature);
    }
    SignatureTensor tensor{
        name, info.name(), static_cast<int32_t>(info.dtype()), {}, !info.tensor_shape().unknown_rank()};
    if (info.tensor_shape().dim_size() > kMaxRank)
      return DataLoss("{}: '{}' has {} dimensions", path, name, info.tensor_shape().dim_size());
    for (const auto& dim : info.tensor_shape().dim()) tensor.dims.push_back(dim.size());
    tensors.push_back(std::move(tensor));
  }
  std::sort(tensors.begin(), tensors.end(),
            [](const SignatureTensor& a, const SignatureTensor& b) { return a.name < b.name; });
  return tensors;
}

}  // namespace

Result<std::vector<SavedModelSignature>> ReadSignatures(std::string_view bytes, const std::string& path) {
  tensorflow::SavedModel file;
  if (bytes.size() > std::numeric_limits<int>::max() ||
      !file.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return DataLoss("{}: the file is not a SavedModel, or it is cut off", path);
  for (const tensorflow::MetaGraphDef& graph : file.meta_graphs()) {
    const auto& tags = graph.meta_info_def().tags();
    if (std::find(tags.begin(), tags.end(), "serve") == tags.end()) continue;
    std::vector<SavedModelSignature> signatures;
    for (const auto& [name, signature] : graph.signature_def()) {
      if (name.starts_with("__saved_model_")) continue;
      SavedModelSignature read{name, signature.method_name(), {}, {}};
      auto inputs = TensorsOf(signature.inputs(), name, path);
      auto outputs = TensorsOf(signature.outputs(), name, path);
      // One that cannot be fed does not stand in the way of the others.
      if (inputs.ok() && outputs.ok()) {
        read.inputs = *std::move(inputs);
        read.outputs = *std::move(outputs);
        signatures.push_back(std::move(read));
      } else if (graph.signature_def_size() == 1) {
        return inputs.ok() ? outputs.status() : inputs.status();
      }
    }
    std::sort(signatures.begin(), signatures.end(),
              [](const SavedModelSignature& a, const SavedModelSignature& b) { return a.name < b.name; });
    if (signatures.empty()) break;
    return signatures;
  }
  return InvalidArgument("{}: the SavedModel has no graph tagged 'serve' with a signature", path);
}

Result<SavedModelSignature> ChooseSignature(const std::vector<SavedModelSignature>& signatures,
                                            const std::string& name, const std::string& path) {
  std::vector<std::string> names;
  for (const SavedModelSignature& signature : signatures) {
    if (signature.name == (name.empty() ? "serving_default" : name)) return signature;
    names.push_back(signature.name);
  }
  if (name.empty() && signatures.size() == 1) return signatures[0];
  return NotFound("{}: the SavedModel has no signature '{}' ({}){}", path,
                  name.empty() ? "serving_default" : name, fmt::join(names, ", "), DidYouMean(name, names));
}

}  // namespace penstock::model::foreign
