#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::model::foreign {

/// An input or output of a signature.
struct SignatureTensor {
  std::string name;           ///< As callers say it.
  std::string tensor;         ///< As the graph says it: "operation:index".
  int32_t type = 0;           ///< TensorFlow's DataType.
  std::vector<int64_t> dims;  ///< -1: any.
  bool has_known_rank = true;
};

struct SavedModelSignature {
  std::string name, method;
  std::vector<SignatureTensor> inputs, outputs;  ///< By name.
};

/// The signatures of a saved_model.pb, by name; `path` stands for it in messages. The bytes may be anything.
/// kDataLoss for what is no SavedModel, kInvalidArgument where it serves nothing.
Result<std::vector<SavedModelSignature>> ReadSignatures(std::string_view bytes, const std::string& path);

/// The one of that name, or, asked for none: serving_default, else the only one there is. kNotFound names
/// all.
Result<SavedModelSignature> ChooseSignature(const std::vector<SavedModelSignature>& signatures,
                                            const std::string& name, const std::string& path);

}  // namespace penstock::model::foreign
