#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::sql {

struct Token {
  enum class Kind { kWord, kQuotedWord, kNumber, kText, kSign, kEnd } kind = Kind::kEnd;
  std::string text;
  size_t place = 0;  ///< From 1.
};

/// The last token is the end.
Result<std::vector<Token>> ReadTokens(std::string_view sql);

/// In ASCII capitals.
std::string Upper(std::string text);

}  // namespace penstock::sql
