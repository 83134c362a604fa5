// Each anomaly type that comes from a domain: what raises it, what just does not, and TFDV's words for it.

#include <limits>

#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace testing_support;

constexpr char kListedAbc[] =
    "unique: 3 rank_histogram { buckets { label: 'a' sample_count: 7 } buckets { label: 'b' sample_count: 2 "
    "} "
    "buckets { label: 'c' sample_count: 1 } }";

TEST(StringDomainAnomalyTest, NamesUnexpectedValuesSortedAndWithTheirShares) {
  const auto statistics = OneFeature("STRING", kListedAbc);
  EXPECT_THAT(TypesFound(statistics, "type: BYTES string_domain { value: 'a' }"),
              ElementsAre("ENUM_TYPE_UNEXPECTED_STRING_VALUES"));
  EXPECT_EQ(DescriptionFound(statistics, "type: BYTES string_domain { value: 'a' }"),
            "Examples contain values missing from the schema: b (~20%), c (~10%). ");
}

TEST(StringDomainAnomalyTest, AcceptsValuesInAnyOrderOfTheDomain) {
  EXPECT_THAT(TypesFound(OneFeature("STRING", kListedAbc),
                         "type: BYTES string_domain { value: 'c' value: 'a' value: 'b' }"),
              IsEmpty());
}

TEST(StringDomainAnomalyTest, FindsSharedDomainsByName) {
  const auto schema = ParseSchema(
      "feature { name: 'f' type: BYTES domain: 'letters' } string_domain { name: 'letters' value: 'a' value: "
      "'b' }");
  EXPECT_THAT(ReasonTypes(Validate(OneFeature("STRING", kListedAbc), schema), "f"),
              ElementsAre("ENUM_TYPE_UNEXPECTED_STRING_VALUES"));
}

TEST(StringDomainAnomalyTest, ToleratesTheShareOutsideThatMinDomainMassLeaves) {
  const auto statistics = OneFeature("STRING", kListedAbc);
  const std::string feature = "type: BYTES string_domain { value: 'a' value: 'b' } distribution_constraints ";
  EXPECT_THAT(TypesFound(statistics, feature + "{ min_domain_mass: 0.85 }"), IsEmpty());
  EXPECT_THAT(TypesFound(statistics, feature + "{ min_domain_mass: 0.95 }"),
              ElementsAre("ENUM_TYPE_UNEXPECTED_STRING_VALUES"));
  EXPECT_THAT(TypesFound(statistics, feature + "{ min_domain_mass: 1.0 }"),
              ElementsAre("ENUM_TYPE_UNEXPECTED_STRING_VALUES"));
}

TEST(StringDomainAnomalyTest, EscapesControlCharactersAndShowsTinyShares) {
  const auto statistics = OneFeature("STRING", "rank_histogram { buckets { label: 'x\\n' sample_count: 1 } }",
                                     "tot_num_values: 1000");
  EXPECT_EQ(DescriptionFound(statistics, "type: BYTES string_domain { value: 'a' }"),
            "Examples contain values missing from the schema: x\\n (<1%). ");
}

TEST(StringDomainAnomalyTest, RefusesInvalidUtf8InADomain) {
  EXPECT_THAT(
      TypesFound(OneFeature("STRING", "invalid_utf8_count: 1"), "type: BYTES string_domain { value: 'a' }"),
      ElementsAre("ENUM_TYPE_INVALID_UTF8"));
}

TEST(StringDomainAnomalyTest, HoldsTheDomainToItsSizeLimitWhereThereIsOne) {
  const auto schema =
      ParseSchema("feature { name: 'f' type: BYTES string_domain { value: 'a' value: 'b' value: 'c' } }");
  ValidateOptions options;
  options.string_domain_limit = 3;
  EXPECT_THAT(ReasonTypes(Validate(OneFeature("STRING", kListedAbc), schema, options), "f"),
              ElementsAre("INVALID_DOMAIN_SPECIFICATION"));
  options.string_domain_limit = 4;
  EXPECT_THAT(ReasonTypes(Validate(OneFeature("STRING", kListedAbc), schema, options), "f"), IsEmpty());
}

TEST(StringDomainAnomalyTest, SaysNothingOfAnEmptyListOfValues) {
  EXPECT_THAT(TypesFound(OneFeature("STRING"), "type: BYTES string_domain { value: 'a' }"), IsEmpty());
}

