#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace penstock::data::avro {

/// Reads Avro's binary encoding off bytes that stay the caller's. Every call says whether the bytes were
/// there and well formed; after a false one the place is undefined.
class WireReader {
 public:
  WireReader() = default;
  explicit WireReader(std::string_view bytes)
      : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  int64_t remaining() const { return end_ - at_; }
  int64_t position() const { return at_ - begin_; }

  /// Zigzag, at most ten bytes.
  bool ReadLong(int64_t& value) {
    uint64_t bits = 0;
    for (int shift = 0; shift < 70 && at_ < end_; shift += 7) {
      const auto byte = static_cast<uint8_t>(*at_++);
      if (shift == 63 && byte > 1) return false;
      bits |= static_cast<uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) {
        value = static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1);
        return true;
      }
    }
    return false;
  }
  bool ReadFloat(float& value) { return ReadRaw(value); }
  bool ReadDouble(double& value) { return ReadRaw(value); }
  bool ReadBoolean(bool& value) {
    if (at_ == end_ || static_cast<uint8_t>(*at_) > 1) return false;
    value = *at_++ == 1;
    return true;
  }
  bool ReadFixed(int64_t size, std::string_view& bytes) {
    if (size < 0 || size > remaining()) return false;
    bytes = {at_, static_cast<size_t>(size)};
    at_ += size;
    return true;
  }
  bool ReadBytes(std::string_view& bytes) {
    int64_t size = 0;
    return ReadLong(size) && ReadFixed(size, bytes);
  }
  /// The next run of an array or map: how many elements it has, 0 at the end. No element may be smaller than
  /// a byte, so a number beyond the bytes that are left is damage.
  bool ReadRun(int64_t& num_elements) {
    if (!ReadLong(num_elements)) return false;
    if (num_elements < 0) {
      int64_t num_bytes = 0;
      if (num_elements == INT64_MIN || !ReadLong(num_bytes) || num_bytes < 0 || num_bytes > remaining())
        return false;
      num_elements = -num_elements;
    }
    return num_elements <= remaining();
  }

 private:
  template <class Number>
  bool ReadRaw(Number& value) {
    static_assert(std::endian::native == std::endian::little);
    if (remaining() < static_cast<int64_t>(sizeof(Number))) return false;
    std::memcpy(&value, at_, sizeof(Number));
    at_ += sizeof(Number);
    return true;
  }

  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
};

inline void AppendLong(int64_t value, std::string& to) {
  uint64_t bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  while (bits >= 0x80) {
    to += static_cast<char>(bits | 0x80);
    bits >>= 7;
  }
  to += static_cast<char>(bits);
}

inline void AppendBytes(std::string_view bytes, std::string& to) {
  AppendLong(static_cast<int64_t>(bytes.size()), to);
  to += bytes;
}

template <class Number>
void AppendRaw(Number value, std::string& to) {
  to.append(reinterpret_cast<const char*>(&value), sizeof(Number));
}

}  // namespace penstock::data::avro
