#pragma once

#include <string>
#include <string_view>

#include "penstock/base/status.h"
#include "penstock/transform/program.h"

namespace penstock::transform {

/// Largest stored transform that is read.
inline constexpr size_t kMaxGraphBytes = size_t{1} << 30;

/// proto/penstock/transform.proto, deterministic. Open analyses are stored as such.
std::string EncodeProgram(const Program& program);
/// A program that passes CheckProgram(.., true), or kDataLoss.
Result<Program> DecodeProgram(std::string_view bytes);

}  // namespace penstock::transform
