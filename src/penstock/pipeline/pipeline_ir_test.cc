#include "penstock/pipeline/pipeline_ir.h"

#include <gmock/gmock.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/pipeline/pipeline_spec.h"
#include "penstock/pipeline/yaml_document.h"
#include "tests/support/paths.h"

namespace penstock::pipeline {
namespace {

using google::protobuf::util::MessageDifferencer;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kMinimal = "pipelineInfo: {name: p}\nroot: {dag: {tasks: {}}}\n";

std::string ErrorOf(std::string_view text) {
  const Status status = ParsePipelineIr(text, "ir.yaml").status();
  EXPECT_TRUE(IsBadInput(status)) << status;
  return std::string(status.message());
}

/// Folder of IR files that the kfp SDK compiled, or "".
std::string KfpFolder() {
  const std::string folder = tests::SharedPath("conformance/kfp/ir");
  const auto exists = fs::Exists(folder);
  return exists.ok() && *exists ? folder : "";
}

nlohmann::json DocumentOf(const std::string& text, size_t number) {
  const auto documents = ParseYaml(text, "x", {.num_bytes = 16 << 20, .depth = 64, .num_values = 1'000'000});
  if (!documents.ok() || documents->size() <= number) return nullptr;
  const auto json = YamlToJson((*documents)[number], "x");
  return json.ok() ? *json : nlohmann::json();
}

TEST(PipelineIrParityTest, ReadsAndRewritesEveryFileOfTheKfpSdk) {
  const std::string folder = KfpFolder();
  if (folder.empty())
    GTEST_SKIP() << "no conformance/kfp/ir; set PENSTOCK_TEST_DATA to the folder that holds it";
  const auto files = fs::List(folder);
  ASSERT_TRUE(files.ok()) << files.status();
  int num_read = 0;
  for (const fs::FileEntry& file : *files) {
    SCOPED_TRACE(file.path);
    const auto ir = ReadPipelineIr(file.path);
    if (fs::BaseName(file.path).starts_with("invalid__")) {
      EXPECT_THAT(std::string(ir.status().message()),
                  HasSubstr("has no field 'components_1'; did you mean 'components'?"));
      continue;
    }
    ASSERT_TRUE(ir.ok()) << ir.status();
    ++num_read;
    const std::string original = *fs::ReadFile(file.path);
    const std::string printed = PrintPipelineYaml(*ir);
    EXPECT_EQ(DocumentOf(printed, 0), DocumentOf(original, 0));
    EXPECT_EQ(DocumentOf(printed, 1), DocumentOf(original, 1));
    for (const std::string& text : {printed, PrintPipelineJson(*ir)}) {
      const auto again = ParsePipelineIr(text, "again");
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_TRUE(MessageDifferencer::Equals(ir->pipeline, again->pipeline));
      EXPECT_TRUE(MessageDifferencer::Equals(ir->platform, again->platform));
      EXPECT_EQ(SpecDigest(*ir), SpecDigest(*again));
    }
  }
  EXPECT_GE(num_read, 45);
}

TEST(PipelineIrParityTest, ViewsEveryPipelineOfTheKfpSdk) {
  const std::string folder = KfpFolder();
  if (folder.empty())
    GTEST_SKIP() << "no conformance/kfp/ir; set PENSTOCK_TEST_DATA to the folder that holds it";
  int num_viewed = 0;
  const auto files = fs::List(folder);
  ASSERT_TRUE(files.ok()) << files.status();
  for (const fs::FileEntry& file : *files) {
    SCOPED_TRACE(file.path);
    const auto ir = ReadPipelineIr(file.path);
    if (!ir.ok()) continue;
    const auto view = ViewPipeline(*ir);
    ASSERT_TRUE(view.ok()) << view.status();
    ++num_viewed;
    EXPECT_EQ(view->tasks.size(), static_cast<size_t>(ir->pipeline.root().dag().tasks_size()));
  }
  EXPECT_GE(num_viewed, 45);
}

TEST(PipelineIrTest, NamesUnknownFieldWithPlaceAndNearestName) {
  EXPECT_EQ(
      ErrorOf("root:\n  dag:\n    tasks:\n      a:\n        componentReff: {name: x}\n"),
      "ir.yaml:5:9: PipelineTaskSpec of KFP has no field 'componentReff'; did you mean 'componentRef'?");
}

TEST(PipelineIrTest, AcceptsAnythingInsideStructs) {
  const auto ir =
      ParsePipelineIr("root: {dag: {}}\ndeploymentSpec: {anything: {at: [all, 1, 2.5, null]}}\n", "ir");
  ASSERT_TRUE(ir.ok()) << ir.status();
  EXPECT_EQ(ir->pipeline.deployment_spec().fields_size(), 1);
}

TEST(PipelineIrTest, ReadsTheApisFormOfTwoSpecsInOneObject) {
  const auto ir = ParsePipelineIr(
      R"({"pipeline_spec": {"root": {"dag": {}}, "pipelineInfo": {"name": "p"}}, "platform_spec": {"platforms": {"kubernetes": {}}}})",
      "ir.json");
  ASSERT_TRUE(ir.ok()) << ir.status();
  EXPECT_EQ(ir->pipeline.pipeline_info().name(), "p");
  EXPECT_EQ(ir->platform.platforms_size(), 1);
}

TEST(PipelineIrTest, RefusesWhatIsNotASpec) {
  EXPECT_THAT(ErrorOf(""), HasSubstr("empty"));
  EXPECT_THAT(ErrorOf("a text"), HasSubstr("a mapping is expected"));
  EXPECT_THAT(ErrorOf("pipelineInfo: {name: p}\n"), HasSubstr("it has no 'root'"));
  EXPECT_THAT(ErrorOf("{\"root\": "), HasSubstr("not JSON"));
  EXPECT_THAT(ErrorOf("root: {dag: {tasks: 7}}\n"), HasSubstr("not a KFP PipelineSpec"));
  EXPECT_THAT(ErrorOf(std::string(kMinimal) + "---\nplatforms: {}\n---\na: b\n"),
              HasSubstr("third document"));
}

TEST(PipelineIrTest, RefusesNestingBeyondTheLimit) {
  EXPECT_THAT(ErrorOf("{\"deploymentSpec\":" + std::string(100'000, '[')),
              HasSubstr("nested deeper than 64"));
  EXPECT_THAT(ErrorOf("deploymentSpec: " + std::string(400, '[')), HasSubstr("nested deeper than 64"));
}

TEST(PipelineIrTest, WritesJsonByTheNameOfTheFile) {
  auto ir = ParsePipelineIr(kMinimal, "ir");
  ASSERT_TRUE(ir.ok()) << ir.status();
  EXPECT_THAT(PrintPipelineJson(*ir), StartsWith("{\n  \"pipelineInfo\""));
  EXPECT_THAT(PrintPipelineYaml(*ir),
              StartsWith("# PIPELINE DEFINITION\n# Name: p\npipelineInfo:\n  name: p\n"));
}

}  // namespace
}  // namespace penstock::pipeline
