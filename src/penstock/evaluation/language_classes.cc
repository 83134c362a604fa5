#include "penstock/evaluation/language_classes.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

namespace penstock::evaluation {
namespace {

using std::string;
using Tokens = std::vector<string>;
constexpr int kMaxBleuOrder = 4;
constexpr size_t kMaxTokens = 4096;  // The longest common subsequence is quadratic.

string TextAt(const ExampleColumn& column, int64_t row) {
  if (column.Size(row) == 0) return "";
  const auto at = static_cast<size_t>(column.Begin(row));
  return column.is_text ? column.texts[at] : fmt::format("{}", column.numbers[at]);
}

bool IsWordByte(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || static_cast<unsigned char>(c) >= 0x80;
}

// Words in lower case, without punctuation.
Tokens Words(const string& text) {
  Tokens words(1);
  for (const char c : text) {
    if (IsWordByte(c)) {
      words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

// Words as they are, each punctuation mark by itself.
Tokens WordsAndMarks(const string& text) {
  Tokens tokens;
  bool in_word = false;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c))) {
      in_word = false;
    } else if (IsWordByte(c) && in_word) {
      tokens.back() += c;
    } else {
      tokens.emplace_back(1, c);
      in_word = IsWordByte(c);
    }
  }
  return tokens;
}

std::map<Tokens, int64_t> CountRuns(const Tokens& tokens, size_t length) {
  std::map<Tokens, int64_t> counts;
  for (size_t i = 0; i + length <= tokens.size(); ++i)
    ++counts[Tokens(tokens.begin() + static_cast<std::ptrdiff_t>(i),
                    tokens.begin() + static_cast<std::ptrdiff_t>(i + length))];
  return counts;
}

// Runs of `length` tokens that both have, each as often as it is in both.
double CommonRuns(const Tokens& a, const Tokens& b, size_t length) {
  const auto first = CountRuns(a, length), second = CountRuns(b, length);
  double common = 0;
  for (const auto& [run, count] : first) {
    const auto found = second.find(run);
    if (found != second.end()) common += static_cast<double>(std::min(count, found->second));
  }
  return common;
}

double LongestCommonSubsequence(const Tokens& a, const Tokens& b) {
  std::vector<int> previous(b.size() + 1), row(b.size() + 1);
  for (const string& token : a) {
    for (size_t j = 0; j < b.size(); ++j)
      row[j + 1] = token == b[j] ? previous[j] + 1 : std::max(previous[j + 1], row[j]);
    std::swap(previous, row);
  }
  return previous.back();
}

double NumRuns(const Tokens& tokens, size_t length) {
  return tokens.size() < length ? 0 : static_cast<double>(tokens.size() - length + 1);
}

// Calls `add` with label, prediction and weight of each row that has both.
template <class F>
Computation TextSums(string name, int64_t num_cells, const MetricTarget& target, F add) {
  PairSpec pairs;
  pairs.target = target.columns;
  pairs.is_weighted = target.is_weighted;
  Computation made;
  made.name = std::move(name) + ":" + FingerprintOf(pairs);
  made.num_cells = num_cells;
  made.emit = [pairs, add](PairCache& cache, Contributions& into) -> Status {
    const ExampleRows& rows = cache.rows();
    PENSTOCK_ASSIGN_OR_RETURN(const ColumnPointer labels, rows.Find(pairs.target.label));
    PENSTOCK_ASSIGN_OR_RETURN(const ColumnPointer predictions, rows.Find(pairs.target.prediction));
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<double> weights, RowWeights(rows, pairs));
    for (int64_t unit = 0; unit < rows.num_units(); ++unit) {
      for (int64_t row = rows.UnitBegin(unit); row < rows.UnitEnd(unit); ++row) {
        if (labels->Size(row) == 0 || predictions->Size(row) == 0) continue;
        PENSTOCK_RETURN_IF_ERROR(
            add(TextAt(*labels, row), TextAt(*predictions, row), weights[static_cast<size_t>(row)], into));
      }
      into.EndUnit();
    }
    return OkStatus();
  };
  return made;
}

