#pragma once

#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/transform/analysis_result.h"
#include "penstock/transform/vocabulary_options.h"

namespace penstock::transform {

/// A token and what it is ordered by: how often it was there, what it weighed, or what it tells of labels.
struct ScoredToken {
  std::string_view token;
  double score = 0;
};

/// Chooses and orders tokens as tft.vocabulary: those at or above the threshold, the best top_k of them by
/// score and then by bytes, both falling; beside them the best of every coverage key; then reserved tokens
/// first, which are taken out of the others.
Result<VocabularyResult> BuildVocabulary(std::vector<ScoredToken> tokens, const VocabularyOptions& options);

}  // namespace penstock::transform
