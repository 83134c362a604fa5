#include "penstock/pipeline/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::pipeline {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

const json& Scope() {
  static const json scope = {
      {"inputs",
       {{"parameter_values",
         {{"coin", "heads"},
          {"n", 6.0},
          {"flag", true},
          {"list", {1, 2, 3}},
          {"text", "12"},
          {"map", {{"a", {{"b", 7}}}}}}},
        {"artifacts", {{"blessing", {{"artifacts", {{{"uri", "/x"}, {"metadata", {{"blessed", 1}}}}}}}}}}}},
      {"string_value", R"({"A_a": "10", "n": 3})"}};
  return scope;
}

Result<json> Evaluate(std::string_view text) {
  PENSTOCK_ASSIGN_OR_RETURN(const Condition condition, Condition::Parse(text));
  return condition.EvaluateValue(Scope());
}

struct Case {
  const char* text;
  json value;
};

class ConditionValues : public testing::TestWithParam<Case> {};

TEST_P(ConditionValues, AreAsCelSays) {
  const auto value = Evaluate(GetParam().text);
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(*value, GetParam().value) << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Table, ConditionValues,
    testing::Values(
        Case{"inputs.parameter_values['coin'] == 'heads'", true},
        Case{"inputs.parameter_values[\"coin\"] != 'heads'", false},
        Case{"!(inputs.parameter_values['coin'] == 'heads') && inputs.parameter_values['coin'] == 'tails'",
             false},
        Case{"int(inputs.parameter_values['n']) > 5", true}, Case{"inputs.parameter_values['n'] == 6", true},
        Case{"inputs.parameter_values['flag'] == true", true}, Case{"inputs.parameter_values.flag", true},
        Case{"inputs.artifacts['blessing'].artifacts[0].metadata['blessed'] == 1.0", true},
        Case{"inputs.artifacts.blessing.artifacts[0].uri", "/x"},
        Case{"inputs.parameter_values['map'].a['b'] + 1", 8},
        Case{"2 in inputs.parameter_values['list']", true}, Case{"'A_a' in parseJson(string_value)", true},
        Case{"parseJson(string_value)[\"A_a\"]", "10"}, Case{"parseJson(string_value).n", 3},
        Case{"int('12') * 2 - -1", 25}, Case{"7 / 2", 3}, Case{"7.0 / 2", 3.5}, Case{"7 % 4 + 2 * 3", 9},
        Case{"1 < 2 && 2.5 >= 2 || false", true}, Case{"'a' + \"b\"", "ab"},
        Case{"'a\\'b\\n\\u00e9'", "a'b\né"}, Case{"r'a\\n'", "a\\n"}, Case{"'b' > 'a' ? 'yes' : 'no'", "yes"},
        Case{"size('äö') == 2 && size([1, 2]) == 2", true}, Case{"'penstock'.startsWith('pen')", true},
        Case{"'penstock'.endsWith('stock') && 'penstock'.contains('nst')", true},
        Case{"string(1) + string(true)", "1true"}, Case{"{'a': [1, 2.0]} == {'a': [1.0, 2]}", true},
        Case{"null == null", true}, Case{"bool('True')", true}, Case{"double('1.5') == 1.5", true},
        Case{"!true || !!true", true}, Case{"[1] + [2] == [1, 2]", true}, Case{"1 == '1'", false},
        Case{"9223372036854775807 == 9223372036854775807", true}));

TEST(ConditionTest, ForgivesErrorsThatTheOtherSideDecides) {
  EXPECT_EQ(*Evaluate("inputs.parameter_values['gone'] == 1 || true"), true);
  EXPECT_EQ(*Evaluate("1 / 0 == 1 && false"), false);
  EXPECT_FALSE(Evaluate("1 / 0 == 1 && true").ok());
}

TEST(ConditionTest, NamesWhatItReads) {
  const auto condition = Condition::Parse(
      "inputs.parameter_values['b'] == inputs.parameter_values['a'] && "
      "inputs.artifacts['x'].artifacts[0].uri == inputs.parameter_values.b");
  ASSERT_TRUE(condition.ok()) << condition.status();
  EXPECT_THAT(condition->parameters(), ElementsAre("a", "b"));
  EXPECT_THAT(condition->artifacts(), ElementsAre("x"));
}

class BadCondition : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(BadCondition, IsRefusedWithItsReason) {
  const auto value = Evaluate(GetParam().first);
  ASSERT_FALSE(value.ok()) << GetParam().first;
  EXPECT_EQ(value.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(value.status().message()), HasSubstr(GetParam().second));
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadCondition,
    testing::Values(std::pair{"", "column 1"}, std::pair{"1 +", "column 4"}, std::pair{"(1", "')'"},
                    std::pair{"'abc", "column 5"}, std::pair{"1 2", "column 3"}, std::pair{"[1, ", "a value"},
                    std::pair{"99999999999999999999", "64 bits"}, std::pair{"'\\q'", "an escape"},
                    std::pair{"input.parameter_values", "did you mean 'inputs'"},
                    std::pair{"inputs.parameter_values['coins']", "coin"},
                    std::pair{"inputs.parameter_values['list'][3]", "no item 3"},
                    std::pair{"1 < 'a'", "does not apply"}, std::pair{"int('abc') == 1", "int()"},
                    std::pair{"1 / 0", "zero"}, std::pair{"9223372036854775807 + 1", "64 bits"},
                    std::pair{"ints(1)", "int"}, std::pair{"!1", "boolean"},
                    std::pair{"1 ? 2 : 3", "boolean"}, std::pair{"parseJson('{')", "not JSON"}));

TEST(ConditionTest, RefusesResultThatIsNoBoolean) {
  const auto condition = Condition::Parse("1 + 1");
  ASSERT_TRUE(condition.ok()) << condition.status();
  EXPECT_THAT(std::string(condition->Evaluate(Scope()).status().message()), HasSubstr("boolean"));
}

TEST(ConditionTest, BoundsDepth) {
  EXPECT_FALSE(Condition::Parse(std::string(5000, '(') + "1" + std::string(5000, ')')).ok());
  EXPECT_FALSE(Condition::Parse(std::string(5000, '!') + "true").ok());
  EXPECT_FALSE(Condition::Parse(std::string(70'000, ' ') + "true").ok());
}

}  // namespace
}  // namespace penstock::pipeline
