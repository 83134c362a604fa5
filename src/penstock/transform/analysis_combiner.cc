#include "penstock/transform/analysis_combiner.h"

#include <algorithm>
#include <cmath>

#include "penstock/transform/graph_codec.h"

namespace penstock::transform {
namespace {

using combine::Frequencies;
using combine::Moments;
using combine::QuantileSketch;
using combine::QuantileSummary;

std::vector<int32_t> InputsOf(const Program& program, const std::vector<int32_t>& analyses) {
  std::vector<int32_t> inputs;
  for (const int32_t analysis : analyses)
    inputs.push_back(program.analyses[static_cast<size_t>(analysis)].input);
  return inputs;
}

/// The present values that `keeps` lets through, as one span: those of the column itself where
/// that is all of them, else a copy in `scratch`.
template <class Keeps>
std::span<const double> Values(const Column& column, std::vector<double>& scratch, Keeps&& keeps) {
  const double* const numbers = column.numbers();
  bool is_all = !column.has_missing();
  for (int64_t i = 0; i < column.size() && is_all; ++i) is_all = keeps(numbers[i]);
  if (is_all) return {numbers, static_cast<size_t>(column.size())};
  scratch.clear();
  for (int64_t i = 0; i < column.size(); ++i) {
    if (column.IsPresent(i) && keeps(numbers[i])) scratch.push_back(numbers[i]);
  }
  return scratch;
}

/// As in TFT, whose vocabularies are text files, a token a line: what could not be a line of one is out of
/// it.
bool CanBeToken(std::string_view text) {
  return !text.empty() && text.find('\n') == std::string_view::npos &&
         text.find('\r') == std::string_view::npos;
}

/// The value at 0-based rank `rank` among all.
double ValueAtRank(const QuantileSummary& summary, double rank) {
  double below = 0;
  for (const QuantileSummary::Entry& entry : summary.entries()) {
    below += entry.weight;
    if (below > rank) return entry.value;
  }
  return summary.max();
}

/// Boundary i of q is sorted[floor(i * n / q)], as TFT has it.
QuantilesResult Boundaries(const QuantileSummary& summary, int64_t num_buckets) {
  QuantilesResult result;
  if (summary.empty()) return result;
  const double total = summary.total_weight();
  const auto& entries = summary.entries();
  size_t at = 0;
  double below = entries[0].weight;
  for (int64_t i = 1; i < num_buckets; ++i) {
    // Counts are whole, so "above i * n / q" is "above its floor"; as a product it needs no rounding.
    const double rank = std::floor(static_cast<double>(i) * total / static_cast<double>(num_buckets));
    while (below <= rank && at + 1 < entries.size()) below += entries[++at].weight;
    result.boundaries.push_back(entries[at].value);
  }
  return result;
}

MedianResult Median(const QuantileSummary& summary) {
  if (summary.empty()) return {};
  const double count = summary.total_weight();
  const double low = ValueAtRank(summary, std::floor((count - 1) / 2));
  const double high = ValueAtRank(summary, std::floor(count / 2));
  // Not (low + high) / 2, which can overflow; and equal ones stay what they are.
  return {low == high ? low : low + (high - low) / 2};
}

Result<MomentsResult> MomentsOf(const Moments& moments) {
  if (moments.count() == 0) return MomentsResult{};
  MomentsResult result{.num_values = moments.count(),
                       .mean = moments.mean(),
                       .variance = moments.variance(),
                       .minimum = moments.min(),
                       .maximum = moments.max()};
  if (result.minimum == result.maximum) {
    // Rounding of the mean must not make a spread where there is none: it would be scaled up to 1.
    result.mean = result.minimum;
    result.variance = 0;
  }
  // Squares of what is above 1e150 overflow, which can also show as a variance of nothing.
  const bool is_huge = std::max(std::fabs(result.minimum), std::fabs(result.maximum)) > 1e150;
  const bool has_overflowed = is_huge && result.variance == 0 && result.minimum < result.maximum;
  if (has_overflowed || !std::isfinite(result.mean) || !std::isfinite(result.variance)) {
    return InvalidArgument(
        "A column to be scaled holds values too large to average: from {} to {}; divide it first",
        result.minimum, result.maximum);
  }
  return result;
}

VocabularyResult VocabularyOf(const Frequencies& frequencies, const Analysis& analysis) {
  std::vector<std::string> tokens;
  for (const Frequencies::Entry& entry : frequencies.TopK(analysis.top_k, combine::TieOrder::kDescending)) {
    if (entry.count < analysis.frequency_threshold) break;
    tokens.emplace_back(entry.key);
  }
  return std::make_shared<const Vocabulary>(tokens);
}

double RankErrorFor(const Analysis& analysis) {
  if (analysis.num_buckets < 2) return AnalysisCombiner::kRankError;
  return std::min(AnalysisCombiner::kRankError, 0.1 / static_cast<double>(analysis.num_buckets));
}

}  // namespace

AnalysisCombiner::AnalysisCombiner(std::shared_ptr<const Program> program, std::vector<int32_t> analyses)
    : program_(std::move(program)),
      analyses_(std::move(analyses)),
      inputs_(*program_, InputsOf(*program_, analyses_)) {}

AnalysisCombiner::State AnalysisCombiner::NewState() const {
  State state;
  for (size_t i = 0; i < analyses_.size(); ++i) {
    switch (analysis(i).kind) {
      case AnalysisKind::kMoments:
        state.emplace_back(Moments());
        break;
      case AnalysisKind::kQuantiles:
      case AnalysisKind::kMedian:
        state.emplace_back(QuantileSketch(RankErrorFor(analysis(i))));
        break;
      case AnalysisKind::kVocabulary:
        state.emplace_back(Frequencies(kFrequencyLimits));
        break;
    }
  }
  return state;
}

Status AnalysisCombiner::Add(const data::Batch& batch, State& into) const {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<Column> columns, inputs_.Evaluate(*program_, batch));
  std::vector<double> scratch;
  for (size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    if (auto* moments = std::get_if<Moments>(&into[i])) {
      moments->AddSpan(Values(column, scratch, [](double value) { return std::isfinite(value); }));
    } else if (auto* sketch = std::get_if<QuantileSketch>(&into[i])) {
      sketch->AddSpan(Values(column, scratch, [](double value) { return value == value; }));
    } else {
      auto& frequencies = std::get<Frequencies>(into[i]);
      for (int64_t row = 0; row < column.size(); ++row) {
        const std::string_view text = column.texts()[row];
        if (column.IsPresent(row) && CanBeToken(text)) frequencies.Add(text);
      }
    }
  }
  return OkStatus();
}

