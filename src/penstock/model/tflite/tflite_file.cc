#include "penstock/model/tflite/tflite_file.h"

#include <algorithm>
#include <functional>

#include <flatbuffers/flatbuffers.h>

namespace penstock::model::tflite {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

constexpr uint32_t kSchemaVersion = 3;

/// The place of field number `id` in a table of TFLite's schema.
constexpr flatbuffers::voffset_t Field(int id) { return static_cast<flatbuffers::voffset_t>(4 + 2 * id); }

using Table = Offset<void>;

/// A table whose fields `fill` adds; offsets in it have to be made before.
Table MakeTable(FlatBufferBuilder& out, const std::function<void()>& fill) {
  const auto start = out.StartTable();
  fill();
  return Table(out.EndTable(start));
}

/// The schema's union of options, and the fields of those that have any that count.
struct OptionsKind {
  uint8_t type = 0;
};
OptionsKind KindOf(OperatorCode code) {
  switch (code) {
    case OperatorCode::kFullyConnected:
      return {8};
    case OperatorCode::kSoftmax:
      return {9};
    case OperatorCode::kConcatenation:
      return {10};
    case OperatorCode::kAdd:
      return {11};
    case OperatorCode::kReshape:
      return {17};
    case OperatorCode::kMultiply:
      return {21};
    case OperatorCode::kGather:
      return {23};
    case OperatorCode::kSum:
    case OperatorCode::kMean:
      return {27};
    case OperatorCode::kSubtract:
      return {28};
    case OperatorCode::kDivide:
      return {29};
    case OperatorCode::kCast:
      return {37};
    default:
      return {0};
  }
}

class FileWriter {
 public:
  explicit FileWriter(const FileGraph& graph) : graph_(graph) {}

  std::string Write() {
    std::vector<Table> buffers;
    buffers.push_back(MakeTable(out_, [] {}));  // Number 0 is that of tensors without one.
    std::vector<Table> tensors;
    for (const FileTensor& tensor : graph_.tensors) tensors.push_back(WriteTensor(tensor, buffers));
    std::vector<Table> operators;
    for (const FileOperator& step : graph_.operators) operators.push_back(WriteOperator(step));
    const Table subgraph = WriteSubgraph(tensors, operators);
    std::vector<Table> codes;
    for (const auto& [code, version] : codes_) codes.push_back(WriteCode(code, version));
    const Table signature = WriteSignature();
    const auto codes_at = out_.CreateVector(codes);
    const auto subgraphs_at = out_.CreateVector(std::vector<Table>{subgraph});
    const auto description = out_.CreateString("penstock");
    const auto buffers_at = out_.CreateVector(buffers);
    const auto signatures_at = out_.CreateVector(std::vector<Table>{signature});
    const Table model = MakeTable(out_, [&] {
      out_.AddElement<uint32_t>(Field(0), kSchemaVersion, 0);
      out_.AddOffset(Field(1), codes_at);
      out_.AddOffset(Field(2), subgraphs_at);
      out_.AddOffset(Field(3), description);
      out_.AddOffset(Field(4), buffers_at);
      out_.AddOffset(Field(7), signatures_at);
    });
    out_.Finish(model, "TFL3");
    return {reinterpret_cast<const char*>(out_.GetBufferPointer()), out_.GetSize()};
  }

 private:
  Table WriteTensor(const FileTensor& tensor, std::vector<Table>& buffers) {
    uint32_t buffer = 0;
    if (!tensor.bytes.empty()) {
      // Constants are read in place: by 16 bytes at a time.
      out_.ForceVectorAlignment(tensor.bytes.size(), 1, 16);
      const auto data =
          out_.CreateVector(reinterpret_cast<const uint8_t*>(tensor.bytes.data()), tensor.bytes.size());
      buffer = static_cast<uint32_t>(buffers.size());
      buffers.push_back(MakeTable(out_, [&] { out_.AddOffset(Field(0), data); }));
    }
    std::vector<int32_t> shape = tensor.shape;
    std::replace(shape.begin(), shape.end(), -1, 1);
    const auto shape_at = out_.CreateVector(shape);
    const auto signature_at = out_.CreateVector(tensor.shape);
    const auto name = out_.CreateString(tensor.name);
    Table quantization;
    if (!tensor.scales.empty()) {
      const auto scales = out_.CreateVector(tensor.scales);
      const auto zeros = out_.CreateVector(std::vector<int64_t>(tensor.scales.size(), tensor.zero_point));
      quantization = MakeTable(out_, [&] {
        out_.AddOffset(Field(2), scales);
        out_.AddOffset(Field(3), zeros);
      });
    }
    return MakeTable(out_, [&] {
      out_.AddOffset(Field(0), shape_at);
      out_.AddElement<int8_t>(Field(1), static_cast<int8_t>(tensor.type), 0);
      out_.AddElement<uint32_t>(Field(2), buffer, 0);
      out_.AddOffset(Field(3), name);
      if (!tensor.scales.empty()) out_.AddOffset(Field(4), quantization);
      if (shape != tensor.shape) out_.AddOffset(Field(7), signature_at);
    });
  }

