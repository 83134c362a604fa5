#include "penstock/transform/analysis_passes.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>

#include "penstock/transform/program.h"

namespace penstock::transform {
namespace {

/// The value of a whole number in plain digits.
std::optional<int64_t> ClassNumber(std::string_view name) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), value);
  const bool is_plain = error == std::errc() && end == name.data() + name.size();
  return is_plain && value >= 0 && value < kMaxClasses ? std::optional<int64_t>(value) : std::nullopt;
}

/// Classes by name, so that their places do not hang on how often each is; whole numbers keep their own,
/// which is what those who count classes from 0 expect.
void OrderClasses(Program& program) {
  const Analysis* found = LabelVocabulary(program);
  if (found == nullptr || found->vocabulary.file_name != kClassVocabularyFile) return;
  Analysis& classes = program.analyses[static_cast<size_t>(found - program.analyses.data())];
  const Vocabulary& given = *std::get<VocabularyResult>(classes.result);
  std::vector<std::string> names;
  int64_t largest = -1;
  bool are_numbers = true;
  for (int64_t id = 0; id < given.size(); ++id) {
    names.emplace_back(given.token(id));
    const std::optional<int64_t> number = ClassNumber(names.back());
    are_numbers = are_numbers && number.has_value();
    largest = std::max(largest, number.value_or(-1));
  }
  std::sort(names.begin(), names.end());
  if (are_numbers) {
    names.clear();
    for (int64_t i = 0; i <= largest; ++i) names.push_back(std::to_string(i));
  }
  classes.result = std::make_shared<const Vocabulary>(names);
}

/// A vocabulary that its threshold leaves nothing of, and no bucket for what is not in it: a feature of
/// one value, which nobody wants. TFT gives it all the same.
Status CheckVocabularies(const Program& program) {
  for (const Program::Output& feature : program.features) {
    const Node& node = program.nodes[static_cast<size_t>(feature.node)];
    if (node.op != Operator::kVocabulary || node.num_oov_buckets > 0 || program.is_tft_compatible) continue;
    const Analysis& analysis = program.analyses[static_cast<size_t>(node.analysis)];
    if (!analysis.vocabulary.has_threshold || std::get<VocabularyResult>(analysis.result)->size() > 0)
      continue;
    return InvalidArgument(
        "feature '{}': the vocabulary is empty, as no token reaches the frequency_threshold of {}; lower it, "
        "or give "
        "it num_oov_buckets",
        feature.name, analysis.vocabulary.frequency_threshold);
  }
  return OkStatus();
}

}  // namespace

AnalysisPasses::AnalysisPasses(const TransformPlan& plan)
    : program_(std::make_shared<const Program>(plan.program())),
      stages_(StagesOf(*program_)),
      num_passes_(plan.num_passes()) {}

void AnalysisPasses::Resolve(AnalysisCombiner::Output answers) {
  auto resolved = std::make_shared<Program>(*program_);
  const std::vector<int32_t> analyses = AnalysesOfPass();
  for (size_t i = 0; i < analyses.size(); ++i)
    resolved->analyses[static_cast<size_t>(analyses[i])].result = std::move(answers[i]);
  program_ = std::move(resolved);
  ++pass_;
}

Result<TransformGraph> AnalysisPasses::Finish() const {
  auto ordered = std::make_shared<Program>(*program_);
  OrderClasses(*ordered);
  PENSTOCK_RETURN_IF_ERROR(CheckProgram(*ordered, true));
  PENSTOCK_RETURN_IF_ERROR(CheckVocabularies(*ordered));
  return TransformGraph(std::move(ordered));
}

std::vector<int32_t> AnalysisPasses::AnalysesOfPass() const {
  std::vector<int32_t> analyses;
  for (size_t i = 0; i < stages_.size(); ++i) {
    if (stages_[i] == pass_) analyses.push_back(static_cast<int32_t>(i));
  }
  return analyses;
}

}  // namespace penstock::transform
