#pragma once

#include <span>
#include <string>
#include <string_view>

namespace penstock {

/// The candidate a mistyped word most likely meant, or "" where none is near
/// (edit distance, with transpositions, above a third of the longer word).
std::string NearestName(std::string_view word, std::span<const std::string> candidates);

/// "; did you mean 'fare'?" or "", to end an error message with.
std::string DidYouMean(std::string_view word, std::span<const std::string> candidates);

}  // namespace penstock
