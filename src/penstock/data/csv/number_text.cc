#include "penstock/data/csv/number_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

namespace penstock::data::csv {
namespace {

struct DigitRun {
  uint64_t value = 0;
  int num_significant =
      0;  // Digits since the first group of eight that is not all zeros: at least the true number.

  /// Continues the number with the digits at `at`; returns where they end.
  const char* Read(const char* at) {
    static constexpr uint64_t kPowers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
    while (true) {
      const uint64_t word = LoadWord(at) ^ kAsciiZeros;
      const int count = CountDigits(word);
      if (count == 0) return at;
      value = value * kPowers[count] + DigitsValue(word, count);
      if (value != 0) num_significant += count;
      at += count;
      if (count < 8) return at;
    }
  }
  bool IsExact() const { return num_significant <= 19; }
};

bool IsNonFiniteWord(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  auto equals = [&](std::string_view word) {
    if (text.size() != word.size()) return false;
    for (size_t i = 0; i < word.size(); ++i)
      if ((text[i] | 0x20) != word[i]) return false;
    return true;
  };
  return equals("nan") || equals("inf") || equals("infinity");
}

bool FitsInt64(const DigitRun& run, bool is_negative) {
  // 2^64 has 20 digits, so 19 significant ones never wrap around.
  constexpr uint64_t kMax = std::numeric_limits<int64_t>::max();
  return run.IsExact() && run.value <= kMax + (is_negative ? 1 : 0);
}

const char* SkipDigits(const char* at) {
  while (true) {
    const int count = CountDigits(LoadWord(at) ^ kAsciiZeros);
    at += count;
    if (count < 8) return at;
  }
}

// Beyond the exact fast path: correctly rounded by the standard library.
bool ParseSlowly(const char* begin, const char* end, double& value) {
  if (*begin == '+') ++begin;
  const auto [rest, error] = std::from_chars(begin, end, value);
  if (error == std::errc()) return rest == end && !std::isinf(value);
  if (error != std::errc::result_out_of_range || rest != end) return false;
  // from_chars does not tell too large from too small; the decimal exponent of the leading digit does.
  const std::string_view text(begin, static_cast<size_t>(end - begin));
  const size_t exponent_at = text.find_first_of("eE");
  long exponent = 0;
  if (exponent_at != text.npos) {
    const char* digits = begin + exponent_at + 1;
    const bool is_negative = *digits == '-';
    if (*digits == '+' || *digits == '-') ++digits;
    if (std::from_chars(digits, end, exponent).ec != std::errc()) exponent = std::numeric_limits<int>::max();
    if (is_negative) exponent = -exponent;
  }
  const std::string_view mantissa = text.substr(0, exponent_at);
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  const size_t leading = mantissa.find_first_of("123456789");
  if (leading == mantissa.npos) return false;
  const long magnitude = exponent + static_cast<long>(point) - static_cast<long>(leading);
  if (magnitude > 0) return false;
  value = *begin == '-' ? -0.0 : 0.0;
  return true;
}

}  // namespace

CellKind Classify(const char* begin, const char* end) {
  if (begin == end) return CellKind::kEmpty;
  if (IsBlankByte(*begin) || IsBlankByte(end[-1])) {
    TrimBlanks(begin, end);
    if (begin == end) return CellKind::kBlank;
  }
  const char* at = begin;
  if (*at == '-' || *at == '+') ++at;
  const char* const digits = at;
  at = SkipDigits(at);
  int64_t num_digits = at - digits;
  if (at == end && num_digits > 0) {
    if (num_digits <= 18) return CellKind::kInteger;
    int64_t value;
    return ParseInteger(begin, end, value) ? CellKind::kInteger : CellKind::kHugeInteger;
  }
  if (at < end && *at == '.') {
    const char* const fraction = ++at;
    at = SkipDigits(at);
    num_digits += at - fraction;
  }
  if (num_digits > 0) {
    if (at == end) return CellKind::kReal;
    if (*at == 'e' || *at == 'E') {
      ++at;
      if (at < end && (*at == '-' || *at == '+')) ++at;
      const char* const exponent = at;
      at = SkipDigits(at);
      if (at == end && at > exponent) {
        double value;
        return ParseReal(begin, end, value) ? CellKind::kReal : CellKind::kText;
      }
    }
    return CellKind::kText;
  }
  return IsNonFiniteWord({begin, static_cast<size_t>(end - begin)}) ? CellKind::kNonFinite : CellKind::kText;
}

bool ParseInteger(const char* begin, const char* end, int64_t& value) {
  if (begin < end && (IsBlankByte(*begin) || IsBlankByte(end[-1]))) TrimBlanks(begin, end);
  if (begin == end) return false;
  const bool is_negative = *begin == '-';
  if (is_negative || *begin == '+') ++begin;
  DigitRun run;
  const char* const rest = run.Read(begin);
  if (rest != end || rest == begin || !FitsInt64(run, is_negative)) return false;
  value = static_cast<int64_t>(is_negative ? 0 - run.value : run.value);
  return true;
}

bool ParseReal(const char* begin, const char* end, double& value) {
  static constexpr double kPowers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                       1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
  constexpr uint64_t kMaxExact = uint64_t{1} << 53;
  if (begin < end && (IsBlankByte(*begin) || IsBlankByte(end[-1]))) TrimBlanks(begin, end);
  if (begin == end) return false;
  const char* at = begin;
  const bool is_negative = *at == '-';
  if (is_negative || *at == '+') ++at;
  DigitRun run;
  const char* const digits = at;
  at = run.Read(at);
  int64_t num_digits = at - digits;
  int64_t num_fraction = 0;
  if (at < end && *at == '.') {
    const char* const fraction = ++at;
    at = run.Read(at);
    num_fraction = at - fraction;
    num_digits += num_fraction;
  }
  // Both operands are exact, so one division rounds correctly (Clinger 1990).
  if (at == end && num_digits > 0 && run.IsExact() && run.value <= kMaxExact && num_fraction <= 22) {
    const double magnitude = static_cast<double>(run.value) / kPowers[num_fraction];
    value = is_negative ? -magnitude : magnitude;
    return true;
  }
  if (num_digits > 0) {
    if (at < end && *at != 'e' && *at != 'E') return false;
    return ParseSlowly(begin, end, value);
  }
  if (!IsNonFiniteWord({begin, static_cast<size_t>(end - begin)})) return false;
  const bool is_nan = (*digits | 0x20) == 'n';
  value = is_nan ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  if (is_negative && !is_nan) value = -value;
  return true;
}

}  // namespace penstock::data::csv
