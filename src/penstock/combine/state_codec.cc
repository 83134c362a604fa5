#include "penstock/combine/state_codec.h"

#include <limits>

namespace penstock::combine {

StateWriter& StateWriter::Byte(uint8_t value) {
  bytes_.push_back(static_cast<char>(value));
  return *this;
}

StateWriter& StateWriter::Varint(uint64_t value) {
  while (value >= 0x80) {
    Byte(static_cast<uint8_t>(value) | 0x80);
    value >>= 7;
  }
  return Byte(static_cast<uint8_t>(value));
}

StateWriter& StateWriter::Signed(int64_t value) {
  return Varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
}

StateWriter& StateWriter::Fixed64(uint64_t value) {
  char word[8];
  for (int i = 0; i < 8; ++i) word[i] = static_cast<char>(value >> (8 * i));
  bytes_.append(word, sizeof word);
  return *this;
}

StateWriter& StateWriter::Text(std::string_view bytes) {
  Varint(bytes.size());
  bytes_.append(bytes);
  return *this;
}

void StateReader::Version(uint8_t expected) {
  const uint8_t version = Byte();
  if (ok() && version != expected) {
    Fail(fmt::format("it has version {}, this release reads version {}", version, expected));
  }
}

uint8_t StateReader::Byte() {
  if (!ok()) return 0;
  if (remaining() == 0) {
    Fail("it ends too early");
    return 0;
  }
  return static_cast<uint8_t>(bytes_[position_++]);
}

bool StateReader::Bool() {
  const uint8_t value = Byte();
  if (value > 1) Fail("a flag is neither 0 nor 1");
  return value == 1;
}

uint64_t StateReader::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const uint8_t byte = Byte();
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) {
      // The tenth byte holds one bit only; and one number has one encoding.
      if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0)) break;
      return ok() ? value : 0;
    }
  }
  if (ok()) Fail("a number is not a varint");
  return 0;
}

int64_t StateReader::Signed() {
  const uint64_t value = Varint();
  return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
}

uint64_t StateReader::Fixed64() {
  if (!ok()) return 0;
  if (remaining() < 8) {
    Fail("it ends too early");
    return 0;
  }
  uint64_t value = 0;
  for (int i = 0; i < 8; ++i) {
    value |= static_cast<uint64_t>(static_cast<uint8_t>(bytes_[position_ + static_cast<size_t>(i)]))
             << (8 * i);
  }
  position_ += 8;
  return value;
}

std::string_view StateReader::Text() {
  const uint64_t length = Count(1);
  if (!ok()) return {};
  const std::string_view text = bytes_.substr(position_, length);
  position_ += length;
  return text;
}

uint64_t StateReader::Count(uint64_t min_bytes_each) {
  const uint64_t count = Varint();
  if (!ok()) return 0;
  if (count > remaining() / min_bytes_each) {
    Fail("a length reaches beyond its end");
    return 0;
  }
  return count;
}

int64_t StateReader::NonNegative() {
  const uint64_t value = Varint();
  if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return static_cast<int64_t>(value);
  Fail("a count is too large");
  return 0;
}

void StateReader::Fail(std::string_view why) {
  if (!ok()) return;
  error_ = fmt::format("The encoded state of {} is damaged: {} (at byte {} of {})", what_, why, position_,
                       bytes_.size());
}

Status StateReader::status() const { return ok() ? OkStatus() : Status(StatusCode::kDataLoss, error_); }

Status StateReader::Finish() {
  if (ok() && remaining() != 0) Fail(fmt::format("{} bytes are left over", remaining()));
  return status();
}

}  // namespace penstock::combine
