#include "penstock/evaluation/language_classes.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <set>
#include <string_view>

namespace penstock::evaluation {
namespace {

using std::string;
using Tokens = std::vector<string>;
constexpr int kMaxBleuOrder = 4;
constexpr size_t kMaxBytes = 1 << 15;  // The longest common subsequence is quadratic.

string TextAt(const ExampleColumn& column, int64_t place) {
  const auto at = static_cast<size_t>(place);
  return column.is_text ? column.texts[at] : fmt::format("{}", column.numbers[at]);
}

Tokens SplitAtSpaces(const string& text) {
  Tokens tokens(1);
  for (const char c : text) {
    if (!std::isspace(static_cast<unsigned char>(c))) {
      tokens.back() += c;
    } else if (!tokens.back().empty()) {
      tokens.emplace_back();
    }
  }
  if (tokens.back().empty()) tokens.pop_back();
  return tokens;
}

// rouge-score's words: runs of a-z and 0-9 in lower case.
Tokens Words(std::string_view text) {
  Tokens words(1);
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) && static_cast<unsigned char>(c) < 0x80) {
      words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

std::vector<Tokens> SentencesOf(const string& text) {
  std::vector<Tokens> sentences;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) sentences.push_back(Words(std::string_view(text).substr(begin, end - begin)));
    begin = end + 1;
  }
  return sentences;
}

void ReplaceAll(std::string_view what, std::string_view with, string& text) {
  for (size_t at = text.find(what); at != string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsMark(char c) {
  return (c >= '{' && c <= '~') || (c >= '[' && c <= '`') || (c >= ' ' && c <= '&') ||
         (c >= '(' && c <= '+') || (c >= ':' && c <= '@') || c == '/';
}

// mteval-v13a's tokens, as sacrebleu has them: marks stand alone, points and commas except within numbers, a
// hyphen after a digit.
Tokens WordsAndMarks(string text) {
  ReplaceAll("<skipped>", "", text);
  ReplaceAll("-\n", "", text);
  ReplaceAll("\n", " ", text);
  for (const auto& [entity, mark] : {std::pair("&quot;", "\""), {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}})
    ReplaceAll(entity, mark, text);
  string apart;
  for (const char c : " " + text + " ") apart += IsMark(c) ? string{' ', c, ' '} : string(1, c);
  // A rule looks at two characters at a time and goes on behind them, as a regular expression's does.
  const auto apply = [](const string& from, auto matches, auto replacement) {
    string into;
    for (size_t i = 0; i < from.size(); ++i) {
      if (i + 1 < from.size() && matches(from[i], from[i + 1])) {
        into += replacement(from[i], from[i + 1]);
        ++i;
      } else {
        into += from[i];
      }
    }
    return into;
  };
  const auto is_point = [](char c) { return c == '.' || c == ','; };
  apart = apply(
      apart, [&](char a, char b) { return !IsDigit(a) && is_point(b); },
      [](char a, char b) {
        return string{a, ' ', b, ' '};
      });
  apart = apply(
      apart, [&](char a, char b) { return is_point(a) && !IsDigit(b); },
      [](char a, char b) {
        return string{' ', a, ' ', b};
      });
  apart = apply(
      apart, [&](char a, char b) { return IsDigit(a) && b == '-'; },
      [](char a, char b) {
        return string{a, ' ', b, ' '};
      });
  return SplitAtSpaces(apart);
}

std::map<Tokens, int64_t> CountRuns(const Tokens& tokens, size_t length) {
  std::map<Tokens, int64_t> counts;
  for (size_t i = 0; i + length <= tokens.size(); ++i)
    ++counts[Tokens(tokens.begin() + static_cast<std::ptrdiff_t>(i),
                    tokens.begin() + static_cast<std::ptrdiff_t>(i + length))];
  return counts;
}

// How many of the runs both have, each as often as it is in both.
double CommonOf(const std::map<Tokens, int64_t>& first, const std::map<Tokens, int64_t>& second) {
  double common = 0;
  for (const auto& [run, count] : first) {
    const auto found = second.find(run);
    if (found != second.end()) common += static_cast<double>(std::min(count, found->second));
  }
  return common;
}
double CommonRuns(const Tokens& a, const Tokens& b, size_t length) {
  return CommonOf(CountRuns(a, length), CountRuns(b, length));
}

// The places in `a` of a longest common subsequence with `b`.
std::vector<size_t> LongestCommonSubsequence(const Tokens& a, const Tokens& b) {
  const size_t width = b.size() + 1;
  std::vector<int> lengths((a.size() + 1) * width);
  for (size_t i = 1; i <= a.size(); ++i)
    for (size_t j = 1; j <= b.size(); ++j)
      lengths[i * width + j] = a[i - 1] == b[j - 1]
                                   ? lengths[(i - 1) * width + j - 1] + 1
                                   : std::max(lengths[(i - 1) * width + j], lengths[i * width + j - 1]);
  std::vector<size_t> places;
  for (size_t i = a.size(), j = b.size(); i > 0 && j > 0;) {
    if (a[i - 1] == b[j - 1]) {
      places.push_back(--i);
      --j;
    } else if (lengths[i * width + j - 1] > lengths[(i - 1) * width + j]) {
      --j;
    } else {
      --i;
    }
  }
  std::reverse(places.begin(), places.end());
  return places;
}

double NumRuns(const Tokens& tokens, size_t length) {
  return tokens.size() < length ? 0 : static_cast<double>(tokens.size() - length + 1);
}

// Calls `add` with the labels, the prediction and the weight of each row that has both.
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
        std::vector<string> references;
        for (int64_t i = 0; i < labels->Size(row); ++i)
          references.push_back(TextAt(*labels, labels->Begin(row) + i));
        PENSTOCK_RETURN_IF_ERROR(add(references, TextAt(*predictions, predictions->Begin(row)),
                                     weights[static_cast<size_t>(row)], into));
      }
      into.EndUnit();
    }
    return OkStatus();
  };
  return made;
}

