// Schemas and anomalies against those TFDV 1.21.0 and TFX 1.21.0 gave for the same statistics.

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "penstock/base/filesystem.h"
#include "penstock/base/proto_io.h"
#include "penstock/validation/schema_file.h"
#include "penstock/validation/schema_inference.h"
#include "penstock/validation/statistics_validation.h"
#include "tests/support/paths.h"

namespace penstock::validation {
namespace {

namespace tfmd = ::tensorflow::metadata::v0;

bool Exists(const std::string& path) {
  const Result<bool> exists = fs::Exists(path);
  return exists.ok() && *exists;
}

/// The first of `names` that the folder has; "" if none.
std::string FirstOf(const std::string& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (Exists(fs::Join(folder, name))) return fs::Join(folder, name);
  return "";
}

template <class Message>
Message Read(const std::string& path) {
  Message message;
  const Status status = ReadProto(path, message);
  EXPECT_TRUE(status.ok()) << status;
  return message;
}

/// The dataset of all examples in a statistics file; nullopt where there is no such file.
std::optional<tfmd::DatasetFeatureStatistics> ReadDataset(const std::string& path) {
  if (path.empty()) return std::nullopt;
  const auto list = Read<tfmd::DatasetFeatureStatisticsList>(path);
  const auto dataset = WholeDataset(list);
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  return dataset.ok() ? **dataset : tfmd::DatasetFeatureStatistics();
}

void ExpectEqual(const google::protobuf::Message& actual, const google::protobuf::Message& expected) {
  std::string difference;
  google::protobuf::util::MessageDifferencer differencer;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(expected, actual)) << difference;
}

/// One case folder of conformance/tfdv: files by the names its authors gave them.
struct Case {
  std::string folder;

  std::string Statistics() const {
    return FirstOf(folder, {"expected_stats.pb", "expected_stats.pbtxt", "stats.pbtxt", "statistics.pbtxt"});
  }
  std::string Schema() const { return FirstOf(folder, {"schema.pbtxt", "schema_for_validation.pbtxt"}); }
  std::string InferredSchema() const {
    return FirstOf(folder, {"expected_inferred_schema.pbtxt", "expected_schema.pbtxt"});
  }
  std::string UpdatedSchema() const {
    return FirstOf(folder, {"expected_updated_schema.pbtxt", "upstream_golden_updated_schema.pbtxt"});
  }
  std::string Anomalies() const { return FirstOf(folder, {"expected_anomalies.pbtxt"}); }

  /// An option that the case was run with; "" where it was left at its default.
  std::string Option(const std::string& name) const {
    const std::string file = FirstOf(folder, {"case.json", "options.json"});
    if (file.empty()) return "";
    const auto text = fs::ReadFile(file);
    if (!text.ok()) return "";
    const auto json = nlohmann::json::parse(*text, nullptr, false);
    const auto inference = json.value("infer_schema_options", nlohmann::json::object());
    if (inference.is_object() && inference.contains(name)) {
      const auto& given = inference[name];
      return given.is_boolean() ? (given.get<bool>() ? "True" : "False") : given.dump();
    }
    return json.contains(name) && json[name].is_string() ? json[name].get<std::string>() : "";
  }
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.folder; }

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  const std::string root = tests::SharedPath("conformance/tfdv");
  const auto groups = fs::List(root);
  if (!groups.ok()) return cases;
  for (const auto& group : *groups) {
    if (!group.is_directory) continue;
    if (!fs::BaseName(group.path).starts_with("upstream_")) {
      cases.push_back({group.path});
      continue;
    }
    const auto folders = fs::List(group.path);
    if (!folders.ok()) continue;
    for (const auto& folder : *folders)
      if (folder.is_directory) cases.push_back({folder.path});
  }
  return cases;
}

/// Those that have the expectation.
std::vector<Case> CasesWith(std::string (Case::*expectation)() const) {
  std::vector<Case> cases = AllCases();
  std::erase_if(cases,
                [&](const Case& one) { return one.Statistics().empty() || (one.*expectation)().empty(); });
  return cases;
}

