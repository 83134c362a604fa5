#include <algorithm>
#include <utility>

#include <re2/re2.h>

#include "penstock/transform/function_table.h"

namespace penstock::transform {
namespace {

/// TFT's only entry of an empty vocabulary.
constexpr std::string_view kTftTextWhenEmpty = "49d0cd50-04bb-48c0-bc6f-5b575dce351a";
constexpr std::string_view kTftIntegerWhenEmpty = "-1";

/// The places of what tft.vocabulary takes, counted from the first of them.
enum VocabularyParameter : size_t {
  // clang-format off
  kTopK, kFrequencyThreshold, kVocabFilename, kStoreFrequency, kReservedTokens, kWeights, kLabels,
  kUseAdjustedMutualInfo, kMinDiffFromAvg, kCoverageTopK, kCoverageFrequencyThreshold, kCoverageKey,
  kFingerprintShuffle, kFileFormat
  // clang-format on
};

/// The name that TFT gives a file in the place of one with signs and spaces.
std::string TftFileName(std::string name) {
  static const RE2 signs(R"([^\pL\pN_\s-])"), ends(R"(^\s+|\s+$)"), spaces(R"([-\s]+)");
  RE2::GlobalReplace(&name, signs, "_");
  RE2::GlobalReplace(&name, ends, "");
  RE2::GlobalReplace(&name, spaces, "-");
  return name;
}

}  // namespace

using Value = ExpressionPlanner::Value;

void ExpressionPlanner::AddVocabularyFunctions(std::vector<Function>& functions) {
  using P = ExpressionPlanner;
  // In the order of VocabularyParameter.
  const std::vector<Parameter> options = {Option("top_k"),
                                          Option("frequency_threshold"),
                                          Option("vocab_filename"),
                                          Option("store_frequency"),
                                          Option("reserved_tokens"),
                                          Option("weights"),
                                          Option("labels"),
                                          Option("use_adjusted_mutual_info"),
                                          Option("min_diff_from_avg"),
                                          Option("coverage_top_k"),
                                          Option("coverage_frequency_threshold"),
                                          Option("coverage_key", "key_fn"),
                                          Option("fingerprint_shuffle"),
                                          Option("file_format")};
  std::vector<Parameter> of_vocabulary = {{"x"}};
  std::vector<Parameter> of_both = {{"x"}, Option("default_value"), Option("num_oov_buckets")};
  for (std::vector<Parameter>* parameters : {&of_vocabulary, &of_both})
    parameters->insert(parameters->end(), options.begin(), options.end());
  const std::vector<Function> own = {
      {"compute_and_apply_vocabulary",
       "compute_and_apply_vocabulary(x, top_k=.., num_oov_buckets=0, default_value=-1, "
       "frequency_threshold=.., reserved_tokens=[..], weights=.., labels=..)",
       of_both, &P::PlanVocabulary, false, "tft.compute_and_apply_vocabulary"},
      {"vocabulary", "vocabulary(x, top_k=.., frequency_threshold=.., reserved_tokens=[..], labels=..)",
       of_vocabulary, &P::PlanVocabularyAlone, false, "tft.vocabulary"},
      {"apply_vocabulary",
       "apply_vocabulary(x, vocabulary(..), num_oov_buckets=0, default_value=-1)",
       {{"x"},
        {"vocabulary", true, "deferred_vocab_filename_tensor"},
        Option("default_value"),
        Option("num_oov_buckets"),
        Option("file_format")},
       &P::PlanApplyVocabulary,
       false,
       "tft.apply_vocabulary"},
      {"num_buckets",
       "num_buckets(bucketize(..)) or num_buckets(compute_and_apply_vocabulary(..))",
       {{"x", true, "transformed_feature"}},
       &P::PlanNumBuckets,
       false,
       "tft.get_num_buckets_for_transformed_feature"},
      {"hash_strings",
       "hash_strings(x, hash_buckets, key=[1, 2])",
       {{"x", true, "strings"}, {"hash_buckets"}, Option("key")},
       &P::PlanHash,
       false,
       "tft.hash_strings"},
      {"one_hot",
       "one_hot(x, depth, on_value=1, off_value=0)",
       {{"x", true, "indices"}, {"depth"}, Option("on_value"), Option("off_value")},
       &P::PlanOneHot,
       false,
       "tf.one_hot"},
      {"cross", "cross(x, y, ...)", {{"x"}, {"y"}}, &P::PlanCross, true, "tf.sparse.cross"},
  };
  functions.insert(functions.end(), own.begin(), own.end());
}

Result<Analysis> ExpressionPlanner::PlanVocabularyAnalysis(int32_t x, const Arguments& arguments,
                                                           size_t first, const Expression& call) {
  const auto given = [&](VocabularyParameter parameter) { return arguments[first + parameter]; };
  Analysis analysis{.kind = AnalysisKind::kVocabulary, .input = x};
  VocabularyOptions& options = analysis.vocabulary;
  if (given(kWeights) != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(analysis.weight, PlanAs(ValueType::kNumber, *given(kWeights), "weights"));
    if (is_tft() && builder_.node(x).is_list)
      return Error(*given(kWeights), "TensorFlow Transform takes no weights of a vocabulary of lists");
  }
  if (given(kLabels) != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(analysis.label, PlanAs(ValueType::kInteger, *given(kLabels), "labels"));
  }
  PENSTOCK_ASSIGN_OR_RETURN(options.top_k, IntegerLiteral(given(kTopK), "top_k", -1, 1, INT64_MAX));
  PENSTOCK_ASSIGN_OR_RETURN(options.frequency_threshold,
                            NumberLiteral(given(kFrequencyThreshold), "frequency_threshold", 0));
  if (options.frequency_threshold < 0)
    return Error(*given(kFrequencyThreshold), "frequency_threshold must be at least 0");
  // Of scores, which may be below 0, a threshold of 0 is one too.
  options.has_threshold =
      given(kFrequencyThreshold) != nullptr && (analysis.label >= 0 || options.frequency_threshold > 0);
  PENSTOCK_ASSIGN_OR_RETURN(options.file_name, TextLiteral(given(kVocabFilename), "vocab_filename", ""));
  if (is_tft()) options.file_name = TftFileName(options.file_name);
  PENSTOCK_ASSIGN_OR_RETURN(options.stores_frequency,
                            BooleanLiteral(given(kStoreFrequency), "store_frequency", false));
  PENSTOCK_ASSIGN_OR_RETURN(options.reserved_tokens, TextsLiteral(given(kReservedTokens), "reserved_tokens"));
  PENSTOCK_ASSIGN_OR_RETURN(options.is_adjusted,
                            BooleanLiteral(given(kUseAdjustedMutualInfo), "use_adjusted_mutual_info", false));
  const double least = call.text == "vocabulary" ? -1 : 0;
  PENSTOCK_ASSIGN_OR_RETURN(options.min_diff_from_avg,
                            NumberLiteral(given(kMinDiffFromAvg), "min_diff_from_avg", least));
  PENSTOCK_ASSIGN_OR_RETURN(options.coverage_top_k,
                            IntegerLiteral(given(kCoverageTopK), "coverage_top_k", -1, 1, INT64_MAX));
  PENSTOCK_ASSIGN_OR_RETURN(options.coverage_threshold, NumberLiteral(given(kCoverageFrequencyThreshold),
                                                                      "coverage_frequency_threshold", 0));
  options.has_coverage_threshold = given(kCoverageFrequencyThreshold) != nullptr;
  PENSTOCK_ASSIGN_OR_RETURN(options.coverage_key, TextLiteral(given(kCoverageKey), "coverage_key", ""));
  const bool has_coverage = given(kCoverageTopK) != nullptr || options.has_coverage_threshold;
  if (has_coverage == options.coverage_key.empty())
    return Error(call, "coverage_key goes with coverage_top_k or coverage_frequency_threshold");
  PENSTOCK_ASSIGN_OR_RETURN(options.is_shuffled,
                            BooleanLiteral(given(kFingerprintShuffle), "fingerprint_shuffle", false));
  PENSTOCK_ASSIGN_OR_RETURN(const size_t format,
                            ChoiceLiteral(given(kFileFormat), "file_format", {"text", "tfrecord_gzip"}));
  options.keeps_all_tokens = format == 1;
  const std::vector<std::string>& reserved = options.reserved_tokens;
  for (auto token = reserved.begin(); token != reserved.end(); ++token) {
    if (std::find(reserved.begin(), token, *token) != token)
      return Error(*given(kReservedTokens), fmt::format("the reserved token '{}' is there twice", *token));
  }
  if (is_tft()) {
    const Node& node = builder_.node(x);
    const bool is_integer = node.op == Operator::kCast;
    options.token_when_empty = is_integer ? kTftIntegerWhenEmpty : kTftTextWhenEmpty;
  }
  return analysis;
}

Result<Value> ExpressionPlanner::MakeVocabulary(int32_t x, Analysis vocabulary,
                                                const Expression* default_value,
                                                const Expression* num_oov_buckets, const Expression& call) {
  Node node{.op = Operator::kVocabulary, .inputs = {x}};
  // TFT takes less than none for none.
  PENSTOCK_ASSIGN_OR_RETURN(node.num_oov_buckets, IntegerLiteral(num_oov_buckets, "num_oov_buckets", 0,
                                                                 is_tft() ? INT64_MIN : 0, kMaxOovBuckets));
  node.num_oov_buckets = std::max<int64_t>(node.num_oov_buckets, 0);
  PENSTOCK_ASSIGN_OR_RETURN(node.integer,
                            IntegerLiteral(default_value, "default_value", -1, INT64_MIN, INT64_MAX));
  // It has no effect then, as in TFT; equal transforms shall be equal programs.
  if (node.num_oov_buckets > 0) node.integer = -1;
  node.analysis = builder_.AddAnalysis(std::move(vocabulary));
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanVocabulary(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value value, Plan(*arguments[0]));
  PENSTOCK_ASSIGN_OR_RETURN(int32_t x, AsTokens(value, *arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(Analysis vocabulary, PlanVocabularyAnalysis(x, arguments, 3, call));
  const bool has_text_file =
      vocabulary.vocabulary.stores_frequency && !vocabulary.vocabulary.keeps_all_tokens;
  if (is_tft() && has_text_file && value.type == ValueType::kText) {
    // A line "3 token" can hold no space in the token, so TFT has none in tokens at all.
    Node node{.op = Operator::kRegexReplace, .inputs = {x}, .text = " "};
    node.second_text = "__SPACE__";
    node.integer = 1;
    PENSTOCK_ASSIGN_OR_RETURN(const Value replaced, Make(std::move(node), call));
    x = vocabulary.input = replaced.node;
  }
  return MakeVocabulary(x, std::move(vocabulary), arguments[1], arguments[2], call);
}

/// By itself it says how many tokens there are.
Result<Value> ExpressionPlanner::PlanVocabularyAlone(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAsTokens(*arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(Analysis vocabulary, PlanVocabularyAnalysis(x, arguments, 1, call));
  return MakeAnalyzed({.op = Operator::kVocabularySize, .inputs = {x}}, std::move(vocabulary), call);
}

Result<Value> ExpressionPlanner::PlanApplyVocabulary(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAsTokens(*arguments[0], call.text));
  PENSTOCK_ASSIGN_OR_RETURN(const Value size, Plan(*arguments[1]));
  if (size.node < 0 || builder_.node(size.node).op != Operator::kVocabularySize)
    return Error(*arguments[1], "this must be a vocabulary(..)");
  const auto analysis = static_cast<size_t>(builder_.node(size.node).analysis);
  return MakeVocabulary(x, builder_.program().analyses[analysis], arguments[2], arguments[3], call);
}

Result<Value> ExpressionPlanner::PlanNumBuckets(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const Value value, Plan(*arguments[0]));
  Node node{.op = Operator::kLiteral, .type = ValueType::kInteger};
  const Node ids = value.node < 0 ? node : builder_.node(value.node);
  switch (ids.op) {
    case Operator::kVocabulary:
      node = {.op = Operator::kVocabularySize, .inputs = ids.inputs};
      node.analysis = ids.analysis;
      node.num_oov_buckets = ids.num_oov_buckets;
      break;
    case Operator::kBucketize:
    case Operator::kBucketizePerKey:
      node.integer = builder_.program().analyses[static_cast<size_t>(ids.analysis)].num_buckets;
      break;
    case Operator::kApplyBuckets:
      node.integer = static_cast<int64_t>(ids.numbers.size()) + 1;
      break;
    case Operator::kHash:
      node.integer = ids.integer;
      break;
    default:
      return Error(*arguments[0], "only buckets, hashes and ids of a vocabulary have a number of buckets");
  }
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanHash(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, is_tft() ? PlanAs(ValueType::kText, *arguments[0], call.text)
                                                      : PlanAsTokens(*arguments[0], call.text));
  Node node{.op = Operator::kHash, .inputs = {x}};
  PENSTOCK_ASSIGN_OR_RETURN(node.integer,
                            IntegerLiteral(arguments[1], "hash_buckets", 0, 1, kMaxHashBuckets));
  if (arguments[2] != nullptr) {
    if (!IsListLiteral(*arguments[2]) || arguments[2]->arguments.size() != 2)
      return Error(*arguments[2], "key must be a list of two integers");
    for (const Expression::Argument& word : arguments[2]->arguments) {
      PENSTOCK_ASSIGN_OR_RETURN(const int64_t value,
                                IntegerLiteral(&word.value, "key", 0, INT64_MIN, INT64_MAX));
      node.integers.push_back(value);
    }
  }
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanOneHot(const Expression& call, const Arguments& arguments) {
  PENSTOCK_ASSIGN_OR_RETURN(const int32_t x, PlanAs(ValueType::kInteger, *arguments[0], call.text));
  Node node{.op = Operator::kOneHot, .inputs = {x}};
  PENSTOCK_ASSIGN_OR_RETURN(node.integer, IntegerLiteral(arguments[1], "depth", 0, 1, kMaxOneHotDepth));
  PENSTOCK_ASSIGN_OR_RETURN(const double hot, NumberLiteral(arguments[2], "on_value", 1));
  PENSTOCK_ASSIGN_OR_RETURN(const double cold, NumberLiteral(arguments[3], "off_value", 0));
  if (hot != 1 || cold != 0) node.numbers = {hot, cold};
  return Make(std::move(node), call);
}

Result<Value> ExpressionPlanner::PlanCross(const Expression& call, const Arguments& arguments) {
  Node node{.op = Operator::kCross};
  for (const Expression* argument : arguments) {
    PENSTOCK_ASSIGN_OR_RETURN(const int32_t part, PlanAsTokens(*argument, call.text));
    node.inputs.push_back(part);
  }
  return Make(std::move(node), call);
}

}  // namespace penstock::transform
