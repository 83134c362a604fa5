#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::metadata::filter {

enum class TokenKind {
  kIdentifier,
  kKeyword,  ///< Reserved; `value` in capitals.
  kInteger,
  kFloat,
  kString,
  kBytes,
  kSymbol,
  kEnd,
  kError  ///< The text cannot be read from here on; `value` is the message.
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::string value;      ///< Unquoted and unescaped.
  std::string_view text;  ///< As written; points into the query.
  size_t offset = 0;
  bool is_quoted = false;  ///< An identifier in backquotes.

  bool IsKeyword(std::string_view name) const { return kind == TokenKind::kKeyword && value == name; }
  bool IsSymbol(std::string_view symbol) const { return kind == TokenKind::kSymbol && value == symbol; }
  /// How messages name it: `keyword AND`, `integer literal "2"`, `end of expression`.
  std::string Description() const;
};

/// GoogleSQL's tokens of `query`, ending with kEnd or kError. Comments are skipped. `query` must outlive
/// them.
std::vector<Token> Tokenize(std::string_view query);

/// "<message> [at 1:7]": line and column of an offset, counted from 1 in characters; a tab reaches to the
/// next multiple of eight.
Status ErrorAt(std::string_view query, size_t offset, std::string_view message);
/// The name, in backquotes where it could not stand without.
std::string IdentifierText(const std::string& name);

}  // namespace penstock::metadata::filter