class TfdvInferenceTest : public testing::TestWithParam<Case> {};
class TfdvUpdateTest : public testing::TestWithParam<Case> {};
class TfdvValidationTest : public testing::TestWithParam<Case> {};

TEST_P(TfdvInferenceTest, InfersTheSameSchema) {
  const Case& param = GetParam();
  InferSchemaOptions options;
  options.infer_feature_shape = param.Option("infer_feature_shape") != "False";
  if (const std::string size = param.Option("max_string_domain_size"); !size.empty())
    options.max_string_domain_size = std::atoi(size.c_str());
  const auto schema = InferSchema(*ReadDataset(param.Statistics()), options);
  ASSERT_TRUE(schema.ok()) << schema.status();
  ExpectEqual(*schema, Read<tfmd::Schema>(param.InferredSchema()));
}

TEST_P(TfdvUpdateTest, UpdatesToTheSameSchema) {
  const Case& param = GetParam();
  const auto schema = UpdateSchema(Read<tfmd::Schema>(param.Schema()), *ReadDataset(param.Statistics()));
  ASSERT_TRUE(schema.ok()) << schema.status();
  ExpectEqual(*schema, Read<tfmd::Schema>(param.UpdatedSchema()));
}

TEST_P(TfdvValidationTest, FindsTheSameAnomalies) {
  const Case& param = GetParam();
  const auto previous = ReadDataset(
      FirstOf(param.folder, {"previous_stats.pb", "previous_stats.pbtxt", "previous_span_statistics.pbtxt"}));
  const auto serving = ReadDataset(
      FirstOf(param.folder, {"serving_stats.pb", "serving_stats.pbtxt", "serving_statistics.pbtxt"}));
  const auto version = ReadDataset(FirstOf(param.folder, {"previous_version_statistics.pbtxt"}));
  ValidateOptions options;
  if (previous.has_value()) options.previous_span = &*previous;
  if (serving.has_value()) options.serving = &*serving;
  if (version.has_value()) options.previous_version = &*version;
  if (const std::string environment = param.Option("environment"); !environment.empty())
    options.environment = environment;
  if (!param.Option("validation_options").empty()) {
    // The case holds only the address of the Python object; these are what the named test puts in it.
    options.features_needed = {FeaturePath({"bar"})};
    options.severity_overrides[tfmd::AnomalyInfo::SCHEMA_NEW_COLUMN] = tfmd::AnomalyInfo::WARNING;
  }
  const auto anomalies =
      ValidateStatistics(*ReadDataset(param.Statistics()), Read<tfmd::Schema>(param.Schema()), options);
  ASSERT_TRUE(anomalies.ok()) << anomalies.status();
  ExpectEqual(*anomalies, Read<tfmd::Anomalies>(param.Anomalies()));
}

std::string CaseName(const testing::TestParamInfo<Case>& info) {
  const std::string group = fs::BaseName(fs::DirName(info.param.folder));
  std::string name = (group == "tfdv" ? "" : group + "_") + fs::BaseName(info.param.folder);
  for (char& c : name)
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  return name;
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TfdvInferenceTest);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TfdvUpdateTest);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TfdvValidationTest);
INSTANTIATE_TEST_SUITE_P(Conformance, TfdvInferenceTest, testing::ValuesIn(CasesWith(&Case::InferredSchema)),
                         CaseName);
INSTANTIATE_TEST_SUITE_P(Conformance, TfdvUpdateTest, testing::ValuesIn(CasesWith(&Case::UpdatedSchema)),
                         CaseName);
INSTANTIATE_TEST_SUITE_P(Conformance, TfdvValidationTest, testing::ValuesIn(CasesWith(&Case::Anomalies)),
                         CaseName);

