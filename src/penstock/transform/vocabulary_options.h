#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace penstock::transform {

/// Which tokens get into a vocabulary and in which order: tft.vocabulary's arguments. A plain value.
struct VocabularyOptions {
  int64_t top_k = -1;              ///< -1: all.
  double frequency_threshold = 0;  ///< Tokens of less are left out; of scores, where there are labels.
  bool has_threshold = false;      ///< Scores may be below 0, so that 0 is a threshold too.
  std::string file_name;           ///< vocab_filename, or "".
  std::string token_when_empty;    ///< TFT's only entry of an empty one, or "".
  std::vector<std::string> reserved_tokens;  ///< The first ids.
  bool stores_frequency = false;             ///< The file shows what the tokens are ordered by.
  /// Empty tokens and such with line ends too, which are no lines of a text file.
  bool keeps_all_tokens = false;
  bool is_shuffled = false;       ///< By the tokens' SHA-1 instead of their frequency.
  bool is_adjusted = false;       ///< With labels: adjusted mutual information.
  double min_diff_from_avg = 0;   ///< With labels; below 0: by the number of examples.
  std::string coverage_key;       ///< A regular expression whose first match in a token is its key.
  int64_t coverage_top_k = -1;    ///< So many of every key beside the others; -1: all.
  double coverage_threshold = 0;  ///< As frequency_threshold, of those.
  bool has_coverage_threshold = false;

  bool operator==(const VocabularyOptions&) const = default;
};

}  // namespace penstock::transform
