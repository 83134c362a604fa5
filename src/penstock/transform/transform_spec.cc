#include "penstock/transform/transform_spec.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include <yaml-cpp/yaml.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/base/yaml_fault.h"
#include "penstock/transform/feature_schema.h"

namespace penstock::transform {
namespace {

/// Where YAML text stands, so that offsets become lines and columns.
class YamlText {
 public:
  YamlText(std::string_view text, const std::string& file_name) : text_(text), file_name_(file_name) {}

  Status Error(const YAML::Mark& mark, std::string_view sentence) const {
    return InvalidArgument("{}:{}:{}: {}", file_name_, mark.line + 1, mark.column + 1, sentence);
  }

  /// Whether `node` begins with a quote that no other follows: yaml-cpp takes the file's end for one.
  bool IsOpenQuote(const YAML::Node& node) const {
    const auto at = static_cast<size_t>(std::max(node.Mark().pos, 0));
    const bool is_quote = at < text_.size() && (text_[at] == '"' || text_[at] == '\'');
    return is_quote && text_.find(text_[at], at + 1) == std::string_view::npos;
  }

  /// The expression in `node`, with each of its bytes traced to its place in the file: a
  /// quoted or folded YAML text does not lie there byte for byte.
  ExpressionSource Locate(const YAML::Node& node, std::string what) const {
    const std::string& value = node.Scalar();
    const YAML::Mark mark = node.Mark();
    size_t at = static_cast<size_t>(std::max(mark.pos, 0));
    ExpressionSource::Position position{mark.line + 1, mark.column + 1};
    // The header of a block text ("|", ">-") is not part of it.
    if (at < text_.size() && (text_[at] == '|' || text_[at] == '>')) {
      while (at < text_.size() && text_[at] != '\n') Advance(at, position);
    }
    std::vector<ExpressionSource::Position> positions;
    positions.reserve(value.size() + 1);
    for (const char c : value) {
      const bool is_space = c == ' ' || c == '\n' || c == '\t';
      size_t found = at;
      ExpressionSource::Position found_position = position;
      while (found < text_.size() && text_[found] != c) Advance(found, found_position);
      // A folded line break stands for a space: then the place is where we are.
      const bool is_near = found < text_.size() && (!is_space || found == at);
      if (is_near) {
        at = found;
        position = found_position;
      }
      positions.push_back(position);
      if (is_near) Advance(at, position);
    }
    positions.push_back(position);
    return ExpressionSource(file_name_, std::move(what), value, std::move(positions));
  }

 private:
  void Advance(size_t& at, ExpressionSource::Position& position) const {
    if (text_[at] == '\n') {
      ++position.line;
      position.column = 1;
    } else if ((static_cast<unsigned char>(text_[at]) & 0xC0) != 0x80) {
      ++position.column;
    }
    ++at;
  }

  std::string_view text_;
  const std::string& file_name_;
};

/// yaml-cpp descends once for each level: hostile nesting is refused before it sees it.
bool IsTooDeep(std::string_view yaml) {
  constexpr int kMaxFlowDepth = 32;
  constexpr int kMaxIndent = 200;
  int depth = 0;
  int indent = 0;
  bool is_line_start = true;
  for (const char c : yaml) {
    if (c == '\n') {
      is_line_start = true;
      indent = 0;
    } else if (is_line_start && (c == ' ' || c == '-' || c == '?')) {
      if (++indent > kMaxIndent) return true;
    } else {
      is_line_start = false;
    }
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 0) --depth;
    if (depth > kMaxFlowDepth) return true;
  }
  return false;
}

class SpecParser {
 public:
  SpecParser(std::string_view yaml, const std::string& file_name) : text_(yaml, file_name) {
    spec_.file_name = file_name;
  }

