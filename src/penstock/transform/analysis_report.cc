#include "penstock/transform/analysis_report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include <arrow/array/array_binary.h>
#include <arrow/array/array_nested.h>
#include <arrow/array/array_primitive.h>
#include <arrow/record_batch.h>
#include <nlohmann/json.hpp>

#include "penstock/base/utf8.h"
#include "penstock/transform/sha1.h"

namespace penstock::transform {
namespace {

using Json = nlohmann::ordered_json;

std::string Base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t word = 0;
    for (size_t i = 0; i < 3; ++i)
      word = word << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    for (size_t i = 0; i < 4; ++i) {
      const bool is_there = at + i <= bytes.size();
      text += is_there ? kDigits[word >> (18 - 6 * i) & 63] : '=';
    }
  }
  return text;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

Json TextJson(std::string_view text) {
  if (IsUtf8(text)) return text;
  return {{"b64", Base64(text)}};
}

Json NumberJson(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return number;
}

Json ValueJson(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return nullptr;
  switch (array.type_id()) {
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(array).Value(row);
    case arrow::Type::FLOAT:
      return NumberJson(static_cast<const arrow::FloatArray&>(array).Value(row));
    case arrow::Type::DOUBLE:
      return NumberJson(static_cast<const arrow::DoubleArray&>(array).Value(row));
    case arrow::Type::STRING:
      return TextJson(static_cast<const arrow::StringArray&>(array).GetView(row));
    default: {
      const auto& lists = static_cast<const arrow::ListArray&>(array);
      Json list = Json::array();
      for (int64_t i = lists.value_offset(row); i < lists.value_offset(row + 1); ++i)
        list.push_back(ValueJson(*lists.values(), i));
      return list;
    }
  }
}

/// As Python writes a float: with a point or an exponent.
template <class Number>
std::string FloatText(Number number) {
  if (std::isnan(number)) return "nan";
  std::string text = fmt::format("{}", number);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

std::string NarrowText(double number) { return FloatText(static_cast<float>(number)); }

/// What TFT's file of a keyed analysis says of one key.
std::string KeyLine(const Analysis& analysis, const Program& program, const MomentsResult& moments) {
  const auto number = [&](double value) { return analysis.is_narrow ? NarrowText(value) : FloatText(value); };
  const bool is_min_max = std::any_of(program.nodes.begin(), program.nodes.end(), [&](const Node& node) {
    return node.op == Operator::kMinMaxPerKey &&
           &program.analyses[static_cast<size_t>(node.analysis)] == &analysis;
  });
  // It keeps the least value as the largest of -x.
  if (is_min_max) return number(-moments.minimum) + "," + number(moments.maximum);
  return number(moments.mean) + "," + number(moments.variance);
}

/// By SHA-1 of the key, as TFT writes them.
std::vector<std::string> KeyLines(const Analysis& analysis, const Program& program) {
  std::vector<std::pair<std::string, std::string>> keys;
  if (const auto* moments = std::get_if<KeyedMomentsResult>(&analysis.result)) {
    for (size_t i = 0; i < moments->keys.size(); ++i)
      keys.emplace_back(moments->keys[i], KeyLine(analysis, program, moments->values[i]));
  } else if (const auto* counts = std::get_if<CountsResult>(&analysis.result)) {
    for (size_t i = 0; i < counts->keys.size(); ++i)
      keys.emplace_back(counts->keys[i], fmt::format("{}", counts->values[i]));
  }
  std::sort(keys.begin(), keys.end(),
            [](const auto& a, const auto& b) { return Sha1(a.first) < Sha1(b.first); });
  std::vector<std::string> lines;
  for (const auto& [key, line] : keys) lines.push_back(line + " " + key);
  return lines;
}

/// A feature that applies an analysis, for those without a name of their own.
std::string NameOfUser(const Program& program, size_t analysis) {
  for (const std::vector<Program::Output>* outputs : {&program.features, &program.summaries}) {
    for (const Program::Output& output : *outputs) {
      if (program.nodes[static_cast<size_t>(output.node)].analysis == static_cast<int32_t>(analysis))
        return output.name;
    }
  }
  return fmt::format("vocabulary_{}", analysis);
}

}  // namespace

std::vector<std::string> VocabularyLines(const Program& program, const Analysis& analysis) {
  const Vocabulary& vocabulary = *std::get<VocabularyResult>(analysis.result);
  const auto is_of_integers = [&](int32_t node) {
    const Node& weight = program.nodes[static_cast<size_t>(node)];
    return weight.op == Operator::kCast &&
           program.nodes[static_cast<size_t>(weight.inputs[0])].type == ValueType::kInteger;
  };
  // Sums of integers are written as such.
  const bool is_count = analysis.label < 0 && (analysis.weight < 0 || is_of_integers(analysis.weight));
  const bool has_scores = analysis.vocabulary.stores_frequency && !vocabulary.scores().empty();
  std::vector<std::string> lines;
  for (int64_t id = 0; id < vocabulary.size(); ++id) {
    std::string line;
    if (has_scores) {
      const double score = vocabulary.scores()[static_cast<size_t>(id)];
      const bool is_reserved = static_cast<size_t>(id) < analysis.vocabulary.reserved_tokens.size();
      const bool is_filler = vocabulary.token(id) == analysis.vocabulary.token_when_empty;
      line = is_count || is_reserved || is_filler ? fmt::format("{} ", static_cast<int64_t>(score))
                                                  : FloatText(score) + " ";
    }
    line += vocabulary.token(id);
    lines.push_back(std::move(line));
  }
  return lines;
}

Result<std::string> AnalysisReport(const TransformGraph& graph) {
  const Program& program = graph.program();
  Json json = {{"named", Json::object()}, {"vocabularies", Json::object()}};
  PENSTOCK_ASSIGN_OR_RETURN(const Batch summaries, graph.Summaries());
  for (int i = 0; i < summaries->num_columns(); ++i)
    json["named"][summaries->column_name(i)] = {{"value", ValueJson(*summaries->column(i), 0)}};
  for (size_t i = 0; i < program.analyses.size(); ++i) {
    const Analysis& analysis = program.analyses[i];
    const bool is_vocabulary = analysis.kind == AnalysisKind::kVocabulary;
    if (!is_vocabulary && analysis.vocabulary.file_name.empty()) continue;
    const std::string& given = analysis.vocabulary.file_name;
    Json entries = Json::array();
    for (const std::string& line :
         is_vocabulary ? VocabularyLines(program, analysis) : KeyLines(analysis, program))
      entries.push_back(TextJson(line));
    json["vocabularies"][given.empty() ? NameOfUser(program, i) : given] = {
        {"format", analysis.vocabulary.keeps_all_tokens ? "tfrecord_gzip" : "text"},
        {"entries", std::move(entries)}};
  }
  return json.dump(1) + "\n";
}

}  // namespace penstock::transform