TEST(TfdvCasesTest, AreAllRunButThoseThatHoldStatisticsOnly) {
  const std::vector<Case> cases = AllCases();
  if (cases.empty())
    GTEST_SKIP() << "NOT RUN: no conformance cases under " << tests::SharedPath("conformance/tfdv")
                 << " (PENSTOCK_TEST_DATA)";
  for (const Case& one : cases) {
    const bool is_run =
        !one.Statistics().empty() && (!one.InferredSchema().empty() || !one.Anomalies().empty());
    // Their expectations are statistics of examples: the statistics room's parity test runs them.
    const bool is_of_statistics = fs::BaseName(fs::DirName(one.folder)) == "upstream_stats";
    EXPECT_NE(is_run, is_of_statistics) << one.folder;
  }
}

TEST(TfxSchemaGenTest, InfersTheSameSchemaFromTheSameStatistics) {
  if (!Exists(tests::TfxTestData("schema_gen/schema.pbtxt")))
    GTEST_SKIP() << "NOT RUN: no TFX wheel; run `make setup`";
  std::vector<tfmd::DatasetFeatureStatistics> splits;
  for (const char* split : {"train", "eval"})
    splits.push_back(
        *ReadDataset(tests::TfxTestData(fmt::format("statistics_gen/Split-{}/FeatureStats.pb", split))));
  InferSchemaOptions options;
  options.infer_feature_shape = false;
  const auto schema = InferSchema(splits, options);
  ASSERT_TRUE(schema.ok()) << schema.status();
  // The wheel's statistics list payment_type before company, its schema company before payment_type: the two
  // files are not of one run. So columns and domains are matched by name; all that is in them, and the order
  // of a domain's values (those of train sorted, then what eval adds), must be equal.
  google::protobuf::util::MessageDifferencer differencer;
  differencer.TreatAsMap(tfmd::Schema::descriptor()->FindFieldByName("feature"),
                         tfmd::Feature::descriptor()->FindFieldByName("name"));
  differencer.TreatAsMap(tfmd::Schema::descriptor()->FindFieldByName("string_domain"),
                         tfmd::StringDomain::descriptor()->FindFieldByName("name"));
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  const auto expected = Read<tfmd::Schema>(tests::TfxTestData("schema_gen/schema.pbtxt"));
  EXPECT_TRUE(differencer.Compare(expected, *schema)) << difference;
}

TEST(TfxSchemaGenTest, KeepsTheOrderOfTheStatisticsColumns) {
  if (!Exists(tests::TfxTestData("schema_gen/schema.pbtxt")))
    GTEST_SKIP() << "NOT RUN: no TFX wheel; run `make setup`";
  const auto statistics = *ReadDataset(tests::TfxTestData("statistics_gen/Split-eval/FeatureStats.pb"));
  const auto expected = Read<tfmd::Schema>(tests::TfxTestData("schema_gen/schema.pbtxt"));
  const auto schema = InferSchema(statistics);
  ASSERT_TRUE(schema.ok()) << schema.status();
  ASSERT_EQ(schema->feature_size(), expected.feature_size());
  for (int i = 0; i < expected.feature_size(); ++i)
    EXPECT_EQ(schema->feature(i).name(), expected.feature(i).name());
}

TEST(TfxExampleValidatorTest, FindsNoAnomaliesInTheDataOfItsOwnSchema) {
  if (!Exists(tests::TfxTestData("schema_gen/schema.pbtxt")))
    GTEST_SKIP() << "NOT RUN: no TFX wheel; run `make setup`";
  const auto schema = ReadSchema(tests::TfxTestData("schema_gen/schema.pbtxt"));
  ASSERT_TRUE(schema.ok()) << schema.status();
  for (const char* split : {"train", "eval"}) {
    const auto anomalies = ValidateStatistics(
        *ReadDataset(tests::TfxTestData(fmt::format("statistics_gen/Split-{}/FeatureStats.pb", split))),
        *schema);
    ASSERT_TRUE(anomalies.ok()) << anomalies.status();
    EXPECT_EQ(anomalies->anomaly_info_size(), 0) << anomalies->DebugString();
  }
}

}  // namespace
}  // namespace penstock::validation