  /// From which version of the operator on a runtime takes such operands: one that is too old says so.
  int32_t VersionOf(const FileOperator& step) const {
    const FileTensor& input = graph_.tensors[static_cast<size_t>(step.inputs[0])];
    if (step.code == OperatorCode::kDequantize && input.type == TensorType::kFloat16) return 3;
    if (input.type != TensorType::kInt8) return 1;
    switch (step.code) {
      case OperatorCode::kDequantize:
        return input.scales.size() > 1 ? 5 : 2;
      case OperatorCode::kTanh:
        return 2;
      case OperatorCode::kFullyConnected:
        return graph_.tensors[static_cast<size_t>(step.inputs[1])].scales.size() > 1 ? 12 : 4;
      default:
        return 1;
    }
  }

  uint32_t CodeIndex(const FileOperator& step) {
    const std::pair code(step.code, VersionOf(step));
    const auto found = std::find(codes_.begin(), codes_.end(), code);
    if (found != codes_.end()) return static_cast<uint32_t>(found - codes_.begin());
    codes_.push_back(code);
    return static_cast<uint32_t>(codes_.size() - 1);
  }

  Table WriteOperator(const FileOperator& step) {
    const uint32_t code = CodeIndex(step);
    const auto inputs = out_.CreateVector(step.inputs), outputs = out_.CreateVector(step.outputs);
    const OptionsKind kind = KindOf(step.code);
    const Table options = MakeTable(out_, [&] {
      if (step.code == OperatorCode::kConcatenation || step.code == OperatorCode::kGather)
        out_.AddElement<int32_t>(Field(0), step.axis, 0);
      if (step.code == OperatorCode::kGather) out_.AddElement<int32_t>(Field(1), step.batch_dims, 0);
      if (step.has_relu) out_.AddElement<uint8_t>(Field(0), 1, 0);    // fused_activation_function
      if (kind.type == 9) out_.AddElement<float>(Field(0), 1, 0);     // beta
      if (kind.type == 27) out_.AddElement<uint8_t>(Field(0), 1, 0);  // keep_dims
    });
    return MakeTable(out_, [&] {
      out_.AddElement<uint32_t>(Field(0), code, 0);
      out_.AddOffset(Field(1), inputs);
      out_.AddOffset(Field(2), outputs);
      if (kind.type == 0) return;
      out_.AddElement<uint8_t>(Field(3), kind.type, 0);
      out_.AddOffset(Field(4), options);
    });
  }

  Table WriteCode(OperatorCode code, int32_t version) {
    const auto number = static_cast<int32_t>(code);
    return MakeTable(out_, [&] {
      // Readers of old looked at a byte.
      out_.AddElement<int8_t>(Field(0), static_cast<int8_t>(std::min(number, 127)), 0);
      out_.AddElement<int32_t>(Field(2), version, 1);
      out_.AddElement<int32_t>(Field(3), number, 0);
    });
  }

  Table WriteSubgraph(const std::vector<Table>& tensors, const std::vector<Table>& operators) {
    std::vector<int32_t> inputs, outputs;
    for (const auto& [name, index] : graph_.inputs) inputs.push_back(index);
    for (const auto& [name, index] : graph_.outputs) outputs.push_back(index);
    const auto tensors_at = out_.CreateVector(tensors), operators_at = out_.CreateVector(operators);
    const auto inputs_at = out_.CreateVector(inputs), outputs_at = out_.CreateVector(outputs);
    const auto name = out_.CreateString("main");
    return MakeTable(out_, [&] {
      out_.AddOffset(Field(0), tensors_at);
      out_.AddOffset(Field(1), inputs_at);
      out_.AddOffset(Field(2), outputs_at);
      out_.AddOffset(Field(3), operators_at);
      out_.AddOffset(Field(4), name);
    });
  }

  Table WriteSignature() {
    const auto maps = [&](const std::vector<std::pair<std::string, int32_t>>& named) {
      std::vector<Table> entries;
      for (const auto& [name, index] : named) {
        const auto name_at = out_.CreateString(name);
        const auto place = static_cast<uint32_t>(index);
        entries.push_back(MakeTable(out_, [&, at = name_at] {
          out_.AddOffset(Field(0), at);
          out_.AddElement<uint32_t>(Field(1), place, 0);
        }));
      }
      return out_.CreateVector(entries);
    };
    const auto inputs = maps(graph_.inputs), outputs = maps(graph_.outputs);
    const auto key = out_.CreateString("serving_default");
    return MakeTable(out_, [&] {
      out_.AddOffset(Field(0), inputs);
      out_.AddOffset(Field(1), outputs);
      out_.AddOffset(Field(2), key);
    });
  }

  const FileGraph& graph_;
  FlatBufferBuilder out_;
  std::vector<std::pair<OperatorCode, int32_t>> codes_;  // With their versions.
};

}  // namespace

std::string WriteFile(const FileGraph& graph) { return FileWriter(graph).Write(); }

}  // namespace penstock::model::tflite
