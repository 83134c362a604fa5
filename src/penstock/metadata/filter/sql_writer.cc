#include "penstock/metadata/filter/sql_writer.h"

#include <algorithm>
#include <utility>

#include <absl/strings/ascii.h>
#include <absl/strings/escaping.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>

#include "penstock/metadata/filter/functions.h"
#include "penstock/metadata/filter/joins.h"

namespace penstock::metadata::filter {
namespace {

/// The same expression twice: to run, with `?` for values, and to show, as ML Metadata would have sent it.
struct Fragment {
  std::string sql;
  std::string shown;
};

/// In parentheses, unless it is one word or number: ML Metadata's rule.
std::string Wrap(const std::string& text) {
  const bool is_word = std::all_of(text.begin(), text.end(),
                                   [](unsigned char c) { return absl::ascii_isalnum(c) || c == '_'; });
  return is_word ? text : "(" + text + ")";
}

Fragment Wrapped(const Fragment& fragment) { return {"(" + fragment.sql + ")", Wrap(fragment.shown)}; }

std::string ShownText(const std::string& text) {
  const bool is_single = text.find('"') != std::string::npos && text.find('\'') == std::string::npos;
  const char quote = is_single ? '\'' : '"';
  std::string escaped = quote == '"' ? absl::CEscape(text) : text;
  return quote + escaped + quote;
}

std::string ShownDouble(double value) {
  std::string text = absl::StrCat(value);
  const bool is_whole = text.find_first_of(".en") == std::string::npos;
  return is_whole ? text + ".0" : text;
}

class Writer {
 public:
  explicit Writer(NodeKind kind) : kind_(kind) {}

  CompiledFilter Run(const Expression& expression) {
    const Fragment where = Write(expression);
    CompiledFilter filter;
    filter.where_clause = where.sql;
    filter.shown_where_clause = where.shown;
    filter.from_clause = filter.shown_from_clause = BaseTable(kind_);
    for (const auto& [key, join] : joins_) {
      const bool is_custom = key.first == Neighbour::kCustomProperty;
      const bool is_property = is_custom || key.first == Neighbour::kProperty;
      filter.from_clause += JoinText(key.first, kind_, join.alias, "?", is_custom ? "'1'" : "'0'");
      filter.shown_from_clause +=
          JoinText(key.first, kind_, join.alias, "\"" + join.property + "\"", is_custom ? "true" : "false");
      if (is_property) filter.values.push_back(join.property);
    }
    std::move(values_.begin(), values_.end(), std::back_inserter(filter.values));
    filter.missing_column = missing_column_;
    return filter;
  }

 private:
  struct Join {
    std::string alias;
    std::string property;
  };

  Fragment Write(const Expression& expression) {
    switch (expression.kind) {
      case ExpressionKind::kName:
        return Name(*expression.column);
      case ExpressionKind::kField:
        return FieldOf(expression);
      case ExpressionKind::kInteger:
      case ExpressionKind::kFloat:
        return Number(expression);
      case ExpressionKind::kString:
      case ExpressionKind::kBytes:
        return Bound(expression.text, ShownText(expression.text));
      case ExpressionKind::kBool:
        return {expression.text, expression.text};
      case ExpressionKind::kNull:
      case ExpressionKind::kParameter:
        return {"NULL", "NULL"};
      case ExpressionKind::kAnd:
        return Joined(expression, " AND ");
      case ExpressionKind::kOr:
        return Joined(expression, " OR ");
      case ExpressionKind::kNot:
        return Not(Write(*expression.children[0]));
      case ExpressionKind::kComparison:
        return Joined(expression, " " + expression.text + " ");
      case ExpressionKind::kBinary:
        return Binary(expression);
      case ExpressionKind::kUnary:
        return Unary(expression);
      case ExpressionKind::kLike:
        return Negated(expression, Joined(expression, " LIKE "));
      case ExpressionKind::kIn:
        return Negated(expression, In(expression));
      case ExpressionKind::kBetween:
        return Negated(expression, Between(expression));
      case ExpressionKind::kIs:
        return Negated(expression, Is(expression));
      case ExpressionKind::kCall:
        return Call(expression);
      case ExpressionKind::kCast:
        return Cast(expression);
      case ExpressionKind::kCase:
        return Case(expression);
    }
    return {};
  }

  const std::string& AliasOf(Neighbour neighbour, const Column& column) {
    Join& join = joins_[{neighbour, neighbour == Neighbour::kType ? "" : column.mention}];
    if (join.alias.empty()) {
      join.alias = fmt::format("table_{}", joins_.size());
      join.property = column.property;
    }
    return join.alias;
  }

  Fragment Name(const Column& column) {
    const std::string text = column.neighbour == Neighbour::kBase
                                 ? fmt::format("{}.{}", kBaseAlias, column.mention)
                                 : AliasOf(column.neighbour, column);
    if (column.neighbour == Neighbour::kType) return {text + ".type", text + ".type"};
    return {text, text};
  }

  Fragment FieldOf(const Expression& expression) {
    const std::string text = Write(*expression.children[0]).sql + "." + std::string(expression.field->name);
    if (!expression.field->has_column && missing_column_.empty()) missing_column_ = text;
    return {text, text};
  }

  Fragment Bound(BoundValue value, std::string shown) {
    values_.push_back(std::move(value));
    return {"?", std::move(shown)};
  }
  Fragment Number(const Expression& expression) {
    int64_t whole = 0;
    if (expression.type == ValueType::kInt64 && absl::SimpleAtoi(expression.text, &whole)) {
      return Bound(whole, expression.text);
    }
    double value = 0;
    static_cast<void>(absl::SimpleAtod(expression.text, &value));  // The lexer took it for a number.
    return Bound(value, expression.type == ValueType::kUint64 ? expression.text : ShownDouble(value));
  }

