#include "conformance/metadata_store_suite.h"

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock::metadata {

void MetadataStoreSuite::SetUp() {
  if (GetParam().why_not != nullptr)
    if (const std::string reason = GetParam().why_not(); !reason.empty()) GTEST_SKIP() << reason;
  folder_ = fs::Join(testing::TempDir(), "metadata-" + NewUuid());
  PENSTOCK_ASSERT_OK(fs::CreateDirectories(folder_));
  PENSTOCK_ASSERT_OK_AND_ASSIGN(store_, GetParam().open(folder_, clock_));
}

void MetadataStoreSuite::TearDown() {
  store_.reset();
  if (folder_.empty()) return;  // Skipped.
  EXPECT_TRUE(fs::RemoveAll(folder_).ok());
}

void MetadataStoreSuite::Reopen() {
  store_.reset();
  PENSTOCK_ASSERT_OK_AND_ASSIGN(store_, GetParam().open(folder_, clock_));
}

ExecutionPlan MetadataStoreSuite::Plan(const std::string& node, const std::string& component) {
  ExecutionPlan plan;
  plan.run_id = "run-1";
  plan.pipeline_name = "taxi";
  plan.node_id = node;
  plan.component_type = component;
  plan.cache_key = DigestOf(node);
  return plan;
}

pipeline::Artifact MetadataStoreSuite::NewArtifact(std::string_view type, const std::string& uri) {
  pipeline::Artifact artifact;
  artifact.type = std::string(type);
  artifact.uri = uri;
  artifact.content = DigestOf(uri);
  return artifact;
}

int64_t MetadataStoreSuite::Complete(const ExecutionPlan& plan, const ArtifactsByName& outputs) {
  const auto id = store().BeginExecution(plan);
  EXPECT_TRUE(id.ok()) << id.status();
  if (!id.ok()) return 0;
  ExecutionOutcome outcome;
  outcome.outputs = outputs;
  const auto stored = store().FinishExecution(*id, outcome);
  EXPECT_TRUE(stored.ok()) << stored.status();
  return *id;
}

pipeline::Artifact MetadataStoreSuite::Produce(const ExecutionPlan& plan, const std::string& name,
                                               const pipeline::Artifact& output) {
  const auto outputs = store().OutputsOf(Complete(plan, {{name, {output}}}));
  EXPECT_TRUE(outputs.ok()) << outputs.status();
  return outputs.ok() ? outputs->at(name).front() : pipeline::Artifact();
}

RunRecord MetadataStoreSuite::NewRun(const std::string& run_id, const std::string& pipeline_name) {
  RunRecord run;
  run.run_id = run_id;
  run.pipeline_name = pipeline_name;
  run.spec = "{\"pipeline\": \"" + pipeline_name + "\"}";
  run.spec_digest = DigestOf(run.spec);
  run.parameters = {{"span", 3}};
  run.root = "/roots/" + pipeline_name;
  run.state = RunState::kRunning;
  return run;
}

std::string NameOfFactory(const testing::TestParamInfo<StoreFactory>& factory) { return factory.param.name; }

std::vector<int64_t> IdsOf(const std::vector<pipeline::Artifact>& artifacts) {
  std::vector<int64_t> ids;
  for (const auto& artifact : artifacts) ids.push_back(artifact.id);
  return ids;
}

}  // namespace penstock::metadata
