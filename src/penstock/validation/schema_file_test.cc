#include "penstock/validation/schema_file.h"

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::HasSubstr;
using namespace testing_support;

/// What CheckSchema says of a schema; "" where it is fine.
std::string Fault(const std::string& text) {
  return std::string(CheckSchema(ParseSchema(text), "schema.pbtxt").message());
}

TEST(CheckSchemaTest, AcceptsWhatInferenceWrites) {
  EXPECT_EQ(Fault("feature { name: 'f' type: BYTES domain: 'f' presence { min_fraction: 1 min_count: 1 } "
                  "shape { dim { "
                  "size: 1 } } } string_domain { name: 'f' value: 'a' value: 'b' }"),
            "");
  EXPECT_EQ(Fault(""), "");
}

TEST(CheckSchemaTest, NamesFileAndFeature) {
  EXPECT_EQ(Fault("feature { name: 'f' }"),
            "schema.pbtxt: feature 'f': it has no type; one of BYTES, INT, FLOAT, STRUCT is needed");
  EXPECT_EQ(Fault("feature { name: 'f' type: INT } feature { type: INT }"),
            "schema.pbtxt: feature number 2 has no name");
  EXPECT_EQ(Fault("feature { name: 'f' type: INT } feature { name: 'f' type: INT }"),
            "schema.pbtxt: two features are named 'f'");
}

TEST(CheckSchemaTest, LooksIntoStructs) {
  EXPECT_THAT(Fault("feature { name: 's' type: STRUCT struct_domain { feature { name: 'x' } } }"),
              HasSubstr("feature 's.x'"));
}

TEST(CheckSchemaTest, SuggestsTheDomainThatWasMeant) {
  EXPECT_EQ(
      Fault("feature { name: 'f' type: BYTES domain: 'colour' } string_domain { name: 'colours' }"),
      "schema.pbtxt: feature 'f': the schema has no string_domain named 'colour'; did you mean 'colours'?");
}

TEST(CheckSchemaTest, RefusesDomainsThatCannotBeMeant) {
  EXPECT_THAT(Fault("feature { name: 'f' type: FLOAT int_domain { } }"),
              HasSubstr("int_domain does not fit the type FLOAT"));
  EXPECT_THAT(Fault("feature { name: 'f' type: INT int_domain { min: 3 max: 2 } }"),
              HasSubstr("min 3 is above its max 2"));
  EXPECT_THAT(Fault("feature { name: 'f' type: FLOAT float_domain { min: nan } }"), HasSubstr("NaN"));
  EXPECT_THAT(Fault("feature { name: 'f' type: BYTES string_domain { value: 'a' value: 'a' } }"),
              HasSubstr("'a' twice"));
  EXPECT_THAT(Fault("string_domain { name: 'd' value: 'a' value: 'a' }"), HasSubstr("'a' twice"));
  EXPECT_THAT(Fault("string_domain { name: 'd' } string_domain { name: 'd' }"),
              HasSubstr("two string_domains"));
  EXPECT_THAT(Fault("feature { name: 'f' type: BYTES bool_domain { true_value: 'y' false_value: 'y' } }"),
              HasSubstr("both true and false"));
}

TEST(CheckSchemaTest, RefusesBoundsThatNothingFits) {
  EXPECT_THAT(Fault("feature { name: 'f' type: INT presence { min_fraction: 1.1 } }"),
              HasSubstr("between 0 and 1"));
  EXPECT_THAT(Fault("feature { name: 'f' type: INT presence { min_fraction: nan } }"),
              HasSubstr("between 0 and 1"));
  EXPECT_THAT(Fault("feature { name: 'f' type: INT presence { min_count: -1 } }"), HasSubstr("negative"));
  EXPECT_THAT(Fault("feature { name: 'f' type: INT value_count { min: 2 max: 1 } }"),
              HasSubstr("below its min 2"));
  EXPECT_THAT(Fault("feature { name: 'f' type: INT shape { dim { size: 0 } } }"), HasSubstr("at least 1"));
  EXPECT_THAT(Fault("feature { name: 'f' type: INT unique_constraints { min: 2 max: 1 } }"),
              HasSubstr("above its max"));
  EXPECT_THAT(Fault("feature { name: 'f' type: INT distribution_constraints { min_domain_mass: 0.5 } }"),
              HasSubstr("need a domain"));
}

TEST(CheckSchemaTest, RefusesEnvironmentsThatAreNotDeclared) {
  EXPECT_THAT(
      Fault("default_environment: 'SERVING' feature { name: 'f' type: INT not_in_environment: 'SERVNG' }"),
      HasSubstr("did you mean 'SERVING'?"));
}

class ReadSchemaTest : public ::testing::Test {
 protected:
  /// A new file with that text.
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = fs::Join(fs::Join(::testing::TempDir(), NewUuid()), name);
    EXPECT_TRUE(fs::WriteFileAtomically(path, text).ok());
    return path;
  }
};

TEST_F(ReadSchemaTest, ReadsTextAndBinary) {
  const std::string text = "feature { name: 'f' type: INT }";
  EXPECT_EQ(ReadSchema(Write("schema.pbtxt", text))->feature(0).name(), "f");
  EXPECT_EQ(ReadSchema(Write("schema.pb", ParseSchema(text).SerializeAsString()))->feature(0).name(), "f");
}

TEST_F(ReadSchemaTest, NamesLineAndColumnOfATypingError) {
  const auto schema = ReadSchema(Write("schema.pbtxt", "feature {\n  nmae: 'f'\n}"));
  EXPECT_EQ(schema.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(schema.status().message()), HasSubstr("line 2"));
  EXPECT_THAT(std::string(schema.status().message()), HasSubstr("schema.pbtxt"));
}

TEST_F(ReadSchemaTest, NamesFileAndFeatureOfAFault) {
  const std::string path = Write("schema.pbtxt", "feature { name: 'f' }");
  EXPECT_THAT(std::string(ReadSchema(path).status().message()), HasSubstr(path + ": feature 'f'"));
}

TEST_F(ReadSchemaTest, SaysThatAFileIsNotThere) {
  EXPECT_EQ(ReadSchema(fs::Join(::testing::TempDir(), "no_such_schema.pbtxt")).status().code(),
            StatusCode::kNotFound);
}

TEST_F(ReadSchemaTest, RefusesDeepNestingInsteadOfOverflowingTheStack) {
  std::string text;
  for (int i = 0; i < 20000; ++i) text += "feature { struct_domain { ";
  EXPECT_EQ(ReadSchema(Write("schema.pbtxt", text)).status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace penstock::validation
