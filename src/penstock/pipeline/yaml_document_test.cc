#include "penstock/pipeline/yaml_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/pipeline/reference_text.h"
#include "penstock/pipeline/task_graph.h"

namespace penstock::pipeline {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Result<json> Read(std::string_view text) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto documents, ParseYaml(text, "f", YamlLimits{}));
  if (documents.empty()) return json();
  return YamlToJson(documents.front(), "f");
}

std::string ErrorOf(std::string_view text) { return std::string(Read(text).status().message()); }

TEST(YamlDocumentTest, TypesPlainScalarsByTheCoreSchema) {
  EXPECT_EQ(Read("[1, -2, +3, 1.5, 1., .5, 1e3, 1.0e+20]")->dump(), "[1,-2,3,1.5,1.0,0.5,1000.0,1e+20]");
  EXPECT_EQ(Read("[true, False, null, ~, Null]")->dump(), "[true,false,null,null,null]");
  EXPECT_EQ(Read("[yes, 2.1.0, 0x1F, 007, 1_000, a]")->dump(), R"(["yes","2.1.0","0x1F","007","1_000","a"])");
  EXPECT_EQ(Read("['1', \"true\", !!str 5]")->dump(), R"(["1","true","5"])");
  EXPECT_EQ(Read("9223372036854775807")->dump(), "9223372036854775807");
  EXPECT_TRUE(Read("99999999999999999999")->is_number_float());
}

TEST(YamlDocumentTest, RefusesNumbersThatJsonCannotHold) {
  EXPECT_EQ(ErrorOf("a: [.inf]"), "f:1:5: .inf is not a finite number");
  EXPECT_THAT(ErrorOf("a: 1e999"), HasSubstr("does not fit a double"));
}

TEST(YamlDocumentTest, RemembersPlaces) {
  const auto documents = ParseYaml("a:\n  b: [x,\n    y]\n", "f", YamlLimits{});
  ASSERT_TRUE(documents.ok()) << documents.status();
  EXPECT_EQ(documents->front().Find("a")->Find("b")->items[1].Where("f"), "f:3:5");
}

TEST(YamlDocumentTest, ExpandsAliasesWithinBounds) {
  EXPECT_EQ(Read("a: &x {k: 1}\nb: *x\n")->dump(), R"({"a":{"k":1},"b":{"k":1}})");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  EXPECT_THAT(ErrorOf(bomb), HasSubstr("more than 100000 values"));
  EXPECT_FALSE(Read("a: &x [*x]\n").ok());
  std::string deep = "a0: &a0 [x]\n";
  for (int i = 1; i < 80; ++i) deep += fmt::format("a{0}: &a{0} [*a{1}]\n", i, i - 1);
  EXPECT_THAT(ErrorOf(deep), HasSubstr("nested deeper than 64 levels"));
}

