#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace penstock::data::tfrecord {

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

}  // namespace penstock::data::tfrecord
