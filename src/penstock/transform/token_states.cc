#include "penstock/transform/token_states.h"

#include <algorithm>
#include <cmath>

#include "penstock/transform/vocabulary_builder.h"

namespace penstock::transform {
namespace {

Status TooManyTerms() {
  return InvalidArgument("A list to be weighed by tf-idf has more than {} distinct terms",
                         DocumentsState::kMaxTerms);
}

}  // namespace

bool CanBeToken(std::string_view text) {
  return !text.empty() && text.find('\n') == std::string_view::npos &&
         text.find('\r') == std::string_view::npos;
}

Status TokensState::Add(const AnalysisTask& task, const AnalysisColumns& columns) {
  const Column& x = *columns.input;
  const bool keeps_all = task.analysis->vocabulary.keeps_all_tokens;
  if (columns.weight == nullptr) {
    for (int64_t i = 0; i < x.size(); ++i) {
      const std::string_view text = x.texts()[i];
      if (x.IsPresent(i) && (keeps_all || CanBeToken(text))) tokens_.Add(text);
    }
    return OkStatus();
  }
  PENSTOCK_ASSIGN_OR_RETURN(const Column weights, AlignedWith(x, *columns.weight, "weights"));
  // TensorFlow adds up a batch in float32, which then shows in the file's scores.
  std::unordered_map<std::string_view, float> narrow;
  for (int64_t i = 0; i < x.size(); ++i) {
    const std::string_view text = x.texts()[i];
    if (!x.IsPresent(i) || !weights.IsPresent(i) || !(keeps_all || CanBeToken(text))) continue;
    if (task.is_tft) {
      narrow[text] += static_cast<float>(weights.numbers()[i]);
    } else {
      tokens_.Add(text, 1, weights.numbers()[i]);
    }
  }
  // In the order of the column: that of a hash table is nobody's.
  for (int64_t i = 0; i < x.size() && !narrow.empty(); ++i) {
    const auto found = narrow.find(x.texts()[i]);
    if (found == narrow.end()) continue;
    tokens_.Add(found->first, 1, found->second);
    narrow.erase(found);
  }
  return OkStatus();
}

Status TokensState::Merge(const TokensState& from) { return tokens_.Merge(from.tokens_); }

Result<AnalysisResult> TokensState::Finish(const AnalysisTask& task) const {
  const VocabularyOptions& options = task.analysis->vocabulary;
  const bool is_weighted = task.analysis->weight >= 0;
  // All that BuildVocabulary may choose from, in its order already.
  const bool takes_all = !options.coverage_key.empty();
  std::vector<ScoredToken> tokens;
  for (const combine::Frequencies::Entry& entry :
       tokens_.TopK(takes_all ? -1 : options.top_k, combine::TieOrder::kDescending,
                    is_weighted ? combine::RankBy::kWeight : combine::RankBy::kCount)) {
    tokens.push_back({entry.key, is_weighted ? entry.weight : static_cast<double>(entry.count)});
  }
  PENSTOCK_ASSIGN_OR_RETURN(VocabularyResult vocabulary, BuildVocabulary(std::move(tokens), options));
  return AnalysisResult(std::move(vocabulary));
}

void TokensState::Encode(combine::StateWriter& writer) const { tokens_.Encode(writer); }

Status TokensState::Decode(const AnalysisTask&, combine::StateReader& reader) {
  PENSTOCK_ASSIGN_OR_RETURN(tokens_, combine::Frequencies::Decode(reader));
  return OkStatus();
}

Status CountsState::Add(const AnalysisTask&, const AnalysisColumns& columns) {
  const Column& x = *columns.input;
  for (int64_t i = 0; i < x.size(); ++i) {
    if (x.IsPresent(i)) counts_.Add(x.texts()[i]);
  }
  return OkStatus();
}

Status CountsState::Merge(const CountsState& from) { return counts_.Merge(from.counts_); }

Result<AnalysisResult> CountsState::Finish(const AnalysisTask&) const {
  if (!counts_.is_exact()) {
    return InvalidArgument("A column whose values are counted has more than {} distinct ones", kMaxKeys);
  }
  std::map<std::string_view, int64_t> sorted;
  counts_.ForEach([&](const combine::Frequencies::Entry& entry) { sorted[entry.key] = entry.count; });
  CountsResult result;
  for (const auto& [key, count] : sorted) {
    result.keys.emplace_back(key);
    result.values.push_back(count);
  }
  return AnalysisResult(std::move(result));
}

void CountsState::Encode(combine::StateWriter& writer) const { counts_.Encode(writer); }

Status CountsState::Decode(const AnalysisTask&, combine::StateReader& reader) {
  PENSTOCK_ASSIGN_OR_RETURN(counts_, combine::Frequencies::Decode(reader));
  return OkStatus();
}

Status DocumentsState::Add(const AnalysisTask&, const AnalysisColumns& columns) {
  const Column& x = *columns.input;
  num_documents_ += x.num_rows();
  std::vector<int64_t> terms;
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const int64_t begin = x.is_list() ? x.offsets()[row] : row;
    const int64_t end = x.is_list() ? x.offsets()[row + 1] : row + 1;
    terms.clear();
    for (int64_t i = begin; i < end; ++i) {
      if (x.IsPresent(i)) terms.push_back(x.integers()[i]);
    }
    std::sort(terms.begin(), terms.end());
    terms.erase(std::unique(terms.begin(), terms.end()), terms.end());
    for (const int64_t term : terms) ++counts_[term];
  }
  return counts_.size() > kMaxTerms ? TooManyTerms() : OkStatus();
}

Status DocumentsState::Merge(const DocumentsState& from) {
  num_documents_ += from.num_documents_;
  for (const auto& [term, count] : from.counts_) counts_[term] += count;
  return counts_.size() > kMaxTerms ? TooManyTerms() : OkStatus();
}

Result<AnalysisResult> DocumentsState::Finish(const AnalysisTask&) const {
  DocumentsResult result{.num_documents = num_documents_};
  for (const auto& [term, count] : std::map<int64_t, int64_t>(counts_.begin(), counts_.end())) {
    result.terms.push_back(term);
    result.counts.push_back(count);
  }
  return AnalysisResult(std::move(result));
}

void DocumentsState::Encode(combine::StateWriter& writer) const {
  writer.Varint(static_cast<uint64_t>(num_documents_)).Varint(counts_.size());
  for (const auto& [term, count] : std::map<int64_t, int64_t>(counts_.begin(), counts_.end()))
    writer.Signed(term).Varint(static_cast<uint64_t>(count));
}

Status DocumentsState::Decode(const AnalysisTask&, combine::StateReader& reader) {
  num_documents_ = reader.NonNegative();
  for (uint64_t count = reader.Count(2); count > 0 && reader.ok(); --count) {
    const int64_t term = reader.Signed();
    counts_[term] = reader.NonNegative();
  }
  return OkStatus();
}

}  // namespace penstock::transform
