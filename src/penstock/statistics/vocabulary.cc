#include "penstock/statistics/vocabulary.h"

#include "penstock/base/filesystem.h"

namespace penstock::statistics {

namespace {
constexpr int64_t kMaxBytes = int64_t{512} << 20;
}  // namespace

Result<std::shared_ptr<const Vocabulary>> Vocabulary::Read(const std::string& path) {
  if (path.ends_with("tfrecord.gz"))
    return InvalidArgument("The vocabulary '{}' is a TFRecord; write its tokens into a text file, one a line",
                           path);
  PENSTOCK_ASSIGN_OR_RETURN(const auto entry, fs::Stat(path));
  if (entry.size > kMaxBytes)
    return InvalidArgument("The vocabulary '{}' has {} bytes; at most {} are read", path, entry.size,
                           kMaxBytes);
  PENSTOCK_ASSIGN_OR_RETURN(std::string text, fs::ReadFile(path));
  return std::shared_ptr<const Vocabulary>(std::make_shared<Vocabulary>(std::move(text)));
}

Vocabulary::Vocabulary(std::string text) : text_(std::move(text)), digest_(DigestOf(text_)) {
  const std::string_view all = text_;
  for (size_t begin = 0; begin < all.size();) {
    const size_t end = std::min(all.find('\n', begin), all.size());
    const std::string_view token = all.substr(begin, end - begin);
    numbers_[token] = static_cast<int64_t>(tokens_.size());
    tokens_.push_back(token);
    begin = end + 1;
  }
}

std::optional<int64_t> Vocabulary::NumberOf(std::string_view token) const {
  const auto found = numbers_.find(token);
  return found == numbers_.end() ? std::nullopt : std::optional<int64_t>(found->second);
}

std::optional<std::string_view> Vocabulary::TokenOf(int64_t number) const {
  if (number < 0 || number >= static_cast<int64_t>(tokens_.size())) return std::nullopt;
  return tokens_[static_cast<size_t>(number)];
}

}  // namespace penstock::statistics
