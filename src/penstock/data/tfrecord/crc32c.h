#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::data::tfrecord {

/// CRC-32C (Castagnoli, RFC 3720): by the processor's instruction where there is one, else by tables.
uint32_t Crc32c(std::string_view bytes);

/// What TFRecord stores: rotated and offset, so that a CRC of data that holds CRCs stays strong.
inline uint32_t MaskedCrc32c(std::string_view bytes) {
  const uint32_t crc = Crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8u;
}

/// The table version alone, for tests.
uint32_t Crc32cByTables(std::string_view bytes);

}  // namespace penstock::data::tfrecord
