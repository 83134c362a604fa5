#include "penstock/pipeline/condition.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "penstock/base/near_miss.h"
#include "penstock/pipeline/condition_internal.h"

namespace penstock::pipeline {
namespace {

using Node = Condition::Node;
using nlohmann::json;

std::string Spell(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

Result<json> Unfit(std::string_view what, const json& left, const json& right) {
  return InvalidArgument("{} does not apply to {} and {}", what, Spell(left), Spell(right));
}

bool AreEqual(const json& left, const json& right) {
  if (left.is_number() && right.is_number()) {
    if (left.is_number_integer() && right.is_number_integer()) return left == right;
    return left.get<double>() == right.get<double>();
  }
  if (left.is_array() && right.is_array())
    return left.size() == right.size() && std::equal(left.begin(), left.end(), right.begin(), AreEqual);
  if (left.is_object() && right.is_object()) {
    if (left.size() != right.size()) return false;
    for (const auto& [key, value] : left.items())
      if (const auto other = right.find(key); other == right.end() || !AreEqual(value, *other)) return false;
    return true;
  }
  return left == right;
}

Result<json> Compare(const std::string& name, const json& left, const json& right) {
  if (name == "==") return json(AreEqual(left, right));
  if (name == "!=") return json(!AreEqual(left, right));
  int order = 0;
  if (left.is_number() && right.is_number()) {
    if (left.is_number_integer() && right.is_number_integer()) {
      const auto a = left.get<int64_t>(), b = right.get<int64_t>();
      order = a < b ? -1 : a > b;
    } else {
      const auto a = left.get<double>(), b = right.get<double>();
      if (std::isnan(a) || std::isnan(b)) return json(false);
      order = a < b ? -1 : a > b;
    }
  } else if (left.is_string() && right.is_string()) {
    order = left.get_ref<const std::string&>().compare(right.get_ref<const std::string&>());
  } else if (left.is_boolean() && right.is_boolean()) {
    order = int{left.get<bool>()} - int{right.get<bool>()};
  } else {
    return Unfit(name, left, right);
  }
  if (name == "<") return json(order < 0);
  if (name == "<=") return json(order <= 0);
  return json(name == ">" ? order > 0 : order >= 0);
}

Result<json> IntegerArithmetic(char name, int64_t a, int64_t b) {
  int64_t value = 0;
  bool is_broken = false;
  if (name == '+') is_broken = __builtin_add_overflow(a, b, &value);
  if (name == '-') is_broken = __builtin_sub_overflow(a, b, &value);
  if (name == '*') is_broken = __builtin_mul_overflow(a, b, &value);
  if (name == '/' || name == '%') {
    if (b == 0) return InvalidArgument("Division of {} by zero", a);
    is_broken = a == INT64_MIN && b == -1;
    if (!is_broken) value = name == '/' ? a / b : a % b;
  }
  if (is_broken) return InvalidArgument("{} {} {} is beyond 64 bits", a, name, b);
  return json(value);
}

Result<json> Arithmetic(const std::string& name, const json& left, const json& right) {
  if (left.is_number_integer() && right.is_number_integer())
    return IntegerArithmetic(name[0], left.get<int64_t>(), right.get<int64_t>());
  if (left.is_number() && right.is_number() && name != "%") {
    const auto a = left.get<double>(), b = right.get<double>();
    if (name == "+") return json(a + b);
    if (name == "-") return json(a - b);
    return json(name == "*" ? a * b : a / b);
  }
  if (name == "+" && left.is_string() && right.is_string())
    return json(left.get<std::string>() + right.get<std::string>());
  if (name == "+" && left.is_array() && right.is_array()) {
    json joined = left;
    joined.insert(joined.end(), right.begin(), right.end());
    return joined;
  }
  return Unfit(name, left, right);
}

Result<json> Contains(const json& item, const json& in) {
  if (in.is_object()) return json(item.is_string() && in.contains(item.get_ref<const std::string&>()));
  if (in.is_array())
    return json(std::any_of(in.begin(), in.end(), [&](const json& other) { return AreEqual(item, other); }));
  return Unfit("in", item, in);
}

Result<json> ToInteger(const json& value) {
  if (value.is_number_integer()) return json(value.get<int64_t>());
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::abs(number) < 9.2e18) return json(static_cast<int64_t>(number));
  }
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return json(number);
  }
  return InvalidArgument("int() does not apply to {}", Spell(value));
}

