#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace penstock::data::tfrecord {

/// The wire form of tf.Example, read in place: Example { Features features = 1 }, Features { map<string,
/// Feature> feature = 1 }, Feature { oneof { BytesList = 1, FloatList = 2, Int64List = 3 } }, each list
/// { repeated value = 1 }, numbers packed or not. Depth is fixed, so hostile bytes cannot recurse.

enum class ValueKind : uint8_t { kUnset, kBytes, kFloat, kInteger };

constexpr std::string_view KindName(ValueKind kind) {
  constexpr std::string_view kNames[] = {"unset", "BytesList", "FloatList", "Int64List"};
  return kNames[static_cast<size_t>(kind)];
}

/// One feature of one example.
struct FeatureView {
  ValueKind kind = ValueKind::kUnset;
  std::string_view list;  ///< The bytes of its list message.
};

/// Reads protobuf fields one after the other. After a false the bytes are malformed.
class WireReader {
 public:
  enum Type : uint32_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

  explicit WireReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool AtEnd() const { return at_ == end_; }

  bool Varint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return false;
      const auto byte = static_cast<uint8_t>(*at_++);
      value |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool Tag(uint32_t& field, uint32_t& type) {
    uint64_t tag;
    if (!Varint(tag) || tag > 0xFFFFFFFFu) return false;
    field = static_cast<uint32_t>(tag >> 3);
    type = static_cast<uint32_t>(tag & 7);
    return field != 0;
  }
  bool Bytes(std::string_view& bytes) {
    uint64_t length;
    if (!Varint(length) || length > static_cast<uint64_t>(end_ - at_)) return false;
    bytes = {at_, static_cast<size_t>(length)};
    at_ += length;
    return true;
  }
  bool Float(float& value) {
    if (end_ - at_ < 4) return false;
    uint32_t bits = 0;
    for (int i = 0; i < 4; ++i) bits |= static_cast<uint32_t>(static_cast<uint8_t>(at_[i])) << (8 * i);
    std::memcpy(&value, &bits, sizeof value);
    at_ += 4;
    return true;
  }
  bool Skip(uint32_t type) {
    uint64_t ignored;
    std::string_view bytes;
    switch (type) {
      case kVarint:
        return Varint(ignored);
      case kFixed64:
        return Advance(8);
      case kLength:
        return Bytes(bytes);
      case kFixed32:
        return Advance(4);
      default:
        return false;  // Groups: no serializer of these messages writes them.
    }
  }

 private:
  bool Advance(int64_t count) {
    if (end_ - at_ < count) return false;
    at_ += count;
    return true;
  }

  const char* at_;
  const char* end_;
};

/// Calls on_feature(name, FeatureView) for every feature, in the order they lie there. Returns null, or
/// what is wrong with the record.
template <class OnFeature>
const char* ParseExample(std::string_view record, const OnFeature& on_feature);

/// Call on_value(value) for every value of a list of that kind; false when the bytes are malformed.
template <class OnValue>
bool ForEachBytes(std::string_view list, const OnValue& on_value);
template <class OnValue>
bool ForEachFloat(std::string_view list, const OnValue& on_value);
template <class OnValue>
bool ForEachInteger(std::string_view list, const OnValue& on_value);

// ---- implementation

/// False when `bytes` is no Feature.
inline bool ParseFeature(std::string_view bytes, FeatureView& feature) {
  WireReader reader(bytes);
  feature = {};
  while (!reader.AtEnd()) {
    uint32_t field, type;
    if (!reader.Tag(field, type)) return false;
    if (field >= 1 && field <= 3) {
      // Of several the last one stands, as in any oneof.
      feature.kind = static_cast<ValueKind>(field);
      if (type != WireReader::kLength || !reader.Bytes(feature.list)) return false;
    } else if (!reader.Skip(type)) {
      return false;
    }
  }
  return true;
}

template <class OnFeature>
bool ParseFeatures(std::string_view bytes, const OnFeature& on_feature) {
  WireReader reader(bytes);
  while (!reader.AtEnd()) {
    uint32_t field, type;
    std::string_view entry;
    if (!reader.Tag(field, type)) return false;
    if (field != 1) {
      if (!reader.Skip(type)) return false;
      continue;
    }
    if (type != WireReader::kLength || !reader.Bytes(entry)) return false;
    WireReader entry_reader(entry);
    std::string_view name, value;
    while (!entry_reader.AtEnd()) {
      if (!entry_reader.Tag(field, type)) return false;
      if (field != 1 && field != 2) {
        if (!entry_reader.Skip(type)) return false;
      } else if (type != WireReader::kLength || !entry_reader.Bytes(field == 1 ? name : value)) {
        return false;
      }
    }
    FeatureView feature;
    if (!ParseFeature(value, feature)) return false;
    on_feature(name, feature);
  }
  return true;
}

template <class OnFeature>
const char* ParseExample(std::string_view record, const OnFeature& on_feature) {
  WireReader reader(record);
  while (!reader.AtEnd()) {
    uint32_t field, type;
    std::string_view features;
    if (!reader.Tag(field, type)) return "the record is no tf.Example";
    if (field == 2 && type == WireReader::kLength)
      return "the record is a tf.SequenceExample; only tf.Example can be read";
    if (field != 1 || type != WireReader::kLength) {
      if (!reader.Skip(type)) return "the record is no tf.Example";
      continue;
    }
    if (!reader.Bytes(features) || !ParseFeatures(features, on_feature)) return "the record is no tf.Example";
  }
  return nullptr;
}

template <class OnValue>
bool ForEachBytes(std::string_view list, const OnValue& on_value) {
  WireReader reader(list);
  while (!reader.AtEnd()) {
    uint32_t field, type;
    std::string_view value;
    if (!reader.Tag(field, type)) return false;
    if (field == 1 && type == WireReader::kLength) {
      if (!reader.Bytes(value)) return false;
      on_value(value);
    } else if (field == 1 || !reader.Skip(type)) {
      return false;
    }
  }
  return true;
}

/// Numbers lie packed in one field, or one a field.
template <class Value, uint32_t kUnpackedType, bool (WireReader::*kRead)(Value&), class OnValue>
bool ForEachNumber(std::string_view list, const OnValue& on_value) {
  WireReader reader(list);
  while (!reader.AtEnd()) {
    uint32_t field, type;
    Value value;
    std::string_view packed;
    if (!reader.Tag(field, type)) return false;
    if (field == 1 && type == WireReader::kLength) {
      if (!reader.Bytes(packed)) return false;
      for (WireReader values(packed); !values.AtEnd();) {
        if (!(values.*kRead)(value)) return false;
        on_value(value);
      }
    } else if (field == 1 && type == kUnpackedType) {
      if (!(reader.*kRead)(value)) return false;
      on_value(value);
    } else if (field == 1 || !reader.Skip(type)) {
      return false;
    }
  }
  return true;
}

template <class OnValue>
bool ForEachFloat(std::string_view list, const OnValue& on_value) {
  return ForEachNumber<float, WireReader::kFixed32, &WireReader::Float>(list, on_value);
}

template <class OnValue>
bool ForEachInteger(std::string_view list, const OnValue& on_value) {
  return ForEachNumber<uint64_t, WireReader::kVarint, &WireReader::Varint>(
      list, [&](uint64_t value) { on_value(static_cast<int64_t>(value)); });
}

}  // namespace penstock::data::tfrecord
