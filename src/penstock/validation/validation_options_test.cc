#include "penstock/validation/validation_options.h"

#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;
using Info = tensorflow::metadata::v0::AnomalyInfo;

Status Set(const std::string& text, ValidateOptions& options) {
  return SetValidateOptions(nlohmann::json::parse(text), "options.json", options);
}

std::string Refusal(const std::string& text) {
  ValidateOptions options;
  return std::string(Set(text, options).message());
}

TEST(ValidateOptionsTest, SetsEveryOption) {
  ValidateOptions options;
  const Status status = Set(R"({"severity_overrides": {"SCHEMA_NEW_COLUMN": "UNKNOWN"},
      "new_features_are_warnings": true, "features_needed": ["fare", ["box", "width"]],
      "string_domain_limit": 7, "raise_documented_types": true})",
                            options);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_THAT(options.severity_overrides, ElementsAre(Pair(Info::SCHEMA_NEW_COLUMN, Info::UNKNOWN)));
  EXPECT_EQ(options.string_domain_limit, 7);
  EXPECT_TRUE(options.raise_documented_types);
  ASSERT_TRUE(options.features_needed.has_value());
  EXPECT_THAT(*options.features_needed,
              UnorderedElementsAre(FeaturePath({"fare"}), FeaturePath({"box", "width"})));
}

TEST(ValidateOptionsTest, TakesOverridesAsTfdvWritesThem) {
  ValidateOptions options;
  ASSERT_TRUE(
      Set(R"({"severity_overrides": [{"type": "INT_TYPE_BIG_INT", "severity": "WARNING"}]})", options).ok());
  EXPECT_THAT(options.severity_overrides, ElementsAre(Pair(Info::INT_TYPE_BIG_INT, Info::WARNING)));
}

TEST(ValidateOptionsTest, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(Refusal(R"({"severity_override": {}})"), HasSubstr("did you mean 'severity_overrides'?"));
  EXPECT_THAT(Refusal(R"({"severity_overrides": {"SCHEMA_NEW_COLUM": "ERROR"}})"),
              HasSubstr("did you mean 'SCHEMA_NEW_COLUMN'?"));
  EXPECT_THAT(Refusal(R"({"severity_overrides": {"SCHEMA_NEW_COLUMN": "WARN"}})"), HasSubstr("'WARN'"));
  EXPECT_THAT(Refusal(R"({"severity_overrides": {"SCHEMA_NEW_COLUMN": 1}})"), HasSubstr("has to be a text"));
  EXPECT_THAT(Refusal(R"({"severity_overrides": 3})"), HasSubstr("has to be an object"));
  EXPECT_THAT(Refusal(R"({"features_needed": [[]]})"), HasSubstr("features_needed"));
  EXPECT_THAT(Refusal(R"({"string_domain_limit": -1})"), HasSubstr("from 0"));
  EXPECT_THAT(Refusal(R"({"raise_documented_types": "yes"})"), HasSubstr("true or false"));
  EXPECT_THAT(Refusal("[]"), HasSubstr("options.json: options have to be a JSON object"));
}

}  // namespace
}  // namespace penstock::validation
