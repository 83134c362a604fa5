#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace penstock::data::csv {

/// Numbers as text in a cell: optional sign, digits, point, exponent; blanks around them are
/// allowed. All functions may read up to 8 bytes beyond `end` (PaddedBytes) and expect a byte there
/// that is no digit (the delimiter, a line end, a quote, or zero).

enum class CellKind : uint8_t {
  kEmpty,        ///< Nothing at all.
  kBlank,        ///< Spaces and tabs only: missing in a column of numbers.
  kInteger,      ///< Fits int64.
  kHugeInteger,  ///< Digits only, beyond int64: an identifier, or a real in a column of reals.
  kReal,
  kNonFinite,  ///< nan, inf, infinity in any case: text unless the column is otherwise numeric.
  kText,
};
inline constexpr int kNumCellKinds = 7;

CellKind Classify(const char* begin, const char* end);
/// False when the text is no integer that fits. Not for blank text.
bool ParseInteger(const char* begin, const char* end, int64_t& value);
/// The double nearest to the text (ties to even), infinities where it overflows by the word only.
/// False when the text is no number, or one beyond the range of double. Not for blank text.
bool ParseReal(const char* begin, const char* end, double& value);

inline bool IsBlankByte(char byte) { return byte == ' ' || byte == '\t'; }

inline void TrimBlanks(const char*& begin, const char*& end) {
  while (begin < end && IsBlankByte(*begin)) ++begin;
  while (begin < end && IsBlankByte(end[-1])) --end;
}

inline uint64_t LoadWord(const char* from) {
  uint64_t word;
  std::memcpy(&word, from, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

/// How many of the 8 bytes, from the first, are digits. `word` is the text XOR '0' in each byte.
inline int CountDigits(uint64_t word) {
  // A byte above 9 carries into its own top bit, or has that bit already; carries out of a byte only
  // spoil later bytes, after the first that is counted.
  const uint64_t others = ((word + 0x7676767676767676u) | word) & 0x8080808080808080u;
  return others == 0 ? 8 : std::countr_zero(others) >> 3;
}

/// The value of the first `count` (1 to 8) digits. After D. Lemire, "Quickly parsing eight digits" (2018).
inline uint64_t DigitsValue(uint64_t word, int count) {
  word <<= 64 - 8 * count;
  word = word * 10 + (word >> 8);
  return (((word & 0x000000FF000000FFu) * 0x000F424000000064u) +
          (((word >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u)) >>
         32;
}

inline constexpr uint64_t kAsciiZeros = 0x3030303030303030u;

}  // namespace penstock::data::csv