  /// May throw what yaml-cpp throws.
  Result<TransformSpec> Run(const YAML::Node& root) {
    if (!root.IsMap()) {
      return text_.Error(root.IsDefined() ? root.Mark() : YAML::Mark(),
                         "a features file is a mapping with the key 'features' (and label, weight, task)");
    }
    PENSTOCK_RETURN_IF_ERROR(CheckKeys(root, "key"));
    for (const auto& entry : root) PENSTOCK_RETURN_IF_ERROR(ParseTopLevel(entry.first, entry.second));
    if (spec_.features.empty() && spec_.summaries.empty())
      return text_.Error(root.Mark(), "there are no features; add at least one below 'features:'");
    const bool has_label = spec_.label.has_value() || !spec_.labels.empty();
    if (spec_.task.has_value() && !has_label) {
      return text_.Error(task_mark_, "there is a task but no label; add 'label: EXPRESSION'");
    }
    if (!spec_.labels.empty() &&
        spec_.task.value_or(Task::kMultilabelClassification) != Task::kMultilabelClassification) {
      return text_.Error(task_mark_,
                         fmt::format("a label of several conditions is for multilabel_classification, not {}",
                                     NameOf(*spec_.task)));
    }
    const bool is_ranking = spec_.task == Task::kRanking;
    if (is_ranking != spec_.query.has_value()) {
      return text_.Error(is_ranking ? task_mark_ : query_mark_,
                         is_ranking ? "ranking needs 'query: EXPRESSION': which examples compete"
                                    : "a query goes with 'task: ranking'");
    }
    if (spec_.allows_any_output && has_label) {
      return text_.Error(outputs_mark_,
                         "learners read numbers only: a file with a label cannot have 'outputs: any'");
    }
    return std::move(spec_);
  }

 private:
  Status CheckKeys(const YAML::Node& map, std::string_view what) {
    std::unordered_map<std::string, int> lines;
    for (const auto& entry : map) {
      if (!entry.first.IsScalar())
        return text_.Error(entry.first.Mark(), fmt::format("a {} must be a word", what));
      const auto [known, is_new] = lines.try_emplace(entry.first.Scalar(), entry.first.Mark().line + 1);
      if (!is_new) {
        return text_.Error(entry.first.Mark(), fmt::format("the {} '{}' is there twice, first in line {}",
                                                           what, entry.first.Scalar(), known->second));
      }
    }
    return OkStatus();
  }

  Status ParseTopLevel(const YAML::Node& key, const YAML::Node& value) {
    const std::string& name = key.Scalar();
    if (name == "features") return ParseDefinitions(key, value, "feature", spec_.features);
    if (name == "summaries") return ParseDefinitions(key, value, "summary", spec_.summaries);
    if (name == "label" && value.IsMap()) return ParseDefinitions(key, value, "class", spec_.labels);
    if (name == "label" || name == "weight" || name == "query") {
      PENSTOCK_ASSIGN_OR_RETURN(Definition definition, ParseDefinition(key, value, name));
      if (name == "query") query_mark_ = key.Mark();
      (name == "label" ? spec_.label : name == "weight" ? spec_.weight : spec_.query) = std::move(definition);
      return OkStatus();
    }
    if (name == "task") return ParseTask(key, value);
    if (name == "compat") return ParseChoice(value, name, "tft", "", spec_.is_tft_compatible);
    if (name == "outputs") {
      outputs_mark_ = key.Mark();
      return ParseChoice(value, name, "any", "numbers", spec_.allows_any_output);
    }
    const std::array<std::string, 8> known = {"features", "summaries", "label",  "weight",
                                              "task",     "query",     "compat", "outputs"};
    return text_.Error(
        key.Mark(),
        fmt::format(
            "unknown key '{}'{}; there are features, label, weight, task, query, summaries, compat and "
            "outputs",
            name, DidYouMean(name, known)));
  }

  /// `word` sets `is_word`; `other`, where there is one, is what holds without it.
  Status ParseChoice(const YAML::Node& value, std::string_view key, std::string_view word,
                     std::string_view other, bool& is_word) {
    is_word = value.IsScalar() && value.Scalar() == word;
    if (is_word || (!other.empty() && value.IsScalar() && value.Scalar() == other)) return OkStatus();
    return text_.Error(value.Mark(),
                       fmt::format("'{}' must be {}{}{}", key, word, other.empty() ? "" : " or ", other));
  }

  Status ParseTask(const YAML::Node& key, const YAML::Node& value) {
    task_mark_ = key.Mark();
    std::vector<std::string> tasks;
    const std::string name = value.IsScalar() ? value.Scalar() : "";
    for (int i = 1; i < kNumTasks; ++i) {
      const auto task = static_cast<Task>(i);
      if (name == NameOf(task)) spec_.task = task;
      tasks.emplace_back(NameOf(task));
    }
    if (spec_.task.has_value()) return OkStatus();
    return text_.Error(value.Mark(), fmt::format("unknown task '{}'{}; there are {}", name,
                                                 DidYouMean(name, tasks), fmt::join(tasks, ", ")));
  }