TEST(IntDomainAnomalyTest, FindsValuesBelowAndAboveTheBounds) {
  const auto statistics = OneFeature("INT", "min: -3 max: 300");
  EXPECT_THAT(TypesFound(statistics, "type: INT int_domain { min: 0 max: 120 }"),
              ElementsAre("INT_TYPE_SMALL_INT", "INT_TYPE_BIG_INT"));
  EXPECT_EQ(DescriptionFound(statistics, "type: INT int_domain { min: 0 max: 120 }"),
            "Unexpectedly small value: -3. Unexpectedly large value: 300.");
  EXPECT_THAT(TypesFound(statistics, "type: INT int_domain { min: -3 max: 300 }"), IsEmpty());
}

TEST(IntDomainAnomalyTest, KeepsTheGreatestInt64InsideItsOwnBounds) {
  // Statistics round it up to 2^63, which no int64 is.
  const auto statistics = OneFeature("INT", "min: 0 max: 9223372036854775808");
  EXPECT_THAT(TypesFound(statistics, "type: INT int_domain { max: 9223372036854775807 }"), IsEmpty());
  EXPECT_THAT(TypesFound(statistics, "type: INT int_domain { max: 5 }"), ElementsAre("INT_TYPE_BIG_INT"));
}

TEST(IntDomainAnomalyTest, RefusesIntegersThatNoInt64Holds) {
  const auto statistics = OneFeature("INT", "min: 0 max: 1e20");
  EXPECT_THAT(TypesFound(statistics, "type: INT int_domain { max: 5 }"),
              ElementsAre("DOMAIN_INVALID_FOR_TYPE"));
  EXPECT_THAT(TypesFound(statistics, "type: INT int_domain { }"), IsEmpty());
}

TEST(IntDomainAnomalyTest, ReadsIntegersInStrings) {
  const auto statistics =
      OneFeature("STRING", "rank_histogram { buckets { label: '5' } buckets { label: '12' } }");
  EXPECT_THAT(TypesFound(statistics, "type: BYTES int_domain { max: 10 }"), ElementsAre("INT_TYPE_BIG_INT"));
  const auto with_text =
      OneFeature("STRING", "rank_histogram { buckets { label: '5' } buckets { label: 'five' } }");
  EXPECT_THAT(TypesFound(with_text, "type: BYTES int_domain { }"), ElementsAre("INT_TYPE_NOT_INT_STRING"));
  EXPECT_THAT(DescriptionFound(with_text, "type: BYTES int_domain { }"), HasSubstr("such as \"five\""));
}

TEST(FloatDomainAnomalyTest, FindsValuesBelowAndAboveTheBounds) {
  const auto statistics = OneFeature("FLOAT", "min: -0.5 max: 7.25");
  EXPECT_THAT(TypesFound(statistics, "type: FLOAT float_domain { min: 0 max: 7 }"),
              ElementsAre("FLOAT_TYPE_SMALL_FLOAT", "FLOAT_TYPE_BIG_FLOAT"));
  EXPECT_EQ(DescriptionFound(statistics, "type: FLOAT float_domain { min: 0 max: 7 }"),
            "Unexpectedly low values: -0.5<0(upto six significant digits) "
            "Unexpectedly high value: 7.25>7(upto six significant digits)");
}

TEST(FloatDomainAnomalyTest, FindsNanOnlyWhereItIsDisallowed) {
  const auto statistics = OneFeature("FLOAT", "min: 0 max: 1 histograms { num_nan: 1 }");
  EXPECT_THAT(TypesFound(statistics, "type: FLOAT float_domain { disallow_nan: true }"),
              ElementsAre("FLOAT_TYPE_HAS_NAN"));
  EXPECT_THAT(TypesFound(statistics, "type: FLOAT float_domain { }"), IsEmpty());
}

TEST(FloatDomainAnomalyTest, FindsInfinityOnlyWhereItIsDisallowed) {
  const auto statistics = OneFeature("FLOAT", "min: -inf max: 1");
  EXPECT_THAT(TypesFound(statistics, "type: FLOAT float_domain { disallow_inf: true }"),
              ElementsAre("FLOAT_TYPE_HAS_INF"));
  EXPECT_THAT(TypesFound(statistics, "type: FLOAT float_domain { }"), IsEmpty());
}

