#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "penstock/base/digest.h"
#include "penstock/base/status.h"

namespace penstock::statistics {

/// The tokens of a language and their numbers: a text file, a token a line, numbered from 0 (TFDV's
/// vocab_paths; of a token that is there twice the last number counts). Immutable.
class Vocabulary {
 public:
  /// kInvalidArgument for a compressed TFRecord or more than 512 MiB; otherwise what reading the file says.
  static Result<std::shared_ptr<const Vocabulary>> Read(const std::string& path);
  explicit Vocabulary(std::string text);
  Vocabulary(const Vocabulary&) = delete;
  Vocabulary& operator=(const Vocabulary&) = delete;

  bool empty() const { return tokens_.empty(); }
  std::optional<int64_t> NumberOf(std::string_view token) const;
  std::optional<std::string_view> TokenOf(int64_t number) const;
  const Digest& digest() const { return digest_; }

 private:
  std::string text_;                      // What tokens_ point into.
  std::vector<std::string_view> tokens_;  // By number.
  std::unordered_map<std::string_view, int64_t> numbers_;
  Digest digest_;
};

}  // namespace penstock::statistics
