#include "penstock/transform/vocabulary_builder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <unordered_set>

#include <re2/re2.h>

#include "penstock/transform/sha1.h"

namespace penstock::transform {
namespace {

/// What has no score, such as a weight of NaN gives, comes last.
bool IsBefore(const ScoredToken& a, const ScoredToken& b) {
  const double first = std::isnan(a.score) ? -HUGE_VAL : a.score;
  const double second = std::isnan(b.score) ? -HUGE_VAL : b.score;
  return first != second ? first > second : a.token > b.token;
}

std::vector<ScoredToken> AtLeast(const std::vector<ScoredToken>& tokens, bool has_threshold,
                                 double threshold) {
  if (!has_threshold) return tokens;
  std::vector<ScoredToken> kept;
  for (const ScoredToken& token : tokens) {
    if (token.score >= threshold) kept.push_back(token);
  }
  return kept;
}

void KeepBest(std::vector<ScoredToken>& tokens, int64_t most) {
  const auto size = most < 0 ? tokens.size() : std::min(tokens.size(), static_cast<size_t>(most));
  if (!std::is_sorted(tokens.begin(), tokens.end(), IsBefore)) {
    std::partial_sort(tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(size), tokens.end(),
                      IsBefore);
  }
  tokens.resize(size);
}

/// The best of every key, beside `chosen`.
Status AddCoverage(const std::vector<ScoredToken>& all, const VocabularyOptions& options,
                   std::vector<ScoredToken>& chosen) {
  RE2::Options quiet;
  quiet.set_log_errors(false);
  const RE2 pattern("(" + options.coverage_key + ")", quiet);
  if (!pattern.ok()) return InvalidArgument("coverage_key is no regular expression: {}", pattern.error());
  std::map<std::string, std::vector<ScoredToken>> by_key;
  for (const ScoredToken& token : AtLeast(all, options.has_coverage_threshold, options.coverage_threshold)) {
    re2::StringPiece key;
    RE2::PartialMatch(re2::StringPiece(token.token.data(), token.token.size()), pattern, &key);
    by_key[std::string(key.data(), key.size())].push_back(token);
  }
  std::unordered_set<std::string_view> known;
  for (const ScoredToken& token : chosen) known.insert(token.token);
  for (auto& [key, tokens] : by_key) {
    KeepBest(tokens, options.coverage_top_k);
    for (const ScoredToken& token : tokens) {
      if (known.insert(token.token).second) chosen.push_back(token);
    }
  }
  return OkStatus();
}

void Shuffle(std::vector<ScoredToken>& tokens) {
  std::vector<std::pair<std::array<uint8_t, 20>, ScoredToken>> hashed;
  for (const ScoredToken& token : tokens) hashed.emplace_back(Sha1(token.token), token);
  std::sort(hashed.begin(), hashed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (size_t i = 0; i < hashed.size(); ++i) tokens[i] = hashed[i].second;
}

}  // namespace

Result<VocabularyResult> BuildVocabulary(std::vector<ScoredToken> tokens, const VocabularyOptions& options) {
  std::vector<ScoredToken> chosen = AtLeast(tokens, options.has_threshold, options.frequency_threshold);
  KeepBest(chosen, options.top_k);
  if (!options.coverage_key.empty()) {
    PENSTOCK_RETURN_IF_ERROR(AddCoverage(tokens, options, chosen));
    KeepBest(chosen, -1);
  }
  if (options.is_shuffled) Shuffle(chosen);
  std::vector<std::string> names = options.reserved_tokens;
  std::vector<double> scores(names.size(), -1);
  const std::unordered_set<std::string_view> reserved(options.reserved_tokens.begin(),
                                                      options.reserved_tokens.end());
  for (const ScoredToken& token : chosen) {
    if (reserved.count(token.token) > 0) continue;
    names.emplace_back(token.token);
    scores.push_back(token.score);
  }
  // TFT cuts to top_k before it looks for reserved tokens, and fills up what is empty at both.
  const bool is_cut_empty = options.top_k >= 0 && chosen.empty();
  if ((names.empty() || is_cut_empty) && !options.token_when_empty.empty()) {
    names.push_back(options.token_when_empty);
    scores.push_back(1);
  }
  return VocabularyResult(std::make_shared<const Vocabulary>(names, std::move(scores)));
}

}  // namespace penstock::transform
