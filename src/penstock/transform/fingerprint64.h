#pragma once

#include <cstdint>
#include <string_view>

namespace penstock::transform {

/// FarmHash's Fingerprint64 (farmhashna::Hash64), the hash behind TensorFlow's
/// string_to_hash_bucket_fast: bucket ids made here equal TFT's. About a byte in 0.3 ns.
/// Source: Pike, Alakuijala: "FarmHash"; the algorithm descends from CityHash.
uint64_t Fingerprint64(std::string_view bytes);

}  // namespace penstock::transform
