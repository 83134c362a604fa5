#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/base/status.h"
#include "penstock/combine/combiner.h"

namespace penstock::combine {

/// Writes a state: varints, and little-endian fixed words whatever the machine.
/// Every state starts with one Version byte, so that an old cache is told from damage.
class StateWriter {
 public:
  StateWriter& Version(uint8_t version) { return Byte(version); }
  StateWriter& Byte(uint8_t value);
  StateWriter& Bool(bool value) { return Byte(value ? 1 : 0); }
  /// LEB128, for sizes and other non-negative numbers.
  StateWriter& Varint(uint64_t value);
  /// Zigzag LEB128, for numbers that may be negative.
  StateWriter& Signed(int64_t value);
  StateWriter& Fixed64(uint64_t value);
  /// All bits, NaN payloads included.
  StateWriter& Double(double value) { return Fixed64(std::bit_cast<uint64_t>(value)); }
  /// Length, then the bytes.
  StateWriter& Text(std::string_view bytes);

  Bytes Take() && { return std::move(bytes_); }
  const Bytes& bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

/// Reads what StateWriter wrote; meant for bytes that may be damaged. An error sticks:
/// later reads give 0 or "", so a decoder reads straight on and asks `status()` before it
/// believes any of it. The bytes must outlive the reader and what Text() returned.
class StateReader {
 public:
  /// `what` names the state in messages.
  StateReader(std::string_view bytes, std::string_view what) : bytes_(bytes), what_(what) {}

  /// kDataLoss where the version byte is another one.
  void Version(uint8_t expected);
  uint8_t Byte();
  bool Bool();
  uint64_t Varint();
  int64_t Signed();
  uint64_t Fixed64();
  double Double() { return std::bit_cast<double>(Fixed64()); }
  std::string_view Text();
  /// A varint that says how many things follow, each of at least `min_bytes_each` (>= 1)
  /// bytes: an error where that is more than what is left, so that nobody reserves memory
  /// for a damaged number.
  uint64_t Count(uint64_t min_bytes_each);
  /// A varint that must fit int64 (a count).
  int64_t NonNegative();

  /// Marks the state as damaged, where the caller sees that values make no sense.
  void Fail(std::string_view why);
  bool ok() const { return error_.empty(); }
  /// OK so far, or kDataLoss that names the state, the byte and the fault.
  Status status() const;
  /// As status(), and an error where bytes are left over.
  Status Finish();
  size_t remaining() const { return bytes_.size() - position_; }

 private:
  std::string_view bytes_;
  std::string_view what_;
  size_t position_ = 0;
  std::string error_;
};

}  // namespace penstock::combine
