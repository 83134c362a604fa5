#include "penstock/pipeline/wiring.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/pipeline/standard_components_testing.h"

namespace penstock::pipeline {
namespace {

using ::testing::HasSubstr;

ComponentDescription Describe(const std::string& type, std::vector<PortDescription> inputs,
                              std::vector<PortDescription> outputs) {
  ComponentDescription description;
  description.type = type;
  description.inputs = std::move(inputs);
  description.outputs = std::move(outputs);
  return description;
}

PortDescription Port(const std::string& name, const std::string& type, bool is_optional = false,
                     bool by_name_only = false) {
  return {
      .name = name, .artifact_type = type, .is_optional = is_optional, .is_wired_by_name_only = by_name_only};
}

NodeDraft Node(const std::string& id, std::vector<PortDescription> inputs,
               std::vector<PortDescription> outputs) {
  NodeDraft node;
  node.id = id;
  node.component = Describe(id, std::move(inputs), std::move(outputs));
  return node;
}

PipelineDraft Pipeline(std::vector<NodeDraft> nodes) {
  PipelineDraft draft;
  draft.name = "p";
  draft.nodes = std::move(nodes);
  return draft;
}

/// The wiring as "consumer.input=producer.output", sorted, or the message of the error.
std::string Wire(PipelineDraft draft) {
  const ComponentCatalog components = testing::StandardComponents();
  const Status status = WireInputs(draft, components);
  if (!status.ok()) return std::string(status.message());
  std::vector<std::string> edges;
  for (const NodeDraft& node : draft.nodes) {
    for (const auto& [name, input] : node.inputs) {
      edges.push_back(node.id + "." + name + "=" + input.source.node + "." + input.source.output);
    }
  }
  std::sort(edges.begin(), edges.end());
  return fmt::format("{}", fmt::join(edges, " "));
}

TEST(WiringTest, TakesTheOnlyOutputOfTheType) {
  EXPECT_EQ(Wire(Pipeline({Node("b", {Port("in", "T")}, {}), Node("a", {}, {Port("out", "T")})})),
            "b.in=a.out");
}

TEST(WiringTest, PrefersTheOutputOfTheInputsName) {
  EXPECT_EQ(
      Wire(Pipeline({Node("a", {}, {Port("x", "T"), Port("in", "T")}), Node("b", {Port("in", "T")}, {})})),
      "b.in=a.in");
}

TEST(WiringTest, TakesTheNearestOfAChain) {
  EXPECT_EQ(
      Wire(Pipeline(
          {Node("source", {}, {Port("t", "T")}), Node("clean", {Port("raw", "T")}, {Port("cleaned", "T")}),
           Node("use", {Port("in", "T")}, {Port("done", "U")}), Node("end", {Port("u", "U")}, {})})),
      "clean.raw=source.t end.u=use.done use.in=clean.cleaned");
}

TEST(WiringTest, DoesNotDependOnTheOrderOfTheNodes) {
  std::vector<NodeDraft> nodes = {Node("a", {}, {Port("t", "T")}),
                                  Node("b", {Port("raw", "T")}, {Port("b", "T")}),
                                  Node("c", {Port("in", "T"), Port("u", "U", true)}, {Port("v", "V")}),
                                  Node("d", {Port("v", "V")}, {Port("u", "U")})};
  const auto by_id = [](const NodeDraft& x, const NodeDraft& y) { return x.id < y.id; };
  const std::string expected = Wire(Pipeline(nodes));
  EXPECT_EQ(expected, "b.raw=a.t c.in=b.b d.v=c.v");
  while (std::next_permutation(nodes.begin(), nodes.end(), by_id)) EXPECT_EQ(Wire(Pipeline(nodes)), expected);
}

TEST(WiringTest, NamesBothCandidatesAndHowToChoose) {
  EXPECT_EQ(Wire(Pipeline({Node("b", {}, {Port("t", "T")}), Node("a", {}, {Port("t", "T")}),
                           Node("use", {Port("in", "T")}, {})})),
            "Input 'in' of node 'use' could be a.t or b.t; choose one: inputs: {in: a.t}");
}

TEST(WiringTest, NamesTheComponentsThatWouldMakeWhatIsMissing) {
  EXPECT_EQ(Wire(Pipeline({Node("use", {Port("schema", "Schema")}, {})})),
            "Input 'schema' of node 'use' has no source: no other node makes Schema; add ImportSchemaGen or "
            "SchemaGen");
}

TEST(WiringTest, SaysThatTheOnlyCandidateRunsLater) {
  PipelineDraft draft = Pipeline({Node("a", {Port("in", "U")}, {}), Node("b", {}, {Port("u", "U")})});
  draft.nodes[1].after = {"a"};
  EXPECT_EQ(Wire(draft), "Input 'in' of node 'a' has no source: b.u would fit, but runs after this node");
}

TEST(WiringTest, NeverClosesACycleForAnOptionalInput) {
  EXPECT_EQ(Wire(Pipeline({Node("a", {Port("hint", "U", true)}, {Port("t", "T")}),
                           Node("b", {Port("t", "T")}, {Port("u", "U")})})),
            "b.t=a.t");
}

TEST(WiringTest, ConnectsPortsByNameOnlyWhereTheySaySo) {
  EXPECT_EQ(Wire(Pipeline(
                {Node("a", {}, {Port("model", "M")}), Node("b", {Port("baseline", "M", true, true)}, {})})),
            "");
  EXPECT_EQ(Wire(Pipeline({Node("a", {}, {Port("baseline", "M")}),
                           Node("b", {Port("baseline", "M", true, true)}, {})})),
            "b.baseline=a.baseline");
}

TEST(WiringTest, RefusesAmbiguousOptionalInputs) {
  EXPECT_THAT(Wire(Pipeline({Node("a", {}, {Port("t", "T")}), Node("b", {}, {Port("t", "T")}),
                             Node("use", {Port("in", "T", true)}, {})})),
              HasSubstr("could be a.t or b.t"));
}

TEST(WiringTest, CountsAfterAsUpstream) {
  PipelineDraft draft = Pipeline(
      {Node("a", {}, {Port("t", "T")}), Node("b", {}, {Port("t", "T")}), Node("use", {Port("in", "T")}, {})});
  draft.nodes[1].after = {"a"};
  EXPECT_EQ(Wire(draft), "use.in=b.t");
}

TEST(WiringTest, TakesANodesOnlyOutputOfTheTypeWhereNoneIsNamed) {
  PipelineDraft draft =
      Pipeline({Node("a", {}, {Port("t", "T")}), Node("b", {}, {Port("t", "T"), Port("s", "T")}),
                Node("use", {Port("in", "T")}, {})});
  draft.nodes[2].inputs["in"] = InputDraft{{"a", ""}, ""};
  EXPECT_EQ(Wire(draft), "use.in=a.");
  draft.nodes[2].inputs["in"] = InputDraft{{"b", ""}, ""};
  EXPECT_THAT(Wire(draft), HasSubstr("has 2 outputs of type T; name one as b.OUTPUT (outputs: t, s)"));
}

TEST(WiringTest, WiresAThousandNodesInNoTime) {
  std::vector<NodeDraft> nodes = {Node("n0", {}, {Port("t0", "T0")})};
  for (int i = 1; i < 1000; ++i) {
    nodes.push_back(Node(fmt::format("n{}", i), {Port("in", fmt::format("T{}", i - 1))},
                         {Port(fmt::format("t{}", i), fmt::format("T{}", i))}));
  }
  EXPECT_THAT(Wire(Pipeline(std::move(nodes))), HasSubstr("n999.in=n998.t998"));
}

}  // namespace
}  // namespace penstock::pipeline