// Of one answer against one reference.
struct RougeScore {
  double precision = 0, recall = 0, f_measure = 0;
};
RougeScore ScoreOf(double common, double of_answer, double of_reference) {
  RougeScore score;
  score.precision = of_answer > 0 ? common / of_answer : 0;
  score.recall = of_reference > 0 ? common / of_reference : 0;
  if (score.precision + score.recall > 0)
    score.f_measure = 2 * score.precision * score.recall / (score.precision + score.recall);
  return score;
}

// Sentence by sentence: the words of the reference that some sentence of the answer has in order, each
// counted as often as both texts have it.
RougeScore ScoreSentences(const string& reference, const string& answer) {
  const std::vector<Tokens> truths = SentencesOf(reference), answers = SentencesOf(answer);
  std::map<string, int64_t> in_truths, in_answers;
  int64_t num_truths = 0, num_answers = 0;
  for (const Tokens& sentence : truths)
    for (const string& word : sentence) ++in_truths[word], ++num_truths;
  for (const Tokens& sentence : answers)
    for (const string& word : sentence) ++in_answers[word], ++num_answers;
  int64_t num_hits = 0;
  for (const Tokens& truth : truths) {
    std::set<size_t> places;
    for (const Tokens& sentence : answers)
      for (const size_t place : LongestCommonSubsequence(truth, sentence)) places.insert(place);
    for (const size_t place : places) {
      if (in_truths[truth[place]] <= 0 || in_answers[truth[place]] <= 0) continue;
      --in_truths[truth[place]], --in_answers[truth[place]];
      ++num_hits;
    }
  }
  return ScoreOf(static_cast<double>(num_hits), static_cast<double>(num_answers),
                 static_cast<double>(num_truths));
}

