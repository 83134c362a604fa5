#include "penstock/transform/vocabulary.h"

#include <bit>

#include "penstock/base/digest.h"

namespace penstock::transform {

Vocabulary::Vocabulary(const std::vector<std::string>& tokens, std::vector<double> scores)
    : scores_(std::move(scores)) {
  size_t num_bytes = 0;
  for (const std::string& token : tokens) num_bytes += token.size();
  // Views into bytes_ hold only while it does not grow.
  bytes_.reserve(num_bytes);
  tokens_.reserve(tokens.size());
  table_.resize(std::bit_ceil(2 * tokens.size() + 2));
  const size_t mask = table_.size() - 1;
  for (const std::string& token : tokens) {
    const size_t begin = bytes_.size();
    bytes_ += token;
    tokens_.emplace_back(bytes_.data() + begin, token.size());
    size_t at = Hash64(token) & mask;
    while (table_[at] != 0) at = (at + 1) & mask;
    table_[at] = static_cast<uint32_t>(tokens_.size());
  }
}

int64_t Vocabulary::Find(std::string_view token) const {
  const size_t mask = table_.size() - 1;
  for (size_t at = Hash64(token) & mask; table_[at] != 0; at = (at + 1) & mask) {
    if (tokens_[table_[at] - 1] == token) return table_[at] - 1;
  }
  return -1;
}

}  // namespace penstock::transform
