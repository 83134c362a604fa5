#include "penstock/combine/distinct_sketch.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

namespace penstock::combine {
namespace {

constexpr size_t kNumRegisters = size_t{1} << DistinctSketch::kPrecision;
constexpr int kMaxRank = 64 - DistinctSketch::kPrecision + 1;

// The functions sigma and tau of Ertl's paper: the shares of registers at 0 and at the last rank.
double Sigma(double x) {
  if (x == 1) return std::numeric_limits<double>::infinity();
  double y = 1, z = x, previous;
  do {
    x *= x;
    previous = z;
    z += x * y;
    y += y;
  } while (z != previous);
  return z;
}

double Tau(double x) {
  if (x == 0 || x == 1) return 0;
  double y = 1, z = 1 - x, previous;
  do {
    x = std::sqrt(x);
    previous = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  } while (z != previous);
  return z / 3;
}

}  // namespace

void DistinctSketch::AddHash(uint64_t hash) {
  if (registers_.empty()) registers_.resize(kNumRegisters);
  const uint64_t rest = hash << kPrecision;
  const int rank = rest == 0 ? kMaxRank : std::countl_zero(rest) + 1;
  uint8_t& at = registers_[hash >> (64 - kPrecision)];
  at = std::max(at, static_cast<uint8_t>(rank));
}

void DistinctSketch::Merge(const DistinctSketch& from) {
  if (from.registers_.empty()) return;
  if (registers_.empty()) registers_.resize(kNumRegisters);
  for (size_t i = 0; i < kNumRegisters; ++i) registers_[i] = std::max(registers_[i], from.registers_[i]);
}

double DistinctSketch::Estimate() const {
  if (registers_.empty()) return 0;
  std::array<int64_t, kMaxRank + 1> num_of_rank{};
  for (uint8_t rank : registers_) ++num_of_rank[rank];
  const double m = kNumRegisters;
  double z = m * Tau(1 - static_cast<double>(num_of_rank[kMaxRank]) / m);
  for (size_t rank = kMaxRank - 1; rank >= 1; --rank) z = 0.5 * (z + static_cast<double>(num_of_rank[rank]));
  z += m * Sigma(static_cast<double>(num_of_rank[0]) / m);
  return m * m / (2 * std::log(2.0) * z);
}

void DistinctSketch::Encode(StateWriter& writer) const {
  writer.Version(1).Text({reinterpret_cast<const char*>(registers_.data()), registers_.size()});
}

Result<DistinctSketch> DistinctSketch::Decode(StateReader& reader) {
  reader.Version(1);
  const std::string_view registers = reader.Text();
  DistinctSketch sketch;
  sketch.registers_.assign(registers.begin(), registers.end());
  if (!sketch.registers_.empty() && sketch.registers_.size() != kNumRegisters)
    reader.Fail("it has another number of registers");
  for (uint8_t rank : sketch.registers_) {
    if (rank > kMaxRank) reader.Fail("a register is out of range");
  }
  PENSTOCK_RETURN_IF_ERROR(reader.status());
  return sketch;
}

}  // namespace penstock::combine
