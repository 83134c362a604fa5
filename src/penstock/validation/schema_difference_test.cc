#include "penstock/validation/schema_difference.h"

#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::HasSubstr;
using namespace testing_support;

TEST(CompareSchemasTest, FindsNothingBetweenSchemasThatDifferInOrderOnly) {
  const auto a = ParseSchema(
      "feature { name: 'a' type: INT } feature { name: 'b' domain: 'd' type: BYTES } "
      "string_domain { name: 'd' value: 'x' value: 'y' }");
  const auto b = ParseSchema(
      "feature { name: 'b' domain: 'd' type: BYTES } feature { name: 'a' type: INT } "
      "string_domain { name: 'd' value: 'y' value: 'x' }");
  EXPECT_TRUE(CompareSchemas(a, b).empty());
  EXPECT_EQ(FormatSchemaChanges(CompareSchemas(a, b)), "The schemas are equal.\n");
}

TEST(CompareSchemasTest, SaysWhatCameWentAndChanged) {
  const auto a = ParseSchema(
      "feature { name: 'age' type: INT int_domain { min: 0 max: 9 } } feature { name: 'old' type: INT } "
      "feature { name: 'box' type: STRUCT struct_domain { feature { name: 'w' type: INT } } } "
      "string_domain { name: 'd' value: 'x' value: 'y' }");
  const auto b = ParseSchema(
      "feature { name: 'age' type: INT int_domain { min: 0 max: 12 } } feature { name: 'new' type: FLOAT } "
      "feature { name: 'box' type: STRUCT struct_domain { feature { name: 'w' type: FLOAT } } } "
      "string_domain { name: 'd' value: 'z' value: 'y' } default_environment: 'SERVING'");
  EXPECT_EQ(FormatSchemaChanges(CompareSchemas(a, b)),
            "~ feature 'age': int_domain: min: 0 max: 9 -> min: 0 max: 12\n"
            "~ feature 'box.w': type: INT -> FLOAT\n"
            "- feature 'old': name: \"old\" type: INT\n"
            "+ feature 'new': name: \"new\" type: FLOAT\n"
            "~ string_domain 'd': value: 'x' -> 'z'\n"
            "~ schema: default_environment: nothing -> [\"SERVING\"]\n");
}

TEST(CompareSchemasTest, ShowsAnEmptyMessageAsThere) {
  const auto changes = CompareSchemas(ParseSchema("feature { name: 'a' type: INT }"),
                                      ParseSchema("feature { name: 'a' type: INT int_domain {} }"));
  ASSERT_EQ(changes.size(), 1);
  EXPECT_EQ(changes[0].field, "int_domain");
  EXPECT_EQ(changes[0].before, "");
  EXPECT_EQ(changes[0].after, "{}");
}

TEST(CompareSchemasTest, CutsLongTexts) {
  const auto changes =
      CompareSchemas(ParseSchema(""), ParseSchema("feature { name: 'abcdefghijkl' type: INT }"));
  EXPECT_THAT(FormatSchemaChanges(changes, 10), HasSubstr("..."));
}

}  // namespace
}  // namespace penstock::validation
