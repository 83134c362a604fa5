#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::transform {

/// Tokens and their ids, 0 to size() - 1. Immutable; lookups are safe from any thread,
/// one hash and one or two probes each. Memory: the tokens and 24 bytes for each.
class Vocabulary {
 public:
  /// The id of a token is its place in `tokens`, which holds none twice.
  explicit Vocabulary(const std::vector<std::string>& tokens, std::vector<double> scores = {});
  Vocabulary(const Vocabulary&) = delete;
  Vocabulary& operator=(const Vocabulary&) = delete;

  int64_t size() const { return static_cast<int64_t>(tokens_.size()); }
  std::string_view token(int64_t id) const { return tokens_[static_cast<size_t>(id)]; }
  /// What the tokens were ordered by, one each, or none where nobody asked. -1 for reserved tokens.
  const std::vector<double>& scores() const { return scores_; }
  /// The id of `token`, or -1.
  int64_t Find(std::string_view token) const;

 private:
  std::string bytes_;
  std::vector<double> scores_;
  std::vector<std::string_view> tokens_;  // Into bytes_.
  std::vector<uint32_t> table_;           // Id + 1, or 0 where free. A power of two, at most half full.
};

}  // namespace penstock::transform