Result<json> ToDouble(const json& value) {
  if (value.is_number()) return json(value.get<double>());
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return json(number);
  }
  return InvalidArgument("double() does not apply to {}", Spell(value));
}

Result<json> ToBoolean(const json& value) {
  if (value.is_boolean()) return value;
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    for (const char* word : {"true", "True", "TRUE", "t", "1"})
      if (text == word) return json(true);
    for (const char* word : {"false", "False", "FALSE", "f", "0"})
      if (text == word) return json(false);
  }
  return InvalidArgument("bool() does not apply to {}", Spell(value));
}

Result<json> ToText(const json& value) {
  if (value.is_string()) return value;
  if (value.is_primitive() && !value.is_null()) return json(Spell(value));
  return InvalidArgument("string() does not apply to {}", Spell(value));
}

Result<json> Size(const json& value) {
  if (value.is_structured()) return json(static_cast<int64_t>(value.size()));
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    return json(static_cast<int64_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; })));
  }
  return InvalidArgument("size() does not apply to {}", Spell(value));
}

Result<json> ParseText(const json& text) {
  if (!text.is_string()) return InvalidArgument("parseJson() does not apply to {}", Spell(text));
  json value = json::parse(text.get_ref<const std::string&>(), nullptr, false);
  if (value.is_discarded()) return InvalidArgument("parseJson(): this is not JSON: {}", Spell(text));
  return value;
}

Result<json> Call(const std::string& name, const std::vector<json>& values) {
  if (values.size() == 1) {
    if (name == "int" || name == "uint") return ToInteger(values[0]);
    if (name == "double" || name == "float") return ToDouble(values[0]);
    if (name == "bool") return ToBoolean(values[0]);
    if (name == "string" || name == "str") return ToText(values[0]);
    if (name == "size" || name == ".size" || name == "len") return Size(values[0]);
    if (name == "dyn") return values[0];
    if (name == "parseJson") return ParseText(values[0]);
  }
  const bool is_text_method = name == ".startsWith" || name == ".endsWith" || name == ".contains";
  if (values.size() == 2 && is_text_method) {
    if (!values[0].is_string() || !values[1].is_string()) return Unfit(name.substr(1), values[0], values[1]);
    const auto& text = values[0].get_ref<const std::string&>();
    const auto& part = values[1].get_ref<const std::string&>();
    if (name == ".startsWith") return json(text.starts_with(part));
    return json(name == ".endsWith" ? text.ends_with(part) : text.find(part) != std::string::npos);
  }
  static const std::vector<std::string> kKnown = {"int",         "uint",      "double",   "bool",
                                                  "string",      "size",      "dyn",      "parseJson",
                                                  ".startsWith", ".endsWith", ".contains"};
  return InvalidArgument("A condition has no function '{}' of {} values{}", name, values.size(),
                         DidYouMean(name, kKnown));
}

/// Members and indexes walk by pointer: a list of ten thousand items is not copied to read one.
class Evaluator {
 public:
  explicit Evaluator(const json& scope) : scope_(scope) {}

