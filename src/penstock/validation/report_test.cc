#include "penstock/validation/anomaly_report.h"
#include "penstock/validation/schema_report.h"
#include "penstock/validation/statistics_testing.h"
#include "penstock/validation/text_table_internal.h"

namespace penstock::validation {
namespace {

using ::testing::HasSubstr;
using namespace testing_support;

TEST(OneLineTest, KeepsCharactersAndShowsWhatIsNone) {
  EXPECT_EQ(OneLine("prix €"), "prix €");
  EXPECT_EQ(OneLine("a\nb\x1b[31m\x7f"), "a\\x0ab\\x1b[31m\\x7f");
  EXPECT_EQ(OneLine("\xff\xc3"), "\\xff\\xc3");
  EXPECT_EQ(OneLine("\xed\xa0\x80"), "\\xed\\xa0\\x80");
  EXPECT_EQ(OneLine("\xc0\x80"), "\\xc0\\x80");
}

TEST(OneLineTest, CutsBetweenCharacters) {
  EXPECT_EQ(OneLine("€€", 4), "€...");
  EXPECT_EQ(OneLine("abcd", 4), "abcd");
}

TEST(TextTableTest, LinesColumnsUpByCharactersNotBytes) {
  TextTable table({"name", "value"});
  table.Add({"é", "1"});
  table.Add({"\x1b[31mred\x1b[0m", "2"});
  EXPECT_EQ(table.Print(), "name  value\né     1\n\x1b[31mred\x1b[0m   2\n");
}

TEST(FormatAnomaliesTest, SaysThatNothingWasFound) {
  EXPECT_EQ(FormatAnomalies(tfmd::Anomalies()), "No anomalies found.\n");
  EXPECT_EQ(FormatAnomalies(Parse<tfmd::Anomalies>("data_missing: true")),
            "No data: the statistics count no examples.\n");
}

TEST(FormatAnomaliesTest, PutsErrorsFirstAndALinePerReason) {
  const auto anomalies = Parse<tfmd::Anomalies>(
      "anomaly_info { key: 'a' value { severity: WARNING reason { short_description: 'New column' "
      "description: 'New.' } } "
      "} anomaly_info { key: 'b' value { severity: ERROR reason { short_description: 'Out-of-range values' "
      "description: "
      "'Low: -3.' } reason { short_description: 'Missing values' } } } dataset_anomaly_info { severity: "
      "ERROR reason { "
      "short_description: 'Few' description: '3 examples' } }");
  EXPECT_EQ(FormatAnomalies(anomalies),
            "severity  feature    what                 details\n"
            "ERROR     b          Out-of-range values  Low: -3.\n"
            "ERROR                Missing values\n"
            "WARNING   a          New column           New.\n"
            "ERROR     (dataset)  Few                  3 examples\n");
}

TEST(FormatAnomaliesTest, CutsLongTextsAndEscapesNames) {
  auto anomalies =
      Parse<tfmd::Anomalies>("anomaly_info { key: 'a\\n' value { severity: ERROR reason { } } }");
  (*anomalies.mutable_anomaly_info())["a\n"].mutable_reason(0)->set_description(std::string(1000, 'x'));
  AnomalyReportOptions options;
  options.max_text_bytes = 10;
  EXPECT_THAT(FormatAnomalies(anomalies, options), HasSubstr("a\\x0a"));
  EXPECT_THAT(FormatAnomalies(anomalies, options), HasSubstr("  xxxxxxxxxx...\n"));
}

TEST(FormatAnomaliesTest, ColoursSeveritiesOnDemand) {
  const auto anomalies =
      Parse<tfmd::Anomalies>("anomaly_info { key: 'a' value { severity: ERROR reason { } } }");
  AnomalyReportOptions options;
  options.colour = true;
  EXPECT_THAT(FormatAnomalies(anomalies, options), HasSubstr("\x1b[31mERROR\x1b[0m     a\n"));
}

TEST(FormatAnomaliesTest, ListsWhatWasMeasured) {
  const auto anomalies = Parse<tfmd::Anomalies>(
      "drift_skew_info { path { step: 'f' } drift_measurements { type: L_INFTY value: 0.25 threshold: 0.1 } "
      "skew_measurements { type: JENSEN_SHANNON_DIVERGENCE value: 0 threshold: 0.5 } }");
  EXPECT_EQ(FormatAnomalies(anomalies),
            "No anomalies found.\n\n"
            "feature  compared  measure                    value  threshold  verdict\n"
            "f        drift     L_INFTY                    0.25   0.1        over\n"
            "f        skew      JENSEN_SHANNON_DIVERGENCE  0      0.5        within\n");
}

TEST(FormatSchemaTest, ShowsALinePerFeatureAndDomain) {
  const auto schema = ParseSchema(
      "feature { name: 'fare' type: FLOAT presence { min_fraction: 1 } shape { dim { size: 1 } } "
      "float_domain { min: 0 } } "
      "feature { name: 's' type: STRUCT value_count { min: 1 } struct_domain { feature { name: 'x' type: "
      "BYTES domain: "
      "'d' presence { min_fraction: 0.5 } lifecycle_stage: BETA } } } string_domain { name: 'd' value: 'a' "
      "value: 'b' }");
  EXPECT_EQ(FormatSchema(schema),
            "feature  type    presence  values   domain         notes\n"
            "fare     FLOAT   required  shape 1  float 0..*\n"
            "s        STRUCT  optional  1..*     struct_domain\n"
            "  x      BYTES   >= 50%    any      d              BETA\n"
            "\n"
            "domain  values\n"
            "d       2       'a', 'b'\n");
}

TEST(FormatSchemaTest, SaysHowManyValuesItLeavesOut) {
  tfmd::Schema schema = ParseSchema("feature { name: 'f' type: INT } string_domain { name: 'd' }");
  for (int i = 0; i < 30; ++i) schema.mutable_string_domain(0)->add_value(std::to_string(i));
  EXPECT_THAT(FormatSchema(schema), HasSubstr("'19' and 10 more\n"));
}

TEST(FormatSchemaTest, SaysThatASchemaIsEmpty) {
  EXPECT_EQ(FormatSchema(tfmd::Schema()), "The schema has no features.\n");
}

}  // namespace
}  // namespace penstock::validation
