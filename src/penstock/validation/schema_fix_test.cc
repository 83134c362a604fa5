#include "penstock/validation/schema_fix.h"

#include <algorithm>

#include "penstock/validation/schema_inference.h"
#include "penstock/validation/statistics_testing.h"

namespace penstock::validation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace testing_support;

const char kSchema[] =
    "feature { name: 'color' type: BYTES domain: 'colors' presence { min_count: 1 } } "
    "feature { name: 'shade' type: BYTES domain: 'colors' presence { min_count: 1 } } "
    "feature { name: 'age' type: INT int_domain { min: 0 max: 9 } presence { min_fraction: 1 } } "
    "feature { name: 'gone' type: INT presence { min_count: 1 } } "
    "feature { name: 'box' type: STRUCT struct_domain { feature { name: 'width' type: INT int_domain { max: "
    "5 } } } } "
    "string_domain { name: 'colors' value: 'red' } "
    "dataset_constraints { min_examples_count: 50 }";

std::string Text(const std::string& name, const std::string& value) {
  return "features { name: '" + name +
         "' type: STRING string_stats { common_stats { num_non_missing: 10 min_num_values: 1 max_num_values: "
         "1 "
         "tot_num_values: 10 } unique: 1 rank_histogram { buckets { label: '" +
         value + "' sample_count: 10 } } } } ";
}

std::string Int(const std::string& name_or_path, int max) {
  return "features { " + name_or_path +
         " type: INT num_stats { common_stats { num_non_missing: 10 min_num_values: 1 max_num_values: 1 "
         "tot_num_values: 10 } min: 0 max: " +
         std::to_string(max) + " } } ";
}

/// New values in a shared domain from two features, a bound that is passed, a column that is gone, a field of
/// a struct, a new column and too few examples.
tfmd::DatasetFeatureStatistics Statistics() {
  const std::string shapes =
      "features { path { step: 'box' } type: STRUCT struct_stats { common_stats { "
      "num_non_missing: 10 min_num_values: 1 max_num_values: 1 tot_num_values: 10 } } } ";
  std::string text = "num_examples: 10 " + Text("color", "green") + Text("shade", "blue") +
                     Int("name: 'age'", 12) + Text("fresh", "new");
  for (const std::string name : {"color", "shade", "age", "fresh"}) {
    const size_t at = text.find("name: '" + name + "'");
    text.replace(at, 8 + name.size(), "path { step: '" + name + "' }");
  }
  return ParseStatistics(text + shapes + Int("path { step: 'box' step: 'width' }", 7));
}

tfmd::Anomalies WithFixes(const tfmd::Schema& schema) {
  ValidateOptions options;
  options.propose_fixes = true;
  return Validate(Statistics(), schema, options);
}