TEST(FloatDomainAnomalyTest, TakesNanExtremesAsNoReasonToComplainOfBounds) {
  EXPECT_THAT(
      TypesFound(OneFeature("FLOAT", "min: nan max: nan"), "type: FLOAT float_domain { min: 0 max: 1 }"),
      IsEmpty());
}

TEST(FloatDomainAnomalyTest, ReadsFloatsInStrings) {
  const auto statistics =
      OneFeature("STRING", "rank_histogram { buckets { label: '0.5' } buckets { label: 'nan' } }");
  EXPECT_THAT(TypesFound(statistics, "type: BYTES float_domain { disallow_nan: true }"),
              ElementsAre("FLOAT_TYPE_HAS_NAN"));
  EXPECT_THAT(TypesFound(OneFeature("STRING", "rank_histogram { buckets { label: 'half' } }"),
                         "type: BYTES float_domain { }"),
              ElementsAre("FLOAT_TYPE_STRING_NOT_FLOAT"));
}

TEST(BoolDomainAnomalyTest, FindsIntegersThatAreNoTruthValue) {
  EXPECT_THAT(TypesFound(OneFeature("INT", "min: 0 max: 2"), "type: INT bool_domain { }"),
              ElementsAre("BOOL_TYPE_BIG_INT"));
  EXPECT_THAT(TypesFound(OneFeature("INT", "min: -1 max: 1"), "type: INT bool_domain { }"),
              ElementsAre("BOOL_TYPE_SMALL_INT"));
  EXPECT_THAT(TypesFound(OneFeature("INT", "min: 0 max: 1"), "type: INT bool_domain { }"), IsEmpty());
}

TEST(BoolDomainAnomalyTest, FindsFloatsThatAreNoTruthValue) {
  const std::string feature = "type: FLOAT bool_domain { }";
  EXPECT_THAT(TypesFound(OneFeature("FLOAT", "min: 0.5 max: 1"), feature),
              ElementsAre("BOOL_TYPE_UNEXPECTED_FLOAT"));
  EXPECT_THAT(TypesFound(OneFeature("FLOAT", "min: 0 max: 1 histograms { num_nan: 1 }"), feature),
              ElementsAre("BOOL_TYPE_UNEXPECTED_FLOAT"));
  EXPECT_THAT(TypesFound(OneFeature("FLOAT",
                                    "min: 0 max: 1 histograms { type: QUANTILES buckets { low_value: 0.2 "
                                    "high_value: 0.7 sample_count: 2 } }"),
                         feature),
              ElementsAre("BOOL_TYPE_UNEXPECTED_FLOAT"));
  EXPECT_THAT(TypesFound(OneFeature("FLOAT", "min: 0 max: 1"), feature), IsEmpty());
}

TEST(BoolDomainAnomalyTest, FindsWordsThatAreNeitherTrueNorFalse) {
  const auto statistics =
      OneFeature("STRING", "rank_histogram { buckets { label: 'yes' } buckets { label: 'maybe' } }");
  const std::string feature = "type: BYTES bool_domain { true_value: 'yes' false_value: 'no' }";
  EXPECT_THAT(TypesFound(statistics, feature), ElementsAre("BOOL_TYPE_UNEXPECTED_STRING"));
  EXPECT_EQ(DescriptionFound(statistics, feature),
            "Saw unexpected value \"maybe\" instead of {\"no\", \"yes\"}.");
}

TEST(DomainTypeAnomalyTest, RefusesDomainsThatDoNotFitTheType) {
  EXPECT_THAT(TypesFound(OneFeature("FLOAT"), "type: FLOAT int_domain { }"),
              ElementsAre("DOMAIN_INVALID_FOR_TYPE"));
  EXPECT_EQ(DescriptionFound(OneFeature("FLOAT"), "type: FLOAT int_domain { }"),
            "The domain \"int_domain\" does not match the type: FLOAT");
}

TEST(DomainTypeAnomalyTest, RefusesDomainsOfValuesForOpaqueBytes) {
  EXPECT_THAT(TypesFound(OneFeature("BYTES"), "type: BYTES string_domain { value: 'a' }"),
              ElementsAre("DOMAIN_INVALID_FOR_TYPE"));
  EXPECT_THAT(TypesFound(OneFeature("BYTES"), "type: BYTES image_domain { }"), IsEmpty());
}

