#include "penstock/server/base64.h"

#include <cstdint>

namespace penstock::server {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int ValueOf(char c) {
  if (c == '-') c = '+';
  if (c == '_') c = '/';
  const size_t at = kAlphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j)
      group = group << 8 | (i + j < bytes.size() ? static_cast<uint8_t>(bytes[i + j]) : 0);
    for (size_t j = 0; j < 4; ++j) text += i + j > bytes.size() ? '=' : kAlphabet[group >> (18 - 6 * j) & 63];
  }
  return text;
}

Result<std::string> DecodeBase64(std::string_view text) {
  while (text.ends_with("=")) text.remove_suffix(1);
  std::string bytes;
  uint32_t group = 0;
  int num_bits = 0;
  for (const char c : text) {
    const int value = ValueOf(c);
    if (value < 0) return InvalidArgument("This is not base64");
    group = group << 6 | static_cast<uint32_t>(value);
    num_bits += 6;
    if (num_bits >= 8) {
      num_bits -= 8;
      bytes += static_cast<char>(group >> num_bits & 0xFF);
    }
  }
  return bytes;
}

}  // namespace penstock::server
