#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "penstock/combine/frequencies.h"
#include "penstock/combine/state_codec.h"
#include "penstock/transform/analysis_task.h"

namespace penstock::transform {

/// Whether `text` can be a line of a text file, as TFT's vocabularies are: what is empty or has a line end
/// is out of them.
bool CanBeToken(std::string_view text);

/// What a vocabulary is made of: how often each token was there, and what it weighed. Exact up to
/// kMaxTokens distinct ones or kMaxTokenBytes of them (combine/frequencies.h tells the error beyond);
/// memory is bounded by that.
class TokensState {
 public:
  static constexpr int64_t kMaxTokens = int64_t{1} << 24;
  static constexpr int64_t kMaxTokenBytes = int64_t{1} << 30;
  explicit TokensState(const AnalysisTask&) : tokens_({kMaxTokens, kMaxTokenBytes}) {}
  Status Add(const AnalysisTask& task, const AnalysisColumns& columns);
  Status Merge(const TokensState& from);
  Result<AnalysisResult> Finish(const AnalysisTask& task) const;
  void Encode(combine::StateWriter& writer) const;
  Status Decode(const AnalysisTask& task, combine::StateReader& reader);

 private:
  combine::Frequencies tokens_;
};

/// What a vocabulary ordered by mutual information is made of: how tokens and labels go together.
class LabelledTokensState {
 public:
  static constexpr size_t kMaxTokens = 2'000'000;
  static constexpr int64_t kMaxLabels = 10'000;
  explicit LabelledTokensState(const AnalysisTask&) {}
  /// kInvalidArgument for labels below 0 or not below kMaxLabels, and more than kMaxTokens tokens.
  Status Add(const AnalysisTask& task, const AnalysisColumns& columns);
  Status Merge(const LabelledTokensState& from);
  Result<AnalysisResult> Finish(const AnalysisTask& task) const;
  void Encode(combine::StateWriter& writer) const;
  Status Decode(const AnalysisTask& task, combine::StateReader& reader);

  /// What examples with a token, or all of them, weigh: together and by label.
  struct Weights {
    double total = 0;
    std::vector<double> by_label;
  };

 private:
  std::unordered_map<std::string, Weights> tokens_;
  Weights all_;
};

/// How often each text was there.
class CountsState {
 public:
  static constexpr int64_t kMaxKeys = int64_t{1} << 20;
  explicit CountsState(const AnalysisTask&) : counts_({kMaxKeys, int64_t{256} << 20}) {}
  Status Add(const AnalysisTask& task, const AnalysisColumns& columns);
  Status Merge(const CountsState& from);
  /// kInvalidArgument where there were more than kMaxKeys.
  Result<AnalysisResult> Finish(const AnalysisTask& task) const;
  void Encode(combine::StateWriter& writer) const;
  Status Decode(const AnalysisTask& task, combine::StateReader& reader);

 private:
  combine::Frequencies counts_;
};

/// In how many examples each integer was.
class DocumentsState {
 public:
  static constexpr size_t kMaxTerms = size_t{1} << 24;
  explicit DocumentsState(const AnalysisTask&) {}
  Status Add(const AnalysisTask& task, const AnalysisColumns& columns);
  Status Merge(const DocumentsState& from);
  Result<AnalysisResult> Finish(const AnalysisTask& task) const;
  void Encode(combine::StateWriter& writer) const;
  Status Decode(const AnalysisTask& task, combine::StateReader& reader);

 private:
  int64_t num_documents_ = 0;
  std::unordered_map<int64_t, int64_t> counts_;
};

}  // namespace penstock::transform