TEST(DomainTypeAnomalyTest, ReportsADomainThatTheSchemaLacks) {
  EXPECT_THAT(TypesFound(OneFeature("STRING"), "type: BYTES domain: 'nowhere'"),
              ElementsAre("INVALID_DOMAIN_SPECIFICATION"));
}

TEST(ImageDomainAnomalyTest, HoldsImagesToFormatAndSize) {
  auto statistics = OneFeature("BYTES", "max_num_bytes_int: 101");
  *statistics.mutable_features(0)->add_custom_stats() = Parse<tfmd::CustomStatistic>(
      "name: 'image_format_histogram' rank_histogram { buckets { label: 'jpeg' sample_count: 1 } "
      "buckets { label: 'UNKNOWN' sample_count: 3 } }");
  EXPECT_THAT(TypesFound(statistics,
                         "type: BYTES image_domain { minimum_supported_image_fraction: 0.5 "
                         "max_image_byte_size: 100 }"),
              ElementsAre("LOW_SUPPORTED_IMAGE_FRACTION", "MAX_IMAGE_BYTE_SIZE_EXCEEDED"));
  EXPECT_THAT(TypesFound(statistics,
                         "type: BYTES image_domain { minimum_supported_image_fraction: 0.25 "
                         "max_image_byte_size: 101 }"),
              IsEmpty());
}

TEST(NaturalLanguageDomainAnomalyTest, SaysThatItCannotCheckWithoutStatistics) {
  EXPECT_THAT(TypesFound(OneFeature("STRING"),
                         "type: BYTES natural_language_domain { coverage { min_coverage: 0.5 } }"),
              ElementsAre("STATS_NOT_AVAILABLE"));
}

TEST(NaturalLanguageDomainAnomalyTest, ChecksCoverageAndTokens) {
  auto statistics = OneFeature("STRING");
  tfmd::NaturalLanguageStatistics language = Parse<tfmd::NaturalLanguageStatistics>(
      "feature_coverage: 0.25 avg_token_length: 2 token_statistics { string_token: 'PAD' "
      "fraction_of_sequences: 0.5 "
      "per_sequence_min_frequency: 1 per_sequence_max_frequency: 4 }");
  auto& custom = *statistics.mutable_features(0)->add_custom_stats();
  custom.set_name("nl_statistics");
  custom.mutable_any()->PackFrom(language);
  EXPECT_THAT(TypesFound(statistics,
                         "type: BYTES natural_language_domain { coverage { min_coverage: 0.5 "
                         "min_avg_token_length: 3 } token_constraints { string_value: 'PAD' "
                         "min_fraction_of_sequences: 0.75 min_per_sequence: 2 max_per_sequence: 3 } }"),
              ElementsAre("FEATURE_COVERAGE_TOO_LOW", "FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH",
                          "SEQUENCE_VALUE_TOO_SMALL_FRACTION", "SEQUENCE_VALUE_TOO_FEW_OCCURRENCES",
                          "SEQUENCE_VALUE_TOO_MANY_OCCURRENCES"));
  EXPECT_THAT(TypesFound(statistics,
                         "type: BYTES natural_language_domain { token_constraints { string_value: 'PAD' "
                         "max_fraction_of_sequences: 0.25 } }"),
              ElementsAre("SEQUENCE_VALUE_TOO_LARGE_FRACTION"));
}

TEST(SemanticDomainAnomalyTest, AdoptsTheOneDomainThatStatisticsName) {
  auto statistics = OneFeature("STRING");
  *statistics.mutable_features(0)->add_custom_stats() =
      Parse<tfmd::CustomStatistic>("name: 'domain_info' str: 'mid_domain {}'");
  EXPECT_THAT(TypesFound(statistics, "type: BYTES"), ElementsAre("SEMANTIC_DOMAIN_UPDATE"));
  EXPECT_THAT(TypesFound(statistics, "type: BYTES url_domain { }"), IsEmpty());
}

TEST(SemanticDomainAnomalyTest, IgnoresWhatIsNoDomain) {
  for (const char* text : {"name: 'other'", "mid_domain {} type: INT", "not text format", ""}) {
    auto statistics = OneFeature("STRING");
    auto& custom = *statistics.mutable_features(0)->add_custom_stats();
    custom.set_name("domain_info");
    custom.set_str(text);
    EXPECT_THAT(TypesFound(statistics, "type: BYTES"), IsEmpty()) << text;
  }
}

}  // namespace
}  // namespace penstock::validation
