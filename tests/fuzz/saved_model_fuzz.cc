// fuzz-libraries: penstock_model
// A saved_model.pb from elsewhere, and what the process that runs it answers: both may be anything.
#include <cstdint>
#include <string_view>

#include "penstock/model/foreign/column_tensor.h"
#include "penstock/model/foreign/saved_model_reader.h"
#include "penstock/model/foreign/tensor_message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto signatures = penstock::model::foreign::ReadSignatures(bytes, "saved_model.pb"); signatures.ok())
    (void)penstock::model::foreign::ChooseSignature(*signatures, "", "saved_model.pb");
  penstock::model::foreign::TensorMessage message;
  if (penstock::model::foreign::DecodeMessage(bytes, message)) {
    for (const auto& tensor : message.tensors) (void)penstock::model::foreign::NumbersOf(tensor);
  }
  return 0;
}
