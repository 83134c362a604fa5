#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/transform/column.h"
#include "penstock/transform/program.h"

namespace penstock::transform {

/// What each family of operators does to whole columns. Inputs are those of a checked
/// node, all of `num_rows`; a fault can only be one of memory.
using Inputs = std::span<const Column* const>;

Result<Column> ComputeLiteral(const Node& node, int64_t num_rows);
/// kAdd to kPower, kLog to kRound, kIsNan.
Result<Column> ComputeArithmetic(const Node& node, Inputs inputs);
/// kLess to kIf, kIsMissing, kCoalesce.
Result<Column> ComputeLogic(const Node& node, Inputs inputs);
Result<Column> ComputeCast(const Node& node, Inputs inputs);
/// kHash, kCross, kOneHot.
Result<Column> ComputeTokens(const Node& node, Inputs inputs);
/// All that apply an analysis, with the resolved `analysis`.
/// `is_tft`: TFT's answers for constant and empty columns.
Result<Column> ComputeAnalyzed(const Node& node, const Analysis& analysis, Inputs inputs, bool is_tft);
/// kStatistic to kGaussianPerKey but kBoundaries; kIntegerStatistic, kRangeBucket, kRangeBoundaries.
Result<Column> ComputeFromMoments(const Node& node, const Analysis& analysis, Inputs inputs, bool is_tft);
/// (x - mean) / deviation, and what stands for it where there is no deviation.
double ZScoreOf(const MomentsResult& moments, double x, bool is_tft);
double MinMaxOf(const MomentsResult& moments, double x, double low, double high, bool is_tft);
/// TFT's in float32: each step rounded, and what is too large infinite.
double NarrowMinMaxOf(const MomentsResult& moments, double x, double low, double high);
/// kInterpolate, kApplyBuckets: with the boundaries in the node.
Result<Column> ComputeBoundaries(const Node& node, Inputs inputs);
/// kBoundaries, kInterpolateQuantiles, kBoundariesByPosition, kBucketizePerKey.
Result<Column> ComputeFromQuantiles(const Node& node, const Analysis& analysis, Inputs inputs, bool is_tft);
/// The number of boundaries at or below each value: its bucket; NaN goes into the last one.
Result<Column> ComputeBuckets(const std::vector<double>& boundaries, const Column& x);
/// kKeys, kKeyCounts, kKeyIndex, kBucketCounts, kDocumentFrequency to kVocabularySize.
Result<Column> ComputeFromCounts(const Node& node, const Analysis& analysis, Inputs inputs);
/// kCovariance, kPrincipalComponents.
Result<Column> ComputeFromCovariance(const Node& node, const Analysis& analysis, Inputs inputs);
/// kMatrixMultiply. kInvalidArgument where the lengths do not fit.
Result<Column> ComputeMatrixMultiply(Inputs inputs);
/// The same list for every example.
Result<Column> RepeatList(const std::vector<double>& values, int64_t num_rows);
/// kLower to kJoin. `is_tft`: what cannot be computed fails the batch instead of being missing.
Result<Column> ComputeText(const Node& node, Inputs inputs, bool is_tft);
/// kTimePart, kParseTime, kFormatTime.
Result<Column> ComputeTime(const Node& node, Inputs inputs);
/// kSplit to kElement. kInvalidArgument where kOnly or kPad meets a list that is too long.
Result<Column> ComputeLists(const Node& node, Inputs inputs);
/// kListSize to kListJoin, kOnly, kElement.
Result<Column> ReduceLists(const Node& node, Inputs inputs);
/// kNumbers.
Result<Column> ComputeNumbers(const Node& node, int64_t num_rows);
/// As float32 (int32) has it: numbers rounded, integers wrapped.
Result<Column> Narrow(Column column);
/// Whether each example has as many values in the one as in the other; both hold lists.
bool HaveEqualLengths(const Column& x, const Column& y);
/// The values of `x`, one for each value of `lists` and no lists any more: a single value, and that of a
/// list of one, is repeated. kInvalidArgument where lists are of unlike lengths.
Result<Column> SpreadOverLists(const Column& x, const Column& lists, std::string_view who);

/// Lists without values, as long for each example as the longest of its lists in `inputs`.
Result<Column> LongestLists(Inputs inputs);

}  // namespace penstock::transform
