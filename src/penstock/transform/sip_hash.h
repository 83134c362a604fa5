#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::transform {

/// SipHash-2-4 (Aumasson & Bernstein 2012) under the 128-bit key of two little-endian words: what
/// hash_strings gives with a key, as tf.strings.to_hash_bucket_strong.
uint64_t SipHash(uint64_t first_key, uint64_t second_key, std::string_view bytes);

}  // namespace penstock::transform