Status AnalysisCombiner::Merge(const State& from, State& into) const {
  for (size_t i = 0; i < from.size(); ++i) {
    if (auto* moments = std::get_if<Moments>(&into[i])) {
      moments->Merge(std::get<Moments>(from[i]));
    } else if (auto* sketch = std::get_if<QuantileSketch>(&into[i])) {
      PENSTOCK_RETURN_IF_ERROR(sketch->Merge(std::get<QuantileSketch>(from[i])));
    } else {
      PENSTOCK_RETURN_IF_ERROR(std::get<Frequencies>(into[i]).Merge(std::get<Frequencies>(from[i])));
    }
  }
  return OkStatus();
}

Result<AnalysisCombiner::Output> AnalysisCombiner::Finish(const State& from) const {
  Output output;
  for (size_t i = 0; i < from.size(); ++i) {
    switch (analysis(i).kind) {
      case AnalysisKind::kMoments: {
        PENSTOCK_ASSIGN_OR_RETURN(MomentsResult moments, MomentsOf(std::get<Moments>(from[i])));
        output.emplace_back(moments);
        break;
      }
      case AnalysisKind::kQuantiles:
        output.emplace_back(
            Boundaries(std::get<QuantileSketch>(from[i]).Summarize(), analysis(i).num_buckets));
        break;
      case AnalysisKind::kMedian:
        output.emplace_back(Median(std::get<QuantileSketch>(from[i]).Summarize()));
        break;
      case AnalysisKind::kVocabulary:
        output.emplace_back(VocabularyOf(std::get<Frequencies>(from[i]), analysis(i)));
        break;
    }
  }
  return output;
}

combine::Bytes AnalysisCombiner::Encode(const State& from) const {
  combine::StateWriter writer;
  writer.Version(1);
  for (const Accumulator& accumulator : from) {
    std::visit([&](const auto& state) { state.Encode(writer); }, accumulator);
  }
  return std::move(writer).Take();
}

Result<AnalysisCombiner::State> AnalysisCombiner::Decode(std::string_view bytes) const {
  combine::StateReader reader(bytes, "transform analysis");
  reader.Version(1);
  State state = NewState();
  for (Accumulator& accumulator : state) {
    if (auto* moments = std::get_if<Moments>(&accumulator)) {
      PENSTOCK_ASSIGN_OR_RETURN(*moments, Moments::Decode(reader));
    } else if (auto* sketch = std::get_if<QuantileSketch>(&accumulator)) {
      PENSTOCK_ASSIGN_OR_RETURN(*sketch, QuantileSketch::Decode(reader));
    } else {
      PENSTOCK_ASSIGN_OR_RETURN(std::get<Frequencies>(accumulator), Frequencies::Decode(reader));
    }
  }
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
  return state;
}

Digest AnalysisCombiner::Fingerprint() const {
  // The whole program stands for the inputs: it holds their expressions and all earlier results.
  DigestBuilder digest;
  digest.Add("penstock.transform.AnalysisCombiner/1").Add(EncodeProgram(*program_));
  for (const int32_t analysis : analyses_) digest.Add(int64_t{analysis});
  return digest.Finish();
}

}  // namespace penstock::transform