RougeScore ScoreRouge(const string& type, const string& reference, const string& answer) {
  if (type == "rougeLsum") return ScoreSentences(reference, answer);
  const Tokens truth = Words(reference), said = Words(answer);
  const size_t length = type == "rougeL" ? 1 : static_cast<size_t>(type[5] - '0');
  const double common = type == "rougeL" ? static_cast<double>(LongestCommonSubsequence(truth, said).size())
                                         : CommonRuns(truth, said, length);
  return ScoreOf(common, NumRuns(said, length), NumRuns(truth, length));
}

Status PlanRouge(const string& given, const MetricArguments& arguments, const MetricTarget& target,
                 MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const string type, arguments.Text("rouge_type", "rougeL"));
  const bool is_runs = type.size() == 6 && type.starts_with("rouge") && type[5] >= '1' && type[5] <= '9';
  if (!is_runs && type != "rougeL" && type != "rougeLsum")
    return InvalidArgument("Metric Rouge: 'rouge_type' must be rouge1 to rouge9, rougeL or rougeLsum, not {}",
                           type);
  PlannedMetric metric;
  metric.keys = {target.Key(arguments.Has("name") ? given : type)};
  metric.computations = {sink.Add(
      TextSums("rouge/2:" + type, 4, target,
               [type](const std::vector<string>& references, const string& answer, double weight,
                      Contributions& into) -> Status {
                 RougeScore best;
                 for (const string& reference : references) {
                   if (reference.size() > kMaxBytes || answer.size() > kMaxBytes)
                     return InvalidArgument("Metric Rouge: a text has more than {} bytes", kMaxBytes);
                   const RougeScore score = ScoreRouge(type, reference, answer);
                   if (&reference == references.data() || score.f_measure > best.f_measure) best = score;
                 }
                 into.Add(0, weight * best.precision);
                 into.Add(1, weight * best.recall);
                 into.Add(2, weight * best.f_measure);
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

// sacrebleu's arguments.
struct BleuOptions {
  bool is_lowercase = false, has_marks = true, has_effective_order = false;
  string smoothing = "exp";
  double smooth_value = 0;
};

Result<BleuOptions> BleuOptionsOf(const MetricArguments& arguments) {
  BleuOptions options;
  PENSTOCK_ASSIGN_OR_RETURN(options.is_lowercase, arguments.Flag("lowercase", false));
  PENSTOCK_ASSIGN_OR_RETURN(options.has_effective_order, arguments.Flag("use_effective_order", false));
  PENSTOCK_ASSIGN_OR_RETURN(options.smoothing, arguments.Text("smooth_method", "exp"));
  PENSTOCK_ASSIGN_OR_RETURN(const string tokens, arguments.Text("tokenize", "13a"));
  if (tokens != "13a" && tokens != "none")
    return InvalidArgument("Metric Bleu: 'tokenize' must be 13a or none, not {}", tokens);
  options.has_marks = tokens == "13a";
  const string& way = options.smoothing;
  if (way != "exp" && way != "floor" && way != "add-k" && way != "none")
    return InvalidArgument("Metric Bleu: 'smooth_method' must be exp, floor, add-k or none, not {}", way);
  PENSTOCK_ASSIGN_OR_RETURN(options.smooth_value, arguments.Number("smooth_value", way == "add-k" ? 1 : 0));
  return options;
}

// Cells: common runs of 1 to 4 tokens, all runs of the predictions, lengths of predictions and of labels.
double BleuOf(std::span<const double> cells, const BleuOptions& options) {
  if (std::all_of(cells.begin(), cells.begin() + kMaxBleuOrder, [](double common) { return common == 0; }))
    return 0;
  double log_precision = 0, smoothing = 1;
  size_t num_orders = kMaxBleuOrder;
  for (size_t order = 0; order < kMaxBleuOrder; ++order) {
    double common = cells[order], all = cells[kMaxBleuOrder + order];
    if (options.smoothing == "add-k" && order > 0)
      common += options.smooth_value, all += options.smooth_value;
    if (!(all > 0)) {
      if (!options.has_effective_order) return 0;
      num_orders = order;
      break;
    }
    // A precision of 0 counts as half of the one before it (Chen and Cherry 2014, method 3).
    if (common == 0) smoothing *= 2;
    const double precision = common > 0                     ? common / all
                             : options.smoothing == "exp"   ? 1 / (smoothing * all)
                             : options.smoothing == "floor" ? options.smooth_value / all
                                                            : 0;
    if (!(precision > 0)) return 0;
    log_precision += std::log(precision);
  }
  const double answer = cells[2 * kMaxBleuOrder], reference = cells[2 * kMaxBleuOrder + 1];
  const double brevity = answer < reference ? std::exp(1 - reference / answer) : 1;
  return 100 * brevity * std::exp(log_precision / static_cast<double>(num_orders));
}

// What several references allow: each run as often as the one that has it most, the length that is nearest.
Status AddBleu(const std::vector<string>& references, const string& prediction, double weight,
               const BleuOptions& options, Contributions& into) {
  const auto tokens = [&](string text) {
    if (options.is_lowercase)
      for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return options.has_marks ? WordsAndMarks(std::move(text)) : SplitAtSpaces(text);
  };
  const Tokens answer = tokens(prediction);
  std::vector<Tokens> truths;
  for (const string& reference : references) truths.push_back(tokens(reference));
  for (int order = 0; order < kMaxBleuOrder; ++order) {
    const auto length = static_cast<size_t>(order) + 1;
    std::map<Tokens, int64_t> allowed;
    for (const Tokens& truth : truths)
      for (const auto& [run, count] : CountRuns(truth, length)) allowed[run] = std::max(allowed[run], count);
    into.Add(order, weight * CommonOf(CountRuns(answer, length), allowed));
    into.Add(kMaxBleuOrder + order, weight * NumRuns(answer, length));
  }
  size_t nearest = truths[0].size();
  const auto apart = [&](size_t size) {
    return size > answer.size() ? size - answer.size() : answer.size() - size;
  };
  for (const Tokens& truth : truths)
    if (apart(truth.size()) < apart(nearest)) nearest = truth.size();
  into.Add(2 * kMaxBleuOrder, weight * static_cast<double>(answer.size()));
  into.Add(2 * kMaxBleuOrder + 1, weight * static_cast<double>(nearest));
  return OkStatus();
}

Status PlanBleu(const string& name, const MetricArguments& arguments, const MetricTarget& target,
                MetricSink& sink) {
  PENSTOCK_ASSIGN_OR_RETURN(const BleuOptions options, BleuOptionsOf(arguments));
  sink.Add(target.Key(name),
           TextSums(fmt::format("bleu/2:{:d}{:d}", options.is_lowercase, options.has_marks),
                    2 * kMaxBleuOrder + 2, target,
                    [options](const std::vector<string>& references, const string& prediction, double weight,
                              Contributions& into) {
                      return AddBleu(references, prediction, weight, options, into);
                    }),
           [options](std::span<const double> cells) { return BleuOf(cells, options); });
  return OkStatus();
}

}  // namespace

void AddLanguageClasses(std::map<string, MetricClass>& classes) {
  constexpr auto kHigher = MetricDirection::kHigherIsBetter;
  classes["Rouge"] = {
      "Rouge", "rouge",   {"rouge_type"}, "overlap with a reference text: precision, recall, F measure",
      kHigher, PlanRouge, false};
  classes["Bleu"] = {
      "Bleu",
      "BLEU",
      {"lowercase", "force", "tokenize", "smooth_method", "smooth_value", "use_effective_order"},
      "overlap of runs of 1 to 4 tokens with a reference text, 0 to 100",
      kHigher,
      PlanBleu,
      false};
}

}  // namespace penstock::evaluation