TEST(YamlDocumentTest, RefusesWhatIsBeyondTheLimits) {
  EXPECT_THAT(ErrorOf(std::string(200, '[')), HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(ErrorOf(std::string(20'000, '[')), HasSubstr("nested deeper than 64 levels"));
  EXPECT_THAT(ErrorOf(std::string((1 << 20) + 1, ' ')), HasSubstr("bytes are too many"));
}

TEST(YamlDocumentTest, RefusesBytesThatAreNotUtf8WithTheirPlace) {
  EXPECT_EQ(ErrorOf("a: b\nc: \xff\n"), "f:2:4: byte 0xff is not UTF-8");
  EXPECT_THAT(ErrorOf("a: \xc0\xaf"), HasSubstr("is not UTF-8"));
  EXPECT_THAT(ErrorOf("a: \xed\xa0\x80"), HasSubstr("is not UTF-8"));
}

TEST(YamlDocumentTest, RefusesKeysThatAreNotText) {
  EXPECT_THAT(ErrorOf("? [a]\n: b\n"), HasSubstr("plain text"));
}

TEST(YamlPrinterTest, PrintsWhatItReads) {
  const json value = {{"empty", json::object()},
                      {"list", {1, 2.5, json::array(), {{"k", "v"}, {"z", {1}}}, {{1, 2}, {3}}}},
                      {"text",
                       {"",
                        "plain",
                        "a b",
                        "1",
                        "1e3",
                        "0x10",
                        "yes",
                        "NO",
                        "null",
                        "~",
                        "- a",
                        "#x",
                        "a: b",
                        "a #b",
                        "it's",
                        "\"q\"",
                        "line\nline\n",
                        "\ttab",
                        " lead",
                        "trail ",
                        "2024-01-01",
                        "12:30",
                        "\xc2\x85",
                        "\xe2\x80\xa8",
                        "\xef\xbb\xbf",
                        "caf\xc3\xa9",
                        "\xf0\x9f\x9a\x95",
                        std::string("nul\0", 4),
                        "---",
                        "...",
                        "{{$}}",
                        "*a",
                        "&a",
                        "!t",
                        "%d",
                        "@",
                        "`",
                        "back\\slash\n",
                        "a:b",
                        "a:",
                        "--x",
                        "--",
                        "-- x",
                        "---x",
                        "a:1",
                        "k: v"}}};
  const std::string printed = PrintYaml(value);
  const auto again = Read(printed);
  ASSERT_TRUE(again.ok()) << again.status() << "\n" << printed;
  EXPECT_EQ(again->dump(), value.dump()) << printed;
}

TEST(YamlPrinterTest, LaysBlocksOutAsKfpDoes) {
  EXPECT_EQ(PrintYaml(json::parse(R"({"a":{"b":["x",{"c":1,"d":[2]}]},"e":{}})")),
            "a:\n  b:\n  - x\n  - c: 1\n    d:\n    - 2\ne: {}\n");
}

TEST(ReferenceTextTest, TakesTextsApart) {
  const auto parts = ParseReferences("a${b}$${c}$d");
  ASSERT_TRUE(parts.ok()) << parts.status();
  ASSERT_EQ(parts->size(), 3u);
  EXPECT_EQ((*parts)[1].text, "b");
  EXPECT_TRUE((*parts)[1].is_reference);
  EXPECT_EQ((*parts)[2].text, "${c}$d");
  EXPECT_THAT(std::string(ParseReferences("${").status().message()), HasSubstr("'${' has no '}'"));
  EXPECT_FALSE(ParseReferences("${}").ok());
  EXPECT_EQ(WholeReference("${x}"), "x");
  EXPECT_EQ(WholeReference("${x}y"), "");
  EXPECT_EQ(WriteReferences(json{{"k", {"$${x}", "a${y}"}}}).dump(),
            R"({"k":["${x}","a{{$.inputs.parameters['pipelinechannel--y']}}"]})");
}

TEST(TaskGraphTest, OrdersByEdgesAndThenByNumber) {
  EXPECT_THAT(TopologicalOrder({{}, {0}, {0}, {}}), ElementsAre(1, 2, 0, 3));
  EXPECT_EQ(TopologicalOrder({{1}, {0}, {}}).size(), 1u);
}

TEST(TaskGraphTest, FindsACycleFromItsLowestNode) {
  EXPECT_THAT(FindCycle({{3}, {2}, {3}, {1}}), ElementsAre(1, 2, 3));
  EXPECT_THAT(FindCycle({{0}}), ElementsAre(0));
  EXPECT_THAT(FindCycle({{1}, {}}), ElementsAre());
  EXPECT_EQ(SpellCycle({0, 1}, {"a", "b"}), "a -> b -> a");
}

TEST(TaskGraphTest, KeepsReachabilityAsEdgesCome) {
  TaskGraph graph(130);
  for (size_t i = 129; i > 0; --i) graph.AddEdge(i - 1, i);
  EXPECT_TRUE(graph.IsUpstream(0, 129));
  EXPECT_FALSE(graph.IsUpstream(129, 0));
  graph.AddEdge(129, 0);
  EXPECT_TRUE(graph.IsUpstream(64, 64));
}

}  // namespace
}  // namespace penstock::pipeline