  Result<json> Value(const Node& node) const {
    switch (node.kind) {
      case Node::Kind::kLiteral:
        return node.literal;
      case Node::Kind::kIdentifier:
      case Node::Kind::kMember:
      case Node::Kind::kIndex:
        return Path(node);
      case Node::Kind::kCall: {
        PENSTOCK_ASSIGN_OR_RETURN(const std::vector<json> values, Values(node));
        return Call(node.name, values);
      }
      case Node::Kind::kUnary:
        return Unary(node);
      case Node::Kind::kBinary:
        return Binary(node);
      case Node::Kind::kChoice: {
        PENSTOCK_ASSIGN_OR_RETURN(const bool is_met, Truth(*node.operands[0]));
        return Value(*node.operands[is_met ? 1 : 2]);
      }
      case Node::Kind::kList: {
        PENSTOCK_ASSIGN_OR_RETURN(std::vector<json> values, Values(node));
        json list = json::array();
        for (json& value : values) list.push_back(std::move(value));
        return list;
      }
      case Node::Kind::kMap:
        return Map(node);
    }
    return Internal("A condition has an operation of an unknown kind");
  }

 private:
  Result<bool> Truth(const Node& node) const {
    PENSTOCK_ASSIGN_OR_RETURN(const json value, Value(node));
    if (value.is_boolean()) return value.get<bool>();
    return InvalidArgument("A boolean is expected, not {}", Spell(value));
  }

  Result<std::vector<json>> Values(const Node& node) const {
    std::vector<json> values;
    for (const auto& operand : node.operands) {
      PENSTOCK_ASSIGN_OR_RETURN(json value, Value(*operand));
      values.push_back(std::move(value));
    }
    return values;
  }

  Result<json> Map(const Node& node) const {
    PENSTOCK_ASSIGN_OR_RETURN(std::vector<json> values, Values(node));
    json map = json::object();
    for (size_t i = 0; i + 1 < values.size(); i += 2) {
      if (!values[i].is_string())
        return InvalidArgument("The keys of a map must be text, not {}", Spell(values[i]));
      map[values[i].get<std::string>()] = std::move(values[i + 1]);
    }
    return map;
  }

  Result<json> Path(const Node& node) const {
    json made;
    PENSTOCK_ASSIGN_OR_RETURN(const json* found, Find(node, made));
    return *found;
  }

  /// Where the value stands; `made` holds it if it stood nowhere.
  Result<const json*> Find(const Node& node, json& made) const {
    if (node.kind == Node::Kind::kIdentifier) {
      const auto found = scope_.find(node.name);
      if (found != scope_.end()) return &*found;
      std::vector<std::string> known;
      for (const auto& [name, value] : scope_.items()) known.push_back(name);
      return InvalidArgument("There is no '{}' here{}", node.name, DidYouMean(node.name, known));
    }
    if (node.kind != Node::Kind::kMember && node.kind != Node::Kind::kIndex) {
      PENSTOCK_ASSIGN_OR_RETURN(made, Value(node));
      return &made;
    }
    PENSTOCK_ASSIGN_OR_RETURN(const json* of, Find(*node.operands[0], made));
    json key = node.name;
    if (node.kind == Node::Kind::kIndex) {
      PENSTOCK_ASSIGN_OR_RETURN(key, Value(*node.operands[1]));
    }
    PENSTOCK_ASSIGN_OR_RETURN(const json* found, Select(*of, key));
    if (of != &made && !IsInside(of, made)) return found;
    json copy = *found;
    made = std::move(copy);
    return &made;
  }

  static bool IsInside(const json* value, const json& made) { return value == &made; }

  static Result<const json*> Select(const json& of, const json& key) {
    if (of.is_object() && key.is_string()) {
      const auto found = of.find(key.get_ref<const std::string&>());
      if (found != of.end()) return &*found;
      std::vector<std::string> known;
      for (const auto& [name, value] : of.items()) known.push_back(name);
      return InvalidArgument("There is no {}{}", Spell(key), DidYouMean(key.get<std::string>(), known));
    }
    if (of.is_array() && key.is_number()) {
      const double index = key.get<double>();
      if (index >= 0 && index < static_cast<double>(of.size()) && index == std::floor(index))
        return &of[static_cast<size_t>(index)];
      return InvalidArgument("There is no item {} in a list of {}", Spell(key), of.size());
    }
    return InvalidArgument("{} has no {}", Spell(of), Spell(key));
  }

