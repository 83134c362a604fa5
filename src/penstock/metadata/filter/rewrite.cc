#include "penstock/metadata/filter/rewrite.h"

#include <algorithm>
#include <set>

#include <absl/strings/ascii.h>
#include <absl/strings/match.h>
#include <absl/strings/str_split.h>

namespace penstock::metadata::filter {
namespace {

using Numbers = std::map<std::string, int, std::less<>>;

const Numbers& ArtifactStates() {
  static const Numbers* const states =
      new Numbers{{"UNKNOWN", 0}, {"PENDING", 1}, {"LIVE", 2}, {"MARKED_FOR_DELETION", 3}, {"DELETED", 4}};
  return *states;
}
const Numbers& ExecutionStates() {
  static const Numbers* const states =
      new Numbers{{"UNKNOWN", 0}, {"NEW", 1},    {"RUNNING", 2}, {"COMPLETE", 3},
                  {"FAILED", 4},  {"CACHED", 5}, {"CANCELED", 6}};
  return *states;
}
const Numbers& EventTypes() {
  static const Numbers* const types =
      new Numbers{{"DECLARED_OUTPUT", 1}, {"DECLARED_INPUT", 2}, {"INPUT", 3},
                  {"OUTPUT", 4},          {"INTERNAL_INPUT", 5}, {"INTERNAL_OUTPUT", 6}};
  return *types;
}

/// The query with every character of its string literals blanked out: patterns find only what is outside.
std::string MaskLiterals(const std::string& query) {
  std::string masked = query;
  char quote = 0;
  for (size_t i = 0; i < query.size(); ++i) {
    const char c = query[i];
    if (quote == 0) {
      if (c == '\'' || c == '"' || c == '`') quote = c;
      continue;
    }
    if (c == quote) {
      quote = 0;
    } else if (quote != '`') {
      masked[i] = '\1';
      if (c == '\\' && i + 1 < query.size()) masked[++i] = '\1';
    }
  }
  return masked;
}

// Patterns are matched by hand: Debian's RE2 and the one inside libarrow do not live in one program.

bool IsWord(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }
bool IsSpace(char c) { return absl::ascii_isspace(static_cast<unsigned char>(c)); }

size_t SkipWhile(const std::string& text, size_t at, bool (*is_skipped)(char)) {
  while (at < text.size() && is_skipped(text[at])) ++at;
  return at;
}

/// Where `word` next begins a word, from `from` on; npos where it does not. Only its beginning must be one.
size_t FindWordStart(const std::string& text, std::string_view word, size_t from) {
  for (size_t at = text.find(word, from); at != std::string::npos; at = text.find(word, at + 1)) {
    if (at == 0 || !IsWord(text[at - 1])) return at;
  }
  return std::string::npos;
}

/// The end of `name` where it stands at `at` in any case; npos where it does not.
size_t SkipKeyword(const std::string& text, size_t at, std::string_view name) {
  if (!absl::EqualsIgnoreCase({text.data() + at, std::min(name.size(), text.size() - at)},
                              {name.data(), name.size()})) {
    return std::string::npos;
  }
  return at + name.size();
}

/// `<field> =|!=|IN|NOT IN <name or list of names>`, by offsets.
struct EnumPredicate {
  size_t start = 0, end = 0;
  std::string field, comparison, value;
};

/// The end of the operator at `at`, and its text; npos where there is none. IN stands between blanks.
size_t ReadComparison(const std::string& text, size_t at, std::string& comparison) {
  const size_t symbol = SkipWhile(text, at, IsSpace);
  if (text.substr(symbol, 1) == "=" || text.substr(symbol, 2) == "!=") {
    comparison = text[symbol] == '=' ? "=" : "!=";
    return symbol + comparison.size();
  }
  if (symbol == at) return std::string::npos;
  size_t word = symbol;
  if (const size_t end = SkipKeyword(text, word, "NOT"); end != std::string::npos)
    word = SkipWhile(text, end, IsSpace);
  const size_t end = SkipKeyword(text, word, "IN");
  if (end == std::string::npos || end >= text.size() || !IsSpace(text[end])) return std::string::npos;
  comparison = text.substr(symbol, end - symbol);
  return end;
}

/// The end of the name, or of the list of names in parentheses, at `at`; npos where there is neither.
size_t ReadNames(const std::string& text, size_t at) {
  if (at < text.size() && IsWord(text[at])) return SkipWhile(text, at, IsWord);
  if (at >= text.size() || text[at] != '(') return std::string::npos;
  const size_t close = SkipWhile(text, at + 1, [](char c) { return IsWord(c) || IsSpace(c) || c == ','; });
  if (close >= text.size() || text[close] != ')') return std::string::npos;
  const std::string inside = text.substr(at + 1, close - at - 1);
  if (inside.empty()) return close + 1;
  const size_t first = SkipWhile(inside, 0, IsSpace);
  const size_t last = inside.find_last_not_of(" \t\n\v\f\r");
  const auto num_word_characters = std::count_if(inside.begin(), inside.end(), IsWord);
  const bool is_list = first < inside.size() && IsWord(inside[first]) && IsWord(inside[last]);
  return is_list && num_word_characters >= 2 ? close + 1 : std::string::npos;
}

/// The end of `field` where it begins at `at`; of "events" that of `events_x.type`.
size_t ReadEnumField(const std::string& text, size_t at, std::string_view field) {
  size_t end = at + field.size();
  if (field != "events") return end;
  if (text.substr(end, 1) != "_") return std::string::npos;
  const size_t name = SkipWhile(text, end + 1, IsWord);
  return name > end + 1 && text.compare(name, 5, ".type") == 0 ? name + 5 : std::string::npos;
}

std::optional<EnumPredicate> FindEnumPredicate(const std::string& text, std::string_view field, size_t from) {
  for (size_t at = FindWordStart(text, field, from); at != std::string::npos;
       at = FindWordStart(text, field, at + 1)) {
    EnumPredicate predicate{.start = at};
    const size_t end_of_field = ReadEnumField(text, at, field);
    if (end_of_field == std::string::npos) continue;
    const size_t end_of_comparison = ReadComparison(text, end_of_field, predicate.comparison);
    if (end_of_comparison == std::string::npos) continue;
    const size_t value = SkipWhile(text, end_of_comparison, IsSpace);
    predicate.end = ReadNames(text, value);
    if (predicate.end == std::string::npos) continue;
    predicate.field = text.substr(at, end_of_field - at);
    predicate.value = text.substr(value, predicate.end - value);
    return predicate;
  }
  return std::nullopt;
}

Result<int> NumberOf(const Numbers& numbers, std::string_view name) {
  const auto found = numbers.find(name);
  if (found != numbers.end()) return found->second;
  return InvalidArgument("Unsupported enum value specified in the query: {}", name);
}

/// The predicate with numbers; one that excludes values holds for NULL as well.
Result<std::string> RewritePredicate(std::string_view field, std::string_view comparison,
                                     std::string_view value, const Numbers& numbers) {
  if (comparison == "=" || comparison == "!=") {
    PENSTOCK_ASSIGN_OR_RETURN(const int number, NumberOf(numbers, value));
    if (comparison == "=") return fmt::format(" {} = {} ", field, number);
    return fmt::format(" (({} != {}) OR ({} IS NULL)) ", field, number, field);
  }
  if (!value.starts_with('(')) {
    return InvalidArgument("Expected a list of enum values enclosed in parentheses but got {}", value);
  }
  std::vector<int> list;
  const std::string inside(value.substr(1, value.size() - 2));
  for (absl::string_view name : absl::StrSplit(inside, ',')) {
    name = absl::StripAsciiWhitespace(name);
    PENSTOCK_ASSIGN_OR_RETURN(const int number, NumberOf(numbers, {name.data(), name.size()}));
    list.push_back(number);
  }
  const std::string text(absl::StripAsciiWhitespace({comparison.data(), comparison.size()}));
  if (absl::EqualsIgnoreCase(text, "IN"))
    return fmt::format(" {} {} ({}) ", field, text, fmt::join(list, ","));
  return fmt::format(" (({} {} ({})) OR ({} IS NULL)) ", field, text, fmt::join(list, ","), field);
}

Status RewriteEnums(std::string_view field, const Numbers& numbers, std::string& query) {
  const std::string masked = MaskLiterals(query);
  std::string rewritten;
  size_t done = 0;
  while (const auto found = FindEnumPredicate(masked, field, done)) {
    rewritten.append(query, done, found->start - done);
    done = found->end;
    if (found->value == "()") {  // Left for the parser to refuse.
      rewritten.append(query, found->start, found->end - found->start);
      continue;
    }
    PENSTOCK_ASSIGN_OR_RETURN(const std::string predicate,
                              RewritePredicate(found->field, found->comparison, found->value, numbers));
    rewritten += predicate;
  }
  rewritten.append(query, done);
  query = std::move(rewritten);
  return OkStatus();
}

Status Declare(Columns& columns, Column column) {
  const std::string name = absl::AsciiStrToLower(column.mention);
  const auto [entry, is_new] = columns.emplace(name, column);
  if (is_new || entry->second.mention == column.mention) return OkStatus();
  return InvalidArgument("Duplicate expression column name {}", name);
}

/// Declares each neighbour that is mentioned as `<prefix>_x.`
Status DeclareNeighbours(const std::string& query, const std::string& prefix, Neighbour neighbour,
                         Columns& columns) {
  const std::string masked = MaskLiterals(query);
  const std::string start = prefix + "_";
  for (size_t at = FindWordStart(masked, start, 0); at != std::string::npos;
       at = FindWordStart(masked, start, at + 1)) {
    const size_t end = SkipWhile(masked, at + start.size(), IsWord);
    if (end == at + start.size() || masked.substr(end, 1) != ".") continue;
    PENSTOCK_RETURN_IF_ERROR(
        Declare(columns, {neighbour, ValueType::kNeighbour, masked.substr(at, end - at), ""}));
  }
  return OkStatus();
}

/// A `<prefix>.x.` in a query, by offsets. `name` is as written, with its backquotes.
struct PropertyMention {
  size_t start = 0, end = 0;
  std::string name;
};

std::optional<PropertyMention> FindProperty(const std::string& text, const std::string& prefix, size_t from) {
  const std::string start = prefix + ".";
  for (size_t at = FindWordStart(text, start, from); at != std::string::npos;
       at = FindWordStart(text, start, at + 1)) {
    const size_t name = at + start.size();
    size_t end = SkipWhile(text, name, IsWord);
    if (name < text.size() && text[name] == '`') {
      const size_t close = text.find('`', name + 1);
      if (close == std::string::npos || close == name + 1) continue;
      end = close + 1;
    }
    if (end == name || text.substr(end, 1) != ".") continue;
    return PropertyMention{at, end + 1, text.substr(name, end - name)};
  }
  return std::nullopt;
}

bool IsValueAt(const std::string& text, size_t at) {
  for (const std::string_view type : {"int", "double", "string", "bool"}) {
    if (text.compare(at, type.size(), type) == 0) return true;
  }
  return false;
}

/// `properties.x.` becomes `properties_x.` wherever x is used with a value somewhere.
Status RewriteProperties(const std::string& prefix, Neighbour neighbour, std::string& query,
                         Columns& columns) {
  const std::string masked = MaskLiterals(query);
  std::set<std::string> used;
  size_t from = 0;
  while (const auto found = FindProperty(masked, prefix, from)) {
    from = found->end;
    if (!IsValueAt(masked, found->end)) continue;
    used.insert(found->name);
    const bool is_quoted = found->name.front() == '`';
    const std::string property = is_quoted ? found->name.substr(1, found->name.size() - 2) : found->name;
    PENSTOCK_RETURN_IF_ERROR(
        Declare(columns, {neighbour, ValueType::kNeighbour, prefix + "_" + property, property}));
  }
  std::string rewritten;
  size_t done = 0;
  from = 0;
  while (const auto found = FindProperty(masked, prefix, from)) {
    from = found->end;
    if (!used.contains(found->name)) continue;
    const bool is_quoted = found->name.front() == '`';
    rewritten.append(query, done, found->start - done);
    rewritten += is_quoted ? "`" + prefix + "_" + found->name.substr(1) : prefix + "_" + found->name;
    rewritten += ".";
    done = found->end;
  }
  rewritten.append(query, done);
  query = std::move(rewritten);
  return OkStatus();
}

Status RewriteNeighbours(NodeKind kind, RewrittenQuery& query) {
  Columns& columns = query.columns;
  if (kind == NodeKind::kContext) {
    PENSTOCK_RETURN_IF_ERROR(
        DeclareNeighbours(query.text, "child_contexts", Neighbour::kChildContext, columns));
    PENSTOCK_RETURN_IF_ERROR(
        DeclareNeighbours(query.text, "parent_contexts", Neighbour::kParentContext, columns));
    PENSTOCK_RETURN_IF_ERROR(DeclareNeighbours(query.text, "artifacts", Neighbour::kArtifact, columns));
    PENSTOCK_RETURN_IF_ERROR(DeclareNeighbours(query.text, "executions", Neighbour::kExecution, columns));
    PENSTOCK_RETURN_IF_ERROR(RewriteEnums("state", ArtifactStates(), query.text));
    return RewriteEnums("last_known_state", ExecutionStates(), query.text);
  }
  if (kind == NodeKind::kArtifact)
    PENSTOCK_RETURN_IF_ERROR(RewriteEnums("state", ArtifactStates(), query.text));
  if (kind == NodeKind::kExecution) {
    PENSTOCK_RETURN_IF_ERROR(RewriteEnums("last_known_state", ExecutionStates(), query.text));
  }
  PENSTOCK_RETURN_IF_ERROR(DeclareNeighbours(query.text, "contexts", Neighbour::kContext, columns));
  PENSTOCK_RETURN_IF_ERROR(DeclareNeighbours(query.text, "events", Neighbour::kEvent, columns));
  return RewriteEnums("events", EventTypes(), query.text);
}

}  // namespace

Result<RewrittenQuery> RewriteQuery(NodeKind kind, const std::string& query) {
  RewrittenQuery rewritten{query, AttributesOf(kind)};
  PENSTOCK_RETURN_IF_ERROR(RewriteNeighbours(kind, rewritten));
  PENSTOCK_RETURN_IF_ERROR(
      RewriteProperties("properties", Neighbour::kProperty, rewritten.text, rewritten.columns));
  PENSTOCK_RETURN_IF_ERROR(
      RewriteProperties("custom_properties", Neighbour::kCustomProperty, rewritten.text, rewritten.columns));
  return rewritten;
}

}  // namespace penstock::metadata::filter