  Status ParseDefinitions(const YAML::Node& key, const YAML::Node& value, std::string_view what,
                          std::vector<Definition>& definitions) {
    if (!value.IsMap()) {
      return text_.Error(value.IsNull() ? key.Mark() : value.Mark(),
                         fmt::format("'{}' holds lines 'name: expression'", key.Scalar()));
    }
    if (value.size() > kMaxFeatures)
      return text_.Error(value.Mark(), fmt::format("more than {} {}", kMaxFeatures, key.Scalar()));
    PENSTOCK_RETURN_IF_ERROR(CheckKeys(value, what));
    for (const auto& entry : value) {
      PENSTOCK_RETURN_IF_ERROR(CheckFeatureName(entry.first));
      const std::string defined = fmt::format("{} '{}'", what, entry.first.Scalar());
      PENSTOCK_ASSIGN_OR_RETURN(Definition definition, ParseDefinition(entry.first, entry.second, defined));
      definitions.push_back(std::move(definition));
    }
    return OkStatus();
  }

  /// A feature's name becomes a column, a file name and a word in messages.
  Status CheckFeatureName(const YAML::Node& key) {
    const std::string& name = key.Scalar();
    const auto is_fine = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
             c == '-' || c == '.';
    };
    const bool is_word =
        !name.empty() && std::all_of(name.begin(), name.end(), is_fine) && name[0] != '.' && name[0] != '-';
    if (!is_word || name.size() > 120) {
      return text_.Error(
          key.Mark(),
          fmt::format("a feature's name is made of letters, digits, '_', '-' and '.' (at most 120) "
                      "and begins with a letter, digit or '_'; this is '{}'",
                      name));
    }
    if (name == kLabelColumn || name == kWeightColumn || name == kQueryColumn) {
      return text_.Error(key.Mark(), fmt::format("a feature cannot be named '{}'", name));
    }
    return OkStatus();
  }

  Result<Definition> ParseDefinition(const YAML::Node& key, const YAML::Node& value, std::string what) {
    if (!value.IsScalar()) {
      return text_.Error(value.IsNull() ? key.Mark() : value.Mark(),
                         fmt::format("{} needs one expression", what));
    }
    num_expression_bytes_ += value.Scalar().size();
    // An alias repeats a text for a few bytes: bound what it comes to in all.
    if (num_expression_bytes_ > 2 * kMaxSpecBytes)
      return text_.Error(value.Mark(), "the expressions are too long in all");
    if (value.Scalar().size() > kMaxExpressionBytes) {
      return text_.Error(value.Mark(),
                         fmt::format("the expression is longer than {} bytes", kMaxExpressionBytes));
    }
    if (text_.IsOpenQuote(value)) return text_.Error(value.Mark(), "not YAML: the quote is not closed");
    Definition definition{key.Scalar(), text_.Locate(value, std::move(what)), {}};
    PENSTOCK_ASSIGN_OR_RETURN(definition.expression, ParseExpression(definition.source));
    return definition;
  }

  YamlText text_;
  TransformSpec spec_;
  YAML::Mark task_mark_;
  YAML::Mark query_mark_;
  YAML::Mark outputs_mark_;
  size_t num_expression_bytes_ = 0;
};

}  // namespace

std::string_view NameOf(Task task) {
  constexpr std::array<std::string_view, kNumTasks> kNames = {"none",
                                                              "binary_classification",
                                                              "regression",
                                                              "multiclass_classification",
                                                              "multilabel_classification",
                                                              "ranking"};
  return kNames[static_cast<size_t>(task)];
}

Result<TransformSpec> ParseTransformSpec(std::string_view yaml, const std::string& file_name) {
  if (yaml.size() > kMaxSpecBytes)
    return InvalidArgument("{} is larger than {} bytes", file_name, kMaxSpecBytes);
  if (IsTooDeep(yaml))
    return InvalidArgument("{}: the YAML is nested too deep for a features file", file_name);
  try {
    return SpecParser(yaml, file_name).Run(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& error) {
    return InvalidArgument("{}", DescribeYamlFault(file_name, yaml, error.mark.line, error.mark.column,
                                                   fmt::format("not YAML: {}", error.msg)));
  }
}

Result<TransformSpec> ParseLabelSpec(const std::string& expression) {
  if (expression.size() > kMaxExpressionBytes)
    return InvalidArgument("The label is longer than {} bytes", kMaxExpressionBytes);
  Definition label{"label", ExpressionSource::OnOneLine("label", "label", expression, {}), {}};
  PENSTOCK_ASSIGN_OR_RETURN(label.expression, ParseExpression(label.source));
  TransformSpec spec;
  spec.file_name = "label";
  spec.label = std::move(label);
  return spec;
}

Result<TransformSpec> ReadTransformSpec(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::string yaml, fs::ReadFile(path));
  return ParseTransformSpec(yaml, path);
}

}  // namespace penstock::transform