  Result<json> Unary(const Node& node) const {
    if (node.name == "!") {
      PENSTOCK_ASSIGN_OR_RETURN(const bool is_met, Truth(*node.operands[0]));
      return json(!is_met);
    }
    PENSTOCK_ASSIGN_OR_RETURN(const json value, Value(*node.operands[0]));
    if (value.is_number_integer()) return IntegerArithmetic('-', 0, value.get<int64_t>());
    if (value.is_number()) return json(-value.get<double>());
    return InvalidArgument("- does not apply to {}", Spell(value));
  }

  Result<json> Binary(const Node& node) const {
    if (node.name == "&&" || node.name == "||") return Logic(node);
    PENSTOCK_ASSIGN_OR_RETURN(const json left, Value(*node.operands[0]));
    PENSTOCK_ASSIGN_OR_RETURN(const json right, Value(*node.operands[1]));
    if (node.name == "in") return Contains(left, right);
    if (node.name[0] == '=' || node.name[0] == '!' || node.name[0] == '<' || node.name[0] == '>')
      return Compare(node.name, left, right);
    return Arithmetic(node.name, left, right);
  }

  /// Commutative over errors: the side that decides wins.
  Result<json> Logic(const Node& node) const {
    const bool decides = node.name == "||";
    const Result<bool> left = Truth(*node.operands[0]);
    if (left.ok() && *left == decides) return json(decides);
    const Result<bool> right = Truth(*node.operands[1]);
    if (right.ok() && *right == decides) return json(decides);
    PENSTOCK_RETURN_IF_ERROR(left.status());
    PENSTOCK_RETURN_IF_ERROR(right.status());
    return json(!decides);
  }

  const json& scope_;
};

/// inputs.<section>['key'] anywhere below `node`.
void CollectKeys(const Node& node, const std::string& section, std::vector<std::string>& keys) {
  if (node.kind == Node::Kind::kIndex || node.kind == Node::Kind::kMember) {
    const Node& of = *node.operands[0];
    const bool is_of_inputs = of.kind == Node::Kind::kMember && of.name == section &&
                              of.operands[0]->kind == Node::Kind::kIdentifier &&
                              of.operands[0]->name == "inputs";
    if (is_of_inputs && node.kind == Node::Kind::kMember) keys.push_back(node.name);
    if (is_of_inputs && node.kind == Node::Kind::kIndex && node.operands[1]->literal.is_string())
      keys.push_back(node.operands[1]->literal.get<std::string>());
  }
  for (const auto& operand : node.operands) CollectKeys(*operand, section, keys);
}

std::vector<std::string> KeysBelow(const Node& node, const std::string& section) {
  std::vector<std::string> keys;
  CollectKeys(node, section, keys);
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

}  // namespace

Result<Condition> Condition::Parse(std::string_view text) {
  Condition condition;
  condition.text_ = text;
  PENSTOCK_ASSIGN_OR_RETURN(condition.root_, ParseCondition(text));
  condition.parameters_ = KeysBelow(*condition.root_, "parameter_values");
  condition.artifacts_ = KeysBelow(*condition.root_, "artifacts");
  return condition;
}

Result<json> Condition::EvaluateValue(const json& scope) const {
  auto value = Evaluator(scope).Value(*root_);
  if (!value.ok()) return Annotate(value.status(), text_.substr(0, 200));
  return value;
}

Result<bool> Condition::Evaluate(const json& scope) const {
  PENSTOCK_ASSIGN_OR_RETURN(const json value, EvaluateValue(scope));
  if (value.is_boolean()) return value.get<bool>();
  return InvalidArgument("{}: the result of a condition must be a boolean, not {}", text_.substr(0, 200),
                         Spell(value));
}

}  // namespace penstock::pipeline