Status PlanRouge(const string& given, const MetricArguments& arguments, const MetricTarget& target,
                 MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const string type, arguments.Text("rouge_type", "rougeL"));
  const bool is_sequence = type == "rougeL";
  const bool is_runs = type.size() == 6 && type.starts_with("rouge") && type[5] >= '1' && type[5] <= '9';
  if (!is_sequence && !is_runs)
    return InvalidArgument("Metric Rouge: 'rouge_type' must be rouge1 to rouge9 or rougeL, not {}", type);
  const size_t length = is_runs ? static_cast<size_t>(type[5] - '0') : 1;
  PlannedMetric metric;
  metric.keys = {target.Key(arguments.Has("name") ? given : type)};
  metric.computations = {sink.Add(TextSums(
      "rouge/1:" + type, 4, target,
      [is_sequence, length](const string& label, const string& prediction, double weight,
                            Contributions& into) -> Status {
        const Tokens reference = Words(label), answer = Words(prediction);
        if (is_sequence && (reference.size() > kMaxTokens || answer.size() > kMaxTokens))
          return InvalidArgument("Metric Rouge: a text has more than {} words", kMaxTokens);
        const double common =
            is_sequence ? LongestCommonSubsequence(reference, answer) : CommonRuns(reference, answer, length);
        const double of_answer = NumRuns(answer, length), of_reference = NumRuns(reference, length);
        const double precision = of_answer > 0 ? common / of_answer : 0;
        const double recall = of_reference > 0 ? common / of_reference : 0;
        into.Add(0, weight * precision);
        into.Add(1, weight * recall);
        into.Add(2, precision + recall > 0 ? weight * 2 * precision * recall / (precision + recall) : 0);
        into.Add(3, weight);
        return OkStatus();
      }))};
  // Means of precision, recall and F measure.
  metric.measure = [](const MeasuredCells& cells) {
    const auto& c = cells.of[0];
    return std::vector<MetricValue>{std::vector<double>{c[0] / c[3], c[1] / c[3], c[2] / c[3]}};
  };
  sink.Add(std::move(metric));
  return OkStatus();
}

// Cells: common runs of 1 to 4 tokens, all runs of the predictions, lengths of predictions and of labels.
double BleuOf(std::span<const double> cells) {
  double log_precision = 0, smoothing = 1;
  for (size_t order = 0; order < kMaxBleuOrder; ++order) {
    const double common = cells[order], all = cells[kMaxBleuOrder + order];
    if (!(all > 0)) return 0;
    // A precision of 0 counts as half of the one before it (Chen and Cherry 2014, method 3).
    if (common == 0) smoothing *= 2;
    log_precision += std::log(common > 0 ? common / all : 1 / (smoothing * all));
  }
  const double answer = cells[2 * kMaxBleuOrder], reference = cells[2 * kMaxBleuOrder + 1];
  const double brevity = answer < reference ? std::exp(1 - reference / answer) : 1;
  return 100 * brevity * std::exp(log_precision / kMaxBleuOrder);
}

Status PlanBleu(const string& name, const MetricArguments&, const MetricTarget& target, MetricSink& sink) {
  sink.Add(target.Key(name),
           TextSums("bleu/1", 2 * kMaxBleuOrder + 2, target,
                    [](const string& label, const string& prediction, double weight,
                       Contributions& into) -> Status {
                      const Tokens reference = WordsAndMarks(label), answer = WordsAndMarks(prediction);
                      for (int order = 0; order < kMaxBleuOrder; ++order) {
                        const auto length = static_cast<size_t>(order) + 1;
                        into.Add(order, weight * CommonRuns(reference, answer, length));
                        into.Add(kMaxBleuOrder + order, weight * NumRuns(answer, length));
                      }
                      into.Add(2 * kMaxBleuOrder, weight * static_cast<double>(answer.size()));
                      into.Add(2 * kMaxBleuOrder + 1, weight * static_cast<double>(reference.size()));
                      return OkStatus();
                    }),
           BleuOf);
  return OkStatus();
}

}  // namespace

void AddLanguageClasses(std::map<string, MetricClass>& classes) {
  constexpr auto kHigher = MetricDirection::kHigherIsBetter;
  classes["Rouge"] = {
      "Rouge", "rouge",   {"rouge_type"}, "overlap with a reference text: precision, recall, F measure",
      kHigher, PlanRouge, false};
  classes["Bleu"] = {
      "Bleu",  "bleu",   {},   "overlap of runs of 1 to 4 tokens with a reference text, 0 to 100",
      kHigher, PlanBleu, false};
}

}  // namespace penstock::evaluation
