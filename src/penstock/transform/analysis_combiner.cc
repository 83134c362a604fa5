#include "penstock/transform/analysis_combiner.h"

#include <utility>

#include "penstock/transform/graph_codec.h"
#include "penstock/transform/kernels.h"

namespace penstock::transform {
namespace {

std::vector<int32_t> InputsOf(const Program& program, const std::vector<int32_t>& analyses) {
  std::vector<int32_t> inputs;
  for (const int32_t index : analyses) {
    const std::vector<int32_t> of_this = program.analyses[static_cast<size_t>(index)].Inputs();
    inputs.insert(inputs.end(), of_this.begin(), of_this.end());
  }
  return inputs;
}

AnalysisCombiner::Accumulator NewAccumulator(const AnalysisTask& task) {
  switch (task.analysis->kind) {
    case AnalysisKind::kMoments:
      return MomentsState(task);
    case AnalysisKind::kKeyedMoments:
      return KeyedMomentsState(task);
    case AnalysisKind::kIntegers:
      return IntegersState(task);
    case AnalysisKind::kQuantiles:
    case AnalysisKind::kMedian:
      return QuantilesState(task);
    case AnalysisKind::kKeyedQuantiles:
      return KeyedQuantilesState(task);
    case AnalysisKind::kVocabulary:
      if (task.analysis->label >= 0) return LabelledTokensState(task);
      return TokensState(task);
    case AnalysisKind::kCounts:
      return CountsState(task);
    case AnalysisKind::kCovariance:
      return CovarianceState(task);
    case AnalysisKind::kDocuments:
      break;
  }
  return DocumentsState(task);
}

}  // namespace

Result<Column> AlignedWith(const Column& input, const Column& x, std::string_view what) {
  const bool are_alike = !x.is_list() || !input.is_list() || HaveEqualLengths(x, input);
  if (!are_alike) return InvalidArgument("{} must be lists of the same lengths as what is analysed", what);
  if (input.is_list()) return SpreadOverLists(x, input, what);
  if (!x.is_list()) return x;
  return InvalidArgument("{} cannot be a list where what is analysed is one value an example", what);
}

AnalysisCombiner::AnalysisCombiner(std::shared_ptr<const Program> program, std::vector<int32_t> analyses)
    : program_(std::move(program)),
      analyses_(std::move(analyses)),
      inputs_(*program_, InputsOf(*program_, analyses_)) {}

AnalysisCombiner::State AnalysisCombiner::NewState() const {
  State state;
  for (size_t i = 0; i < analyses_.size(); ++i) state.push_back(NewAccumulator(Task(i)));
  return state;
}

Status AnalysisCombiner::Add(const data::Batch& batch, State& into) const {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<Column> columns, inputs_.Evaluate(*program_, batch));
  size_t place = 0;
  for (size_t i = 0; i < analyses_.size(); ++i) {
    const AnalysisTask task = Task(i);
    AnalysisColumns asked{.input = &columns[place++]};
    if (task.analysis->key >= 0) asked.key = &columns[place++];
    if (task.analysis->weight >= 0) asked.weight = &columns[place++];
    if (task.analysis->label >= 0) asked.label = &columns[place++];
    PENSTOCK_RETURN_IF_ERROR(std::visit([&](auto& state) { return state.Add(task, asked); }, into[i]));
  }
  return OkStatus();
}

Status AnalysisCombiner::Merge(const State& from, State& into) const {
  for (size_t i = 0; i < from.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(std::visit(
        [&](auto& state) { return state.Merge(std::get<std::decay_t<decltype(state)>>(from[i])); }, into[i]));
  }
  return OkStatus();
}

Result<AnalysisCombiner::Output> AnalysisCombiner::Finish(const State& from) const {
  Output output;
  for (size_t i = 0; i < from.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(AnalysisResult result,
                              std::visit([&](const auto& state) { return state.Finish(Task(i)); }, from[i]));
    output.push_back(std::move(result));
  }
  return output;
}

combine::Bytes AnalysisCombiner::Encode(const State& from) const {
  combine::StateWriter writer;
  writer.Version(3);
  for (const Accumulator& accumulator : from) {
    std::visit([&](const auto& state) { state.Encode(writer); }, accumulator);
  }
  return std::move(writer).Take();
}

Result<AnalysisCombiner::State> AnalysisCombiner::Decode(std::string_view bytes) const {
  combine::StateReader reader(bytes, "transform analysis");
  reader.Version(3);
  State state = NewState();
  for (size_t i = 0; i < state.size(); ++i) {
    PENSTOCK_RETURN_IF_ERROR(
        std::visit([&](auto& accumulator) { return accumulator.Decode(Task(i), reader); }, state[i]));
  }
  PENSTOCK_RETURN_IF_ERROR(reader.Finish());
  return state;
}

Digest AnalysisCombiner::Fingerprint() const {
  // The whole program stands for the inputs: it holds their expressions and all earlier results.
  DigestBuilder digest;
  digest.Add("penstock.transform.AnalysisCombiner/3").Add(EncodeProgram(*program_));
  for (const int32_t analysis : analyses_) digest.Add(int64_t{analysis});
  return digest.Finish();
}

}  // namespace penstock::transform