  /// The children between the same words, each in parentheses.
  Fragment Joined(const Expression& expression, const std::string& separator) {
    Fragment all;
    for (const auto& child : expression.children) {
      const Fragment next = Wrapped(Write(*child));
      if (!all.sql.empty()) {
        all.sql += separator;
        all.shown += separator;
      }
      all.sql += next.sql;
      all.shown += next.shown;
    }
    return all;
  }

  static Fragment Not(const Fragment& child) {
    return {"NOT (" + child.sql + ")", "NOT (" + child.shown + ")"};
  }
  static Fragment Negated(const Expression& expression, Fragment fragment) {
    return expression.is_negated ? Not(fragment) : fragment;
  }

  Fragment Binary(const Expression& expression) {
    Fragment left = Wrapped(Write(*expression.children[0]));
    Fragment right = Wrapped(Write(*expression.children[1]));
    const std::string& symbol = expression.text;
    if (symbol == "/") {  // Of whole numbers too it is a fraction; by zero SQLite's is NULL.
      return {fmt::format("CAST({} AS REAL) / {}", left.sql, right.sql),
              fmt::format("{} / {}", left.shown, right.shown)};
    }
    if (symbol == "||") {
      return {fmt::format("{} || {}", left.sql, right.sql),
              fmt::format("CONCAT({}, {})", left.shown, right.shown)};
    }
    return {fmt::format("{} {} {}", left.sql, symbol, right.sql),
            fmt::format("{} {} {}", left.shown, symbol, right.shown)};
  }

  Fragment Unary(const Expression& expression) {
    const Fragment child = Wrapped(Write(*expression.children[0]));
    return {expression.text + child.sql, expression.text + child.shown};
  }

  Fragment In(const Expression& expression) {
    const Fragment value = Wrapped(Write(*expression.children[0]));
    Fragment list;
    for (size_t i = 1; i < expression.children.size(); ++i) {
      const Fragment element = Write(*expression.children[i]);
      list.sql += (i == 1 ? "" : ", ") + element.sql;
      list.shown += (i == 1 ? "" : ", ") + element.shown;
    }
    return {value.sql + " IN (" + list.sql + ")", value.shown + " IN (" + list.shown + ")"};
  }

  Fragment Between(const Expression& expression) {
    const Fragment value = Write(*expression.children[0]);
    const Fragment low = Write(*expression.children[1]);
    const Fragment high = Write(*expression.children[2]);
    return {fmt::format("({}) BETWEEN ({}) AND ({})", value.sql, low.sql, high.sql),
            fmt::format("({}) BETWEEN ({}) AND ({})", value.shown, low.shown, high.shown)};
  }

  Fragment Is(const Expression& expression) {
    const Fragment value = Write(*expression.children[0]);
    const std::string_view what = expression.text == "UNKNOWN" ? "NULL" : std::string_view(expression.text);
    return {fmt::format("({}) IS {}", value.sql, what), fmt::format("({}) IS {}", value.shown, what)};
  }

  Fragment Call(const Expression& expression) {
    const Function& function = *FindFunction(expression.text);
    if (function.name == "IF") return If(expression);
    Fragment call{std::string(function.open), std::string(function.name) + "("};
    for (size_t i = 0; i < expression.children.size(); ++i) {
      const Fragment argument = Write(*expression.children[i]);
      if (i > 0) {
        call.sql += function.separator;
        call.shown += ", ";
      }
      call.sql += "(" + argument.sql + ")";
      call.shown += argument.shown;
    }
    return {call.sql + std::string(function.close), call.shown + ")"};
  }

  /// Not every database has such a function.
  Fragment If(const Expression& expression) {
    const Fragment condition = Write(*expression.children[0]);
    const Fragment yes = Write(*expression.children[1]), no = Write(*expression.children[2]);
    return {fmt::format("(CASE WHEN ({}) THEN ({}) ELSE ({}) END)", condition.sql, yes.sql, no.sql),
            fmt::format("IF({}, {}, {})", condition.shown, yes.shown, no.shown)};
  }

  Fragment Cast(const Expression& expression) {
    const Fragment value = Write(*expression.children[0]);
    const std::string_view type = expression.type == ValueType::kString  ? "TEXT"
                                  : expression.type == ValueType::kInt64 ? "INTEGER"
                                                                         : "REAL";
    return {fmt::format("CAST({} AS {})", value.sql, type),
            fmt::format("CAST({} AS {})", value.shown, expression.text)};
  }

  Fragment Case(const Expression& expression) {
    Fragment all{"CASE", "CASE"};
    const auto append = [&](std::string_view word, const Expression& child) {
      const Fragment next = Write(child);
      all.sql += fmt::format("{} ({})", word, next.sql);
      all.shown += fmt::format("{} ({})", word, next.shown);
    };
    const auto& children = expression.children;
    size_t at = 0;
    if (expression.has_case_value) append("", *children[at++]);
    for (const size_t end = children.size() - (expression.has_else ? 1 : 0); at < end; at += 2) {
      append(" WHEN", *children[at]);
      append(" THEN", *children[at + 1]);
    }
    if (expression.has_else) append(" ELSE", *children.back());
    return {all.sql + " END", all.shown + " END"};
  }

  const NodeKind kind_;
  std::map<std::pair<Neighbour, std::string>, Join> joins_;  // In the order of the from clause.
  std::vector<BoundValue> values_;
  std::string missing_column_;
};

}  // namespace

CompiledFilter WriteSql(NodeKind kind, const Expression& expression) { return Writer(kind).Run(expression); }

}  // namespace penstock::metadata::filter
