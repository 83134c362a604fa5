#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "penstock/transform/token_states.h"
#include "penstock/transform/vocabulary_builder.h"

namespace penstock::transform {

namespace {

using Weights = LabelledTokensState::Weights;

/// A row's values: [begin, end).
struct Range {
  int64_t begin;
  int64_t end;
};

Range RangeOf(const Column& x, int64_t row) {
  if (x.is_list()) return {x.offsets()[row], x.offsets()[row + 1]};
  return {row, row + 1};
}

void AddTo(Weights& weights, const Weights& from) {
  weights.total += from.total;
  if (weights.by_label.size() < from.by_label.size()) weights.by_label.resize(from.by_label.size(), 0.0);
  for (size_t i = 0; i < from.by_label.size(); ++i) weights.by_label[i] += from.by_label[i];
}

/// How much `joint` of `token` with a label of weight `label`, of `all`, tells: a term of the mutual
/// information.
double PartialInformation(double joint, double token, double label, double all) {
  if (joint == 0 || token == 0 || label == 0) return 0;
  return joint * (std::log2(joint) + std::log2(all) - std::log2(token) - std::log2(label));
}

/// What PartialInformation would be by chance: its mean over the hypergeometric distribution of `joint`
/// (Vinh, Epps & Bailey 2010).
double ExpectedInformation(double all, double token, double label) {
  if (token == 0 || label == 0) return 0;
  const double first = std::round(std::max(0.0, token + label - all));
  const double last = std::round(std::min(token, label));
  const auto log_factorial = [](double n) { return std::lgamma(n + 1); };
  const double numerator =
      log_factorial(token) + log_factorial(label) + log_factorial(all - token) + log_factorial(all - label);
  double denominator = log_factorial(all) + log_factorial(first) + log_factorial(token - first) +
                       log_factorial(label - first) + log_factorial(all - token - label + first);
  double sum = 0;
  double probability_sum = 0;
  for (double joint = first; joint <= last; ++joint) {
    const double probability = std::exp(numerator - denominator);
    sum += PartialInformation(joint, token, label, all) * probability;
    probability_sum += probability;
    if (joint == last) break;
    denominator += std::log(joint + 1) - std::log(token - joint) - std::log(label - joint) +
                   std::log(all - token - label + joint + 1);
  }
  return sum / probability_sum;
}

/// TFT's rule of thumb: 2 for small data, 25 for a million examples.
double AutomaticMinDiff(double num_examples) {
  return std::trunc(std::clamp((num_examples - 10'000) / 990'000 * 23 + 2, 2.0, 25.0));
}

Result<double> ScoreOf(std::string_view token, const Weights& weights, const Weights& all, double min_diff,
                       const AnalysisTask& task) {
  if (all.total == 0) return std::nan("");
  if (std::round(weights.total) == std::round(all.total)) return 0.0;
  if (std::round(weights.total) > std::round(all.total)) {
    return InvalidArgument(
        "The token '{}' is there more often than there are examples ({} > {}): a vocabulary with labels "
        "takes "
        "each token once an example, as deduplicate(..) makes them",
        token, weights.total, all.total);
  }
  std::vector<double> parts;
  for (size_t label = 0; label < all.by_label.size(); ++label) {
    const double of_label = all.by_label[label];
    if (of_label == 0) continue;
    double joint = label < weights.by_label.size() ? weights.by_label[label] : 0;
    if (task.is_tft) {
      constexpr double kLeast = 1e-6;
      joint = std::clamp(joint / weights.total, kLeast, 1 - kLeast) * weights.total;
    }
    if (std::fabs(weights.total * of_label / all.total - joint) < min_diff) continue;
    parts.push_back(PartialInformation(joint, weights.total, of_label, all.total));
    if (task.analysis->vocabulary.is_adjusted)
      parts.push_back(-ExpectedInformation(all.total, weights.total, of_label));
  }
  // Tokens that go with other labels in the same way get the same score to the last bit, and tie.
  std::sort(parts.begin(), parts.end());
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

}  // namespace

Status LabelledTokensState::Add(const AnalysisTask& task, const AnalysisColumns& columns) {
  const Column& x = *columns.input;
  const Column& labels = *columns.label;
  const Column* const weights = columns.weight;
  const bool keeps_all = task.analysis->vocabulary.keeps_all_tokens;
  if (weights != nullptr && weights->is_list())
    return InvalidArgument("The weights of a vocabulary with labels must be one an example, not a list");
  Weights of_row;
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const double weight = weights == nullptr ? 1 : (weights->IsPresent(row) ? weights->numbers()[row] : 0);
    of_row.total = weight;
    of_row.by_label.clear();
    const Range label_range = RangeOf(labels, row);
    for (int64_t i = label_range.begin; i < label_range.end; ++i) {
      if (!labels.IsPresent(i)) continue;
      const int64_t label = labels.integers()[i];
      if (label < 0 || label >= kMaxLabels)
        return InvalidArgument("The labels of a vocabulary must be from 0 to {}, and one is {}",
                               kMaxLabels - 1, label);
      const auto place = static_cast<size_t>(label);
      if (of_row.by_label.size() <= place) of_row.by_label.resize(place + 1, 0.0);
      of_row.by_label[place] += weight;
    }
    AddTo(all_, of_row);
    const Range range = RangeOf(x, row);
    for (int64_t i = range.begin; i < range.end; ++i) {
      if (!x.IsPresent(i) || !(keeps_all || CanBeToken(x.texts()[i]))) continue;
      AddTo(tokens_[std::string(x.texts()[i])], of_row);
    }
  }
  if (tokens_.size() > kMaxTokens)
    return InvalidArgument("A vocabulary with labels has more than {} distinct tokens", kMaxTokens);
  return OkStatus();
}

Status LabelledTokensState::Merge(const LabelledTokensState& from) {
  AddTo(all_, from.all_);
  for (const auto& [token, weights] : from.tokens_) AddTo(tokens_[token], weights);
  if (tokens_.size() > kMaxTokens)
    return InvalidArgument("A vocabulary with labels has more than {} distinct tokens", kMaxTokens);
  return OkStatus();
}

Result<AnalysisResult> LabelledTokensState::Finish(const AnalysisTask& task) const {
  const VocabularyOptions& options = task.analysis->vocabulary;
  const double min_diff =
      options.min_diff_from_avg < 0 ? AutomaticMinDiff(all_.total) : options.min_diff_from_avg;
  std::vector<ScoredToken> tokens;
  for (const auto& [token, weights] : tokens_) {
    PENSTOCK_ASSIGN_OR_RETURN(const double score, ScoreOf(token, weights, all_, min_diff, task));
    tokens.push_back({token, score});
  }
  PENSTOCK_ASSIGN_OR_RETURN(VocabularyResult vocabulary, BuildVocabulary(std::move(tokens), options));
  return AnalysisResult(std::move(vocabulary));
}

void LabelledTokensState::Encode(combine::StateWriter& writer) const {
  const auto write = [&](const Weights& weights) {
    writer.Double(weights.total).Varint(weights.by_label.size());
    for (const double weight : weights.by_label) writer.Double(weight);
  };
  write(all_);
  writer.Varint(tokens_.size());
  for (const auto& [token, weights] : std::map<std::string, Weights>(tokens_.begin(), tokens_.end())) {
    writer.Text(token);
    write(weights);
  }
}

Status LabelledTokensState::Decode(const AnalysisTask&, combine::StateReader& reader) {
  const auto read = [&](Weights& weights) {
    weights.total = reader.Double();
    weights.by_label.resize(reader.Count(8));
    for (double& weight : weights.by_label) weight = reader.Double();
  };
  read(all_);
  for (uint64_t count = reader.Count(10); count > 0 && reader.ok(); --count) {
    const std::string token(reader.Text());
    read(tokens_[token]);
  }
  return OkStatus();
}

}  // namespace penstock::transform
