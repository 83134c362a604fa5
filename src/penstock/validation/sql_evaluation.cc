#include "penstock/validation/sql_evaluation_internal.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "penstock/base/near_miss.h"

namespace penstock::validation {

namespace {

namespace pb = google::protobuf;
using sql::Expression;
using sql::ExpressionPointer;
using Kind = Expression::Kind;

/// A field's value that is none of a repeated one's; `index`: which element of a repeated field.
SqlValue ValueOf(const pb::Message& message, const pb::FieldDescriptor& field, std::optional<int> index) {
  const pb::Reflection& read = *message.GetReflection();
  const auto get = [&](auto repeated, auto single) {
    return index.has_value() ? (read.*repeated)(message, &field, *index) : (read.*single)(message, &field);
  };
  using R = pb::Reflection;
  switch (field.cpp_type()) {
    case pb::FieldDescriptor::CPPTYPE_INT32:
      return int64_t{get(&R::GetRepeatedInt32, &R::GetInt32)};
    case pb::FieldDescriptor::CPPTYPE_UINT32:
      return int64_t{get(&R::GetRepeatedUInt32, &R::GetUInt32)};
    case pb::FieldDescriptor::CPPTYPE_INT64:
      return int64_t{get(&R::GetRepeatedInt64, &R::GetInt64)};
    case pb::FieldDescriptor::CPPTYPE_UINT64: {
      const uint64_t number = get(&R::GetRepeatedUInt64, &R::GetUInt64);
      if (number > static_cast<uint64_t>(INT64_MAX)) return static_cast<double>(number);
      return static_cast<int64_t>(number);
    }
    case pb::FieldDescriptor::CPPTYPE_FLOAT:
      return double{get(&R::GetRepeatedFloat, &R::GetFloat)};
    case pb::FieldDescriptor::CPPTYPE_DOUBLE:
      return get(&R::GetRepeatedDouble, &R::GetDouble);
    case pb::FieldDescriptor::CPPTYPE_BOOL:
      return get(&R::GetRepeatedBool, &R::GetBool);
    case pb::FieldDescriptor::CPPTYPE_ENUM:
      return SqlEnum{get(&R::GetRepeatedEnum, &R::GetEnum)};
    case pb::FieldDescriptor::CPPTYPE_STRING:
      return get(&R::GetRepeatedString, &R::GetString);
    case pb::FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  if (index.has_value()) return &read.GetRepeatedMessage(message, &field, *index);
  if (!read.HasField(message, &field)) return std::monostate{};
  return &read.GetMessage(message, &field, nullptr);
}

class Evaluation {
 public:
  explicit Evaluation(SqlNames names) : names_(std::move(names)) {}

  Result<SqlValue> Of(const Expression& node) {
    if (++num_steps_ > kMaxSqlSteps)
      return InvalidArgument("The expression takes more than {} steps", kMaxSqlSteps);
    switch (node.kind) {
      case Kind::kNull:
        return SqlValue();
      case Kind::kBool:
        return SqlValue(node.truth);
      case Kind::kInteger:
        return SqlValue(node.integer);
      case Kind::kReal:
        return SqlValue(node.real);
      case Kind::kText:
        return SqlValue(node.text);
      case Kind::kName:
        return Name(node);
      case Kind::kAnd:
      case Kind::kOr:
        return Logic(node);
      case Kind::kExists:
      case Kind::kAggregate:
        return SubQuery(node);
      case Kind::kCall:
        return Call(node);
      default:
        return OfValues(node);
    }
  }

 private:
  Status At(const Expression& node, const Status& status) const {
    return Annotate(status, fmt::format("at {} of the expression", node.place));
  }

  Result<SqlValue> Field(const Expression& node, const SqlValue& of, const std::string& name) {
    if (IsNull(of)) return SqlValue();
    const auto* message = std::get_if<const pb::Message*>(&of);
    if (message == nullptr)
      return At(node, InvalidArgument("'{}' is asked of {}, which has no fields", name, KindOf(of)));
    const pb::Descriptor& type = *(*message)->GetDescriptor();
    const pb::FieldDescriptor* field = type.FindFieldByName(name);
    if (field == nullptr) {
      std::vector<std::string> known;
      for (int i = 0; i < type.field_count(); ++i) known.push_back(type.field(i)->name());
      return At(node, InvalidArgument("{} has no field '{}'{}", type.name(), name, DidYouMean(name, known)));
    }
    if (field->is_repeated()) return SqlValue(SqlArray{*message, field});
    return ValueOf(**message, *field, std::nullopt);
  }

  Result<SqlValue> Name(const Expression& node) {
    const auto found = names_.find(node.steps[0]);
    if (found == names_.end()) {
      std::vector<std::string> known;
      for (const auto& [name, value] : names_) known.push_back(name);
      return At(node, InvalidArgument("There is no '{}'{} (there is: {})", node.steps[0],
                                      DidYouMean(node.steps[0], known), fmt::join(known, ", ")));
    }
    SqlValue value = found->second;
    for (size_t i = 1; i < node.steps.size(); ++i) {
      PENSTOCK_ASSIGN_OR_RETURN(value, Field(node, value, node.steps[i]));
    }
    return value;
  }

  /// true, false or NULL.
  Result<std::optional<bool>> Truth(const Expression& node) {
    PENSTOCK_ASSIGN_OR_RETURN(const SqlValue value, Of(node));
    if (IsNull(value)) return std::optional<bool>();
    if (const bool* truth = std::get_if<bool>(&value)) return std::optional<bool>(*truth);
    return At(node, InvalidArgument("A condition is needed, not {}", KindOf(value)));
  }

  Result<SqlValue> Logic(const Expression& node) {
    const bool decides = node.kind == Kind::kOr;
    bool has_null = false;
    for (const ExpressionPointer& operand : node.operands) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::optional<bool> truth, Truth(*operand));
      if (truth == decides) return SqlValue(decides);
      has_null = has_null || !truth.has_value();
    }
    return has_null ? SqlValue() : SqlValue(!decides);
  }

