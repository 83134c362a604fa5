#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

// What this program and the process of a foreign runtime tell each other: standard headers alone, as both
// compile it. A message is its length in 8 bytes and its bytes; numbers are little-endian.

namespace penstock::model::foreign {

/// The numbers are TensorFlow's DataType.
enum ElementType : int32_t {
  kFloat32 = 1,
  kFloat64 = 2,
  kInt32 = 3,
  kUint8 = 4,
  kString = 7,
  kInt64 = 9,
  kBool = 10,
};

inline size_t SizeOf(int32_t type) {
  switch (type) {
    case kFloat32:
    case kInt32:
      return 4;
    case kFloat64:
    case kInt64:
      return 8;
    case kUint8:
    case kBool:
      return 1;
    default:
      return 0;
  }
}

struct TensorValue {
  std::string name;
  int32_t type = 0;
  std::vector<int64_t> dims;
  std::string bytes;               ///< Of all types but kString, row-major.
  std::vector<std::string> texts;  ///< Of kString.
};

/// "Run these"; or the answer.
struct TensorMessage {
  std::string error;  ///< Of an answer; empty: it went well.
  std::vector<TensorValue> tensors;
  std::vector<std::string> wanted;  ///< Of a question: the names of what shall be computed.
};

class MessageWriter {
 public:
  void Number(uint64_t value) {
    char bytes[8];
    std::memcpy(bytes, &value, 8);
    bytes_.append(bytes, 8);
  }
  void Text(std::string_view text) {
    Number(text.size());
    bytes_.append(text);
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

/// Never reads beyond its bytes: after the first that are missing everything is empty and ok() is false.
class MessageReader {
 public:
  explicit MessageReader(std::string_view bytes) : rest_(bytes) {}
  uint64_t Number() {
    uint64_t value = 0;
    if (!Has(8)) return 0;
    std::memcpy(&value, rest_.data(), 8);
    rest_.remove_prefix(8);
    return value;
  }
  std::string Text() {
    const uint64_t size = Number();
    if (!Has(size)) return "";
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }
  /// How many entries follow, of at least `least_bytes` each.
  uint64_t Count(size_t least_bytes) {
    const uint64_t count = Number();
    if (count > rest_.size() / least_bytes) is_ok_ = false;
    return is_ok_ ? count : 0;
  }
  bool ok() const { return is_ok_; }

 private:
  bool Has(uint64_t size) {
    if (size > rest_.size()) is_ok_ = false;
    return is_ok_;
  }
  std::string_view rest_;
  bool is_ok_ = true;
};

inline std::string EncodeMessage(const TensorMessage& message) {
  MessageWriter writer;
  writer.Text(message.error);
  writer.Number(message.tensors.size());
  for (const TensorValue& tensor : message.tensors) {
    writer.Text(tensor.name);
    writer.Number(static_cast<uint64_t>(tensor.type));
    writer.Number(tensor.dims.size());
    for (const int64_t dim : tensor.dims) writer.Number(static_cast<uint64_t>(dim));
    writer.Text(tensor.bytes);
    writer.Number(tensor.texts.size());
    for (const std::string& text : tensor.texts) writer.Text(text);
  }
  writer.Number(message.wanted.size());
  for (const std::string& name : message.wanted) writer.Text(name);
  return writer.bytes();
}

inline bool DecodeMessage(std::string_view bytes, TensorMessage& message) {
  MessageReader reader(bytes);
  message.error = reader.Text();
  message.tensors.resize(reader.Count(40));
  for (TensorValue& tensor : message.tensors) {
    tensor.name = reader.Text();
    tensor.type = static_cast<int32_t>(reader.Number());
    tensor.dims.resize(reader.Count(8));
    for (int64_t& dim : tensor.dims) dim = static_cast<int64_t>(reader.Number());
    tensor.bytes = reader.Text();
    tensor.texts.resize(reader.Count(8));
    for (std::string& text : tensor.texts) text = reader.Text();
  }
  message.wanted.resize(reader.Count(8));
  for (std::string& name : message.wanted) name = reader.Text();
  return reader.ok();
}

}  // namespace penstock::model::foreign