std::vector<std::string> Keys(const tfmd::Anomalies& anomalies) {
  std::vector<std::string> keys;
  for (const auto& [key, info] : anomalies.anomaly_info()) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

tfmd::Schema Accept(const tfmd::Anomalies& anomalies, const tfmd::Schema& schema,
                    const std::set<std::string>& only = {}) {
  auto accepted = AcceptAnomalies(anomalies, schema, only);
  EXPECT_TRUE(accepted.ok()) << accepted.status();
  return accepted.ok() ? accepted->schema : schema;
}

TEST(SchemaFixTest, AnomaliesCarryNoChangesUnlessAsked) {
  const auto anomalies = Validate(Statistics(), ParseSchema(kSchema));
  EXPECT_THAT(Keys(anomalies), ElementsAre("age", "box.width", "color", "fresh", "gone", "shade"));
  for (const auto& [key, info] : anomalies.anomaly_info()) EXPECT_EQ(info.diff_regions_size(), 0) << key;
  const auto accepted = AcceptAnomalies(anomalies, ParseSchema(kSchema));
  ASSERT_FALSE(accepted.ok());
  EXPECT_THAT(accepted.status().message(), HasSubstr("carries a change"));
}

TEST(SchemaFixTest, AcceptingAllLeavesNoAnomalies) {
  const auto schema = ParseSchema(kSchema);
  const auto anomalies = WithFixes(schema);
  const auto accepted = AcceptAnomalies(anomalies, schema);
  ASSERT_TRUE(accepted.ok()) << accepted.status();
  EXPECT_THAT(accepted->accepted,
              ElementsAre("(dataset)", "age", "box.width", "color", "fresh", "gone", "shade"));
  EXPECT_THAT(accepted->without_fix, IsEmpty());
  const auto left = Validate(Statistics(), accepted->schema);
  EXPECT_THAT(Keys(left), IsEmpty());
  EXPECT_FALSE(left.has_dataset_anomaly_info());
  EXPECT_EQ(accepted->schema.dataset_constraints().min_examples_count(), 10);
}

TEST(SchemaFixTest, AcceptingAllEqualsAnUpdate) {
  auto schema = ParseSchema(kSchema);
  schema.clear_dataset_constraints();  // An update leaves them alone.
  const auto updated = UpdateSchema(schema, Statistics());
  ASSERT_TRUE(updated.ok()) << updated.status();
  const auto accepted = Accept(WithFixes(schema), schema);
  EXPECT_EQ(accepted.feature_size(), updated->feature_size());
  for (int i = 0; i < updated->feature_size(); ++i)
    EXPECT_EQ(accepted.feature(i).DebugString(), updated->feature(i).DebugString());
}

TEST(SchemaFixTest, AcceptsOnlyWhatWasNamed) {
  const auto schema = ParseSchema(kSchema);
  const auto accepted = Accept(WithFixes(schema), schema, {"color"});
  EXPECT_THAT(accepted.string_domain(0).value(), ElementsAre("red", "green"));
  EXPECT_THAT(Keys(Validate(Statistics(), accepted)),
              ElementsAre("age", "box.width", "fresh", "gone", "shade"));
  const auto width = Accept(WithFixes(schema), schema, {"box.width"});
  EXPECT_EQ(width.feature(4).struct_domain().feature(0).int_domain().max(), 7);
  EXPECT_EQ(width.feature(2).int_domain().max(), 9);
}

TEST(SchemaFixTest, KeepsChangesMadeElsewhereSince) {
  const auto anomalies = WithFixes(ParseSchema(kSchema));
  auto edited = ParseSchema(kSchema);
  edited.mutable_string_domain(0)->add_value("black");
  edited.mutable_feature(3)->set_type(tfmd::FLOAT);
  const auto accepted = Accept(anomalies, edited, {"color", "age"});
  EXPECT_THAT(accepted.string_domain(0).value(), ElementsAre("red", "black", "green"));
  EXPECT_EQ(accepted.feature(3).type(), tfmd::FLOAT);
  EXPECT_EQ(accepted.feature(2).int_domain().max(), 12);
}

TEST(SchemaFixTest, RefusesAFeatureThatChangedSince) {
  const auto anomalies = WithFixes(ParseSchema(kSchema));
  auto edited = ParseSchema(kSchema);
  edited.mutable_feature(2)->mutable_int_domain()->set_max(10);
  const auto accepted = AcceptAnomalies(anomalies, edited, {"age"});
  ASSERT_FALSE(accepted.ok());
  EXPECT_EQ(accepted.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(accepted.status().message(), HasSubstr("'age'"));
}

TEST(SchemaFixTest, AcceptingTwiceIsAcceptingOnce) {
  const auto schema = ParseSchema(kSchema);
  const auto anomalies = WithFixes(schema);
  const auto once = Accept(anomalies, schema);
  EXPECT_EQ(Accept(anomalies, once).DebugString(), once.DebugString());
}

TEST(SchemaFixTest, GivesANewColumnADomainOfItsOwn) {
  auto schema = ParseSchema(kSchema);
  auto& taken = *schema.add_string_domain();
  taken.set_name("fresh");
  taken.add_value("other");
  const auto accepted = Accept(WithFixes(schema), schema, {"fresh"});
  EXPECT_EQ(accepted.feature(5).name(), "fresh");
  EXPECT_EQ(accepted.feature(5).domain(), "fresh2");
  EXPECT_THAT(accepted.string_domain(2).value(), ElementsAre("new"));
  EXPECT_THAT(accepted.string_domain(1).value(), ElementsAre("other"));
}

TEST(SchemaFixTest, NamesTheFeatureThatWasProbablyMeant) {
  const auto schema = ParseSchema(kSchema);
  const auto accepted = AcceptAnomalies(WithFixes(schema), schema, {"colour"});
  ASSERT_FALSE(accepted.ok());
  EXPECT_THAT(accepted.status().message(), HasSubstr("did you mean 'color'?"));
}

TEST(SchemaFixTest, RefusesRegionsItDidNotWrite) {
  auto anomalies = WithFixes(ParseSchema(kSchema));
  auto& info = (*anomalies.mutable_anomaly_info())["age"];
  info.mutable_diff_regions(0)->mutable_changed()->set_right_contents(0, "feature {{{");
  EXPECT_FALSE(AcceptAnomalies(anomalies, ParseSchema(kSchema)).ok());
  info.clear_diff_regions();
  info.add_diff_regions()->mutable_removed()->add_contents("feature {");
  EXPECT_FALSE(AcceptAnomalies(anomalies, ParseSchema(kSchema)).ok());
}

}  // namespace
}  // namespace penstock::validation