  Result<SqlValue> Call(const Expression& node) {
    if (node.text == "IF" && node.operands.size() == 3) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::optional<bool> truth, Truth(*node.operands[0]));
      return Of(*node.operands[truth == true ? 1 : 2]);
    }
    std::vector<SqlValue> arguments;
    for (const ExpressionPointer& operand : node.operands) {
      // The type of a CAST is a word, no value.
      const bool is_type = node.text == "CAST" && !arguments.empty() && operand->kind == Kind::kName;
      if (is_type) {
        arguments.emplace_back(operand->steps[0]);
        continue;
      }
      PENSTOCK_ASSIGN_OR_RETURN(SqlValue argument, Of(*operand));
      arguments.push_back(std::move(argument));
    }
    auto value = CallSqlFunction(node.text, arguments);
    return value.ok() ? value : At(node, value.status());
  }

  Result<SqlValue> OfValues(const Expression& node) {
    std::vector<SqlValue> values;
    for (const ExpressionPointer& operand : node.operands) {
      PENSTOCK_ASSIGN_OR_RETURN(SqlValue value, Of(*operand));
      values.push_back(std::move(value));
    }
    if (node.kind == Kind::kIsNull) return SqlValue(IsNull(values[0]));
    if (node.kind == Kind::kIsBool) return IsBool(node, values[0]);
    if (node.kind == Kind::kField) return Field(node, values[0], node.text);
    if (node.kind == Kind::kIn) return In(node, values);
    if (node.kind == Kind::kInArray) return InArray(node, values);
    for (const SqlValue& value : values)
      if (IsNull(value)) return SqlValue();
    switch (node.kind) {
      case Kind::kNot:
        if (const bool* truth = std::get_if<bool>(&values[0])) return SqlValue(!*truth);
        return At(node, InvalidArgument("NOT needs a condition, not {}", KindOf(values[0])));
      case Kind::kNegate:
        return Arithmetic(node, "-", SqlValue(int64_t{0}), values[0]);
      case Kind::kArithmetic:
        return Arithmetic(node, node.text, values[0], values[1]);
      case Kind::kElement:
        return Element(node, values[0], values[1]);
      case Kind::kLike:
        return Like(node, values[0], values[1]);
      case Kind::kBetween: {
        PENSTOCK_ASSIGN_OR_RETURN(const bool is_above, Compare(node, values[0], values[1], ">="));
        PENSTOCK_ASSIGN_OR_RETURN(const bool is_below, Compare(node, values[0], values[2], "<="));
        return SqlValue(is_above && is_below);
      }
      default: {
        PENSTOCK_ASSIGN_OR_RETURN(const bool holds, Compare(node, values[0], values[1], node.text));
        return SqlValue(holds);
      }
    }
  }

  Result<bool> Compare(const Expression& node, const SqlValue& a, const SqlValue& b,
                       std::string_view comparison) {
    const auto order = CompareSql(a, b);
    if (!order.ok()) return At(node, order.status());
    if (*order == 2) return comparison == "!=";
    if (comparison == "=") return *order == 0;
    if (comparison == "!=") return *order != 0;
    if (comparison == "<") return *order < 0;
    if (comparison == "<=") return *order <= 0;
    if (comparison == ">") return *order > 0;
    return *order >= 0;
  }

  Result<SqlValue> IsBool(const Expression& node, const SqlValue& value) {
    if (IsNull(value)) return SqlValue(false);
    if (const bool* truth = std::get_if<bool>(&value)) return SqlValue(*truth == node.truth);
    return At(node, InvalidArgument("IS TRUE needs a condition, not {}", KindOf(value)));
  }

  Result<SqlValue> In(const Expression& node, const std::vector<SqlValue>& values) {
    if (IsNull(values[0])) return SqlValue();
    bool has_null = false;
    for (size_t i = 1; i < values.size(); ++i) {
      has_null = has_null || IsNull(values[i]);
      if (IsNull(values[i])) continue;
      PENSTOCK_ASSIGN_OR_RETURN(const bool is_equal, Compare(node, values[0], values[i], "="));
      if (is_equal) return SqlValue(true);
    }
    return has_null ? SqlValue() : SqlValue(false);
  }

  Result<SqlValue> InArray(const Expression& node, const std::vector<SqlValue>& values) {
    const auto* array = std::get_if<SqlArray>(&values[1]);
    if (array == nullptr && !IsNull(values[1]))
      return At(node, InvalidArgument("UNNEST needs an array, not {}", KindOf(values[1])));
    if (IsNull(values[0]) || array == nullptr) return SqlValue();
    for (int i = 0; i < array->size(); ++i) {
      ++num_steps_;
      PENSTOCK_ASSIGN_OR_RETURN(const bool is_equal,
                                Compare(node, values[0], ValueOf(*array->message, *array->field, i), "="));
      if (is_equal) return SqlValue(true);
    }
    return SqlValue(false);
  }

  Result<SqlValue> Arithmetic(const Expression& node, const std::string& sign, const SqlValue& a,
                              const SqlValue& b) {
    if (!IsNumber(a) || !IsNumber(b))
      return At(node, InvalidArgument("{} needs numbers, not {} and {}", sign, KindOf(a), KindOf(b)));
    const auto* whole_a = std::get_if<int64_t>(&a);
    const auto* whole_b = std::get_if<int64_t>(&b);
    if (sign == "/" || whole_a == nullptr || whole_b == nullptr) {
      const double x = AsReal(a), y = AsReal(b);
      if (sign == "/" && y == 0)
        return At(node, InvalidArgument("Division by zero (SAFE_DIVIDE gives NULL)"));
      return SqlValue(sign == "+" ? x + y : sign == "-" ? x - y : sign == "*" ? x * y : x / y);
    }
    int64_t result = 0;
    const bool overflows = sign == "+"   ? __builtin_add_overflow(*whole_a, *whole_b, &result)
                           : sign == "-" ? __builtin_sub_overflow(*whole_a, *whole_b, &result)
                                         : __builtin_mul_overflow(*whole_a, *whole_b, &result);
    if (overflows) return At(node, InvalidArgument("The integers are too large for {}", sign));
    return SqlValue(result);
  }

  Result<SqlValue> Element(const Expression& node, const SqlValue& of, const SqlValue& at) {
    const auto* array = std::get_if<SqlArray>(&of);
    const auto* place = std::get_if<int64_t>(&at);
    if (array == nullptr || place == nullptr)
      return At(node, InvalidArgument("[...] needs an array and an integer, not {} and {}", KindOf(of),
                                      KindOf(at)));
    if (*place < 0 || *place >= array->size())
      return At(node, InvalidArgument("The array has {} elements, so none at {}", array->size(), *place));
    return ValueOf(*array->message, *array->field, static_cast<int>(*place));
  }

  Result<SqlValue> Like(const Expression& node, const SqlValue& text, const SqlValue& pattern) {
    if (!std::holds_alternative<std::string>(text) || !std::holds_alternative<std::string>(pattern))
      return At(node, InvalidArgument("LIKE needs texts, not {} and {}", KindOf(text), KindOf(pattern)));
    const auto& given = std::get<std::string>(text);
    const auto& like = std::get<std::string>(pattern);
    // The match takes text times pattern at worst.
    num_steps_ += static_cast<int64_t>(given.size() * like.size() / 64);
    return SqlValue(sql::IsLike(given, like));
  }

  /// The aggregate of what has been seen of one.
  struct Total {
    int64_t count = 0;
    SqlValue extreme, sum;
  };

  Status Add(const Expression& node, SqlValue value, Total& total) {
    if (IsNull(value)) return OkStatus();
    ++total.count;
    const std::string& function = node.steps[0];
    if (function == "COUNT") return OkStatus();
    if (function == "SUM" || function == "AVG") {
      if (IsNull(total.sum)) {
        if (!IsNumber(value))
          return At(node, InvalidArgument("{} needs numbers, not {}", function, KindOf(value)));
        total.sum = std::move(value);
        return OkStatus();
      }
      PENSTOCK_ASSIGN_OR_RETURN(total.sum, Arithmetic(node, "+", total.sum, value));
      return OkStatus();
    }
    bool is_better = IsNull(total.extreme);
    if (!is_better) {
      PENSTOCK_ASSIGN_OR_RETURN(is_better,
                                Compare(node, value, total.extreme, function == "MIN" ? "<" : ">"));
    }
    if (is_better) total.extreme = std::move(value);
    return OkStatus();
  }

  Result<SqlValue> SubQuery(const Expression& node) {
    PENSTOCK_ASSIGN_OR_RETURN(const SqlValue over, Of(*node.operands[0]));
    const auto* array = std::get_if<SqlArray>(&over);
    if (array == nullptr && !IsNull(over))
      return At(node, InvalidArgument("UNNEST needs an array, not {}", KindOf(over)));
    const bool is_exists = node.kind == Kind::kExists;
    // The name hides one of the same name outside.
    const auto hidden = names_.find(node.text);
    const std::optional<SqlValue> before =
        hidden == names_.end() ? std::nullopt : std::optional<SqlValue>(hidden->second);
    Total total;
    Status status = OkStatus();
    for (int i = 0; array != nullptr && i < array->size() && status.ok(); ++i) {
      names_[node.text] = ValueOf(*array->message, *array->field, i);
      status = AddRow(node, total);
      if (is_exists && total.count > 0) break;
    }
    if (before.has_value()) {
      names_[node.text] = *before;
    } else {
      names_.erase(node.text);
    }
    PENSTOCK_RETURN_IF_ERROR(status);
    if (is_exists) return SqlValue(total.count > 0);
    if (node.steps[0] == "COUNT") return SqlValue(total.count);
    if (node.steps[0] == "SUM") return total.sum;
    if (node.steps[0] != "AVG") return total.extreme;
    return total.count == 0 ? SqlValue() : SqlValue(AsReal(total.sum) / static_cast<double>(total.count));
  }

  Status AddRow(const Expression& node, Total& total) {
    if (++num_steps_ > kMaxSqlSteps)
      return InvalidArgument("The expression takes more than {} steps", kMaxSqlSteps);
    if (node.operands[1] != nullptr) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::optional<bool> is_taken, Truth(*node.operands[1]));
      if (is_taken != true) return OkStatus();
    }
    if (node.kind == Kind::kExists || node.operands[2] == nullptr) {
      ++total.count;
      return OkStatus();
    }
    PENSTOCK_ASSIGN_OR_RETURN(SqlValue value, Of(*node.operands[2]));
    return Add(node, std::move(value), total);
  }

  SqlNames names_;
  int64_t num_steps_ = 0;
};

}  // namespace

Result<SqlValue> EvaluateSql(const Expression& expression, const SqlNames& names) {
  return Evaluation(names).Of(expression);
}

}  // namespace penstock::validation
