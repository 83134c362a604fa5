#include <array>
#include <charconv>

#include "penstock/pipeline/condition_internal.h"

namespace penstock::pipeline {
namespace {

using Node = Condition::Node;
using NodePointer = std::shared_ptr<const Node>;
using nlohmann::json;

constexpr size_t kMaxTextBytes = 64 << 10;
constexpr int kMaxDepth = 100;

bool IsNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

NodePointer MakeNode(Node::Kind kind, std::string name, std::vector<NodePointer> operands = {}) {
  auto node = std::make_shared<Node>();
  node->kind = kind;
  node->name = std::move(name);
  node->operands = std::move(operands);
  return node;
}

NodePointer MakeLiteral(json value) {
  auto node = std::make_shared<Node>();
  node->literal = std::move(value);
  return node;
}

void AppendUtf8(uint32_t point, std::string& out) {
  if (point < 0x80) {
    out += static_cast<char>(point);
  } else if (point < 0x800) {
    out += static_cast<char>(0xC0 | point >> 6);
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    out += static_cast<char>(0xE0 | point >> 12);
    out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | point >> 18);
    out += static_cast<char>(0x80 | (point >> 12 & 0x3F));
    out += static_cast<char>(0x80 | (point >> 6 & 0x3F));
    out += static_cast<char>(0x80 | (point & 0x3F));
  }
}

/// Recursive descent over the text itself; one method per precedence level, the loosest first.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<NodePointer> Parse() {
    if (text_.size() > kMaxTextBytes)
      return InvalidArgument("A condition is larger than {} bytes", kMaxTextBytes);
    PENSTOCK_ASSIGN_OR_RETURN(NodePointer root, Choice());
    SkipSpace();
    if (at_ < text_.size()) return Expected("an operator or the end");
    return root;
  }

 private:
  Status Expected(std::string_view what) const {
    return InvalidArgument("Condition, column {}: {} is expected{}: {}", at_ + 1, what,
                           at_ < text_.size() ? fmt::format(", not '{}'", text_[at_]) : ", not its end",
                           text_.substr(0, 200));
  }

  void SkipSpace() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  /// Takes `token` if it comes next; a word only where it ends there.
  bool Take(std::string_view token) {
    SkipSpace();
    if (!text_.substr(at_).starts_with(token)) return false;
    const size_t end = at_ + token.size();
    if (IsNameStart(token[0]) && end < text_.size() && (IsNameStart(text_[end]) || IsDigit(text_[end])))
      return false;
    at_ = end;
    return true;
  }

  Result<NodePointer> Choice() {
    if (++depth_ > kMaxDepth)
      return InvalidArgument("A condition is nested deeper than {} levels", kMaxDepth);
    PENSTOCK_ASSIGN_OR_RETURN(NodePointer condition, Binary(0));
    if (Take("?")) {
      PENSTOCK_ASSIGN_OR_RETURN(NodePointer then, Choice());
      if (!Take(":")) return Expected("':'");
      PENSTOCK_ASSIGN_OR_RETURN(NodePointer otherwise, Choice());
      condition = MakeNode(Node::Kind::kChoice, "?:", {condition, then, otherwise});
    }
    --depth_;
    return condition;
  }

  /// Left-associative operators, level by level.
  Result<NodePointer> Binary(size_t level) {
    // Longer tokens first: "<=" before "<".
    static constexpr std::array<std::array<std::string_view, 7>, 5> kLevels = {{
        {"||"},
        {"&&"},
        {"==", "!=", "<=", ">=", "<", ">", "in"},
        {"+", "-"},
        {"*", "/", "%"},
    }};
    if (level == kLevels.size()) return Unary();
    PENSTOCK_ASSIGN_OR_RETURN(NodePointer left, Binary(level + 1));
    for (size_t num_operators = 0;; ++num_operators) {
      // The tree leans left, and whoever walks it goes as deep as it is long.
      if (num_operators > kMaxDepth * 10) return Expected("a shorter chain of operators");
      std::string_view found;
      for (const std::string_view token : kLevels[level])
        if (found.empty() && !token.empty() && Take(token)) found = token;
      if (found.empty()) return left;
      PENSTOCK_ASSIGN_OR_RETURN(NodePointer right, Binary(level + 1));
      left = MakeNode(Node::Kind::kBinary, std::string(found), {left, right});
    }
  }

  Result<NodePointer> Unary() {
    if (++depth_ > kMaxDepth)
      return InvalidArgument("A condition is nested deeper than {} levels", kMaxDepth);
    NodePointer node;
    if (Take("!")) {
      PENSTOCK_ASSIGN_OR_RETURN(NodePointer operand, Unary());
      node = MakeNode(Node::Kind::kUnary, "!", {operand});
    } else if (Take("-")) {
      PENSTOCK_ASSIGN_OR_RETURN(NodePointer operand, Unary());
      node = MakeNode(Node::Kind::kUnary, "-", {operand});
    } else {
      PENSTOCK_ASSIGN_OR_RETURN(node, Member());
    }
    --depth_;
    return node;
  }

  Result<NodePointer> Member() {
    PENSTOCK_ASSIGN_OR_RETURN(NodePointer node, Primary());
    for (int length = 0; length < kMaxDepth; ++length) {
      if (Take(".")) {
        PENSTOCK_ASSIGN_OR_RETURN(const std::string name, Name());
        if (Take("(")) {
          PENSTOCK_ASSIGN_OR_RETURN(std::vector<NodePointer> operands, Items(")"));
          operands.insert(operands.begin(), node);
          node = MakeNode(Node::Kind::kCall, "." + name, std::move(operands));
        } else {
          node = MakeNode(Node::Kind::kMember, name, {node});
        }
      } else if (Take("[")) {
        PENSTOCK_ASSIGN_OR_RETURN(NodePointer key, Choice());
        if (!Take("]")) return Expected("']'");
        node = MakeNode(Node::Kind::kIndex, "[]", {node, key});
      } else {
        return node;
      }
    }
    return Expected("a shorter path");
  }

  Result<NodePointer> Primary() {
    SkipSpace();
    if (at_ >= text_.size()) return Expected("a value");
    const char c = text_[at_];
    if (Take("(")) {
      PENSTOCK_ASSIGN_OR_RETURN(NodePointer node, Choice());
      if (!Take(")")) return Expected("')'");
      return node;
    }
    if (Take("[")) {
      PENSTOCK_ASSIGN_OR_RETURN(std::vector<NodePointer> items, Items("]"));
      return MakeNode(Node::Kind::kList, "", std::move(items));
    }
    if (Take("{")) return Map();
    if (c == '\'' || c == '"') return Text(/*is_raw=*/false);
    if ((c == 'r' || c == 'R') && at_ + 1 < text_.size() &&
        (text_[at_ + 1] == '\'' || text_[at_ + 1] == '"')) {
      ++at_;
      return Text(/*is_raw=*/true);
    }
    if (IsDigit(c) || c == '.') return Number();
    if (!IsNameStart(c)) return Expected("a value");
    PENSTOCK_ASSIGN_OR_RETURN(std::string name, Name());
    if (name == "true" || name == "false") return MakeLiteral(name == "true");
    if (name == "null") return MakeLiteral(nullptr);
    if (!Take("(")) return MakeNode(Node::Kind::kIdentifier, std::move(name));
    PENSTOCK_ASSIGN_OR_RETURN(std::vector<NodePointer> operands, Items(")"));
    return MakeNode(Node::Kind::kCall, std::move(name), std::move(operands));
  }

  Result<std::string> Name() {
    SkipSpace();
    const size_t start = at_;
    while (at_ < text_.size() && (IsNameStart(text_[at_]) || (at_ > start && IsDigit(text_[at_])))) ++at_;
    if (at_ == start) return Expected("a name");
    return std::string(text_.substr(start, at_ - start));
  }

  Result<std::vector<NodePointer>> Items(std::string_view close) {
    std::vector<NodePointer> items;
    if (Take(close)) return items;
    while (true) {
      PENSTOCK_ASSIGN_OR_RETURN(NodePointer item, Choice());
      items.push_back(std::move(item));
      if (Take(close)) return items;
      if (!Take(",")) return Expected(fmt::format("',' or '{}'", close));
    }
  }

  Result<NodePointer> Map() {
    std::vector<NodePointer> entries;
    if (Take("}")) return MakeNode(Node::Kind::kMap, "");
    while (true) {
      PENSTOCK_ASSIGN_OR_RETURN(NodePointer key, Choice());
      if (!Take(":")) return Expected("':'");
      PENSTOCK_ASSIGN_OR_RETURN(NodePointer value, Choice());
      entries.push_back(std::move(key));
      entries.push_back(std::move(value));
      if (Take("}")) return MakeNode(Node::Kind::kMap, "", std::move(entries));
      if (!Take(",")) return Expected("',' or '}'");
    }
  }

  Result<NodePointer> Number() {
    const size_t start = at_;
    bool is_double = false;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      const bool is_sign =
          (c == '+' || c == '-') && at_ > start && (text_[at_ - 1] == 'e' || text_[at_ - 1] == 'E');
      if (!IsDigit(c) && c != '.' && c != 'e' && c != 'E' && !is_sign) break;
      is_double = is_double || !IsDigit(c);
      ++at_;
    }
    const char* first = text_.data() + start;
    const char* last = text_.data() + at_;
    if (is_double) {
      double value = 0;
      const auto [end, error] = std::from_chars(first, last, value);
      if (error != std::errc() || end != last) return Expected("a number");
      return MakeLiteral(value);
    }
    int64_t value = 0;
    const auto [end, error] = std::from_chars(first, last, value);
    if (error != std::errc() || end != last) return Expected("an integer of 64 bits");
    if (at_ < text_.size() && (text_[at_] == 'u' || text_[at_] == 'U')) ++at_;
    return MakeLiteral(value);
  }

  Result<NodePointer> Text(bool is_raw) {
    const char quote = text_[at_++];
    std::string value;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && !is_raw) {
        PENSTOCK_RETURN_IF_ERROR(Escape(value));
      } else {
        value += text_[at_++];
      }
    }
    if (at_ >= text_.size()) return Expected(fmt::format("{}", quote));
    ++at_;
    return MakeLiteral(std::move(value));
  }

  Status Escape(std::string& value) {
    static constexpr std::string_view kLetters = "abfnrtv\\?\"'`";
    static constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\?\"'`";
    if (++at_ >= text_.size()) return Expected("an escape");
    const char c = text_[at_];
    if (const size_t letter = kLetters.find(c); letter != kLetters.npos) {
      value += kMeanings[letter];
      ++at_;
      return OkStatus();
    }
    const size_t num_digits = c == 'x' || c == 'X' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (num_digits == 0 || text_.size() - at_ <= num_digits) return Expected("an escape");
    uint32_t point = 0;
    const char* first = text_.data() + at_ + 1;
    const auto [end, error] = std::from_chars(first, first + num_digits, point, 16);
    if (error != std::errc() || end != first + num_digits || point > 0x10FFFF ||
        (point >= 0xD800 && point < 0xE000))
      return Expected("an escape");
    AppendUtf8(point, value);
    at_ += num_digits + 1;
    return OkStatus();
  }

  const std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Result<NodePointer> ParseCondition(std::string_view text) { return Parser(text).Parse(); }

}  // namespace penstock::pipeline
