#include "penstock/base/yaml_fault.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock {
namespace {

TEST(YamlFaultTest, NamesTheQuoteThatIsNeverClosed) {
  EXPECT_EQ(DescribeYamlFault("f", "a: 1\nb: \"text\nc: 2\n", 3, 0, "illegal EOF"),
            "f:2:4: not YAML: the quote that opens here is never closed (illegal EOF)");
  EXPECT_EQ(DescribeYamlFault("f", "- 'it''s\n- x\n", 2, 0, "illegal EOF"),
            "f:1:3: not YAML: the quote that opens here is never closed (illegal EOF)");
}

TEST(YamlFaultTest, NamesTheQuoteThatClosesFarBelow) {
  EXPECT_EQ(
      DescribeYamlFault("f", "a: \"text\nb: 2\nc: \"x\"\n", 2, 4, "end of map not found"),
      "f:3:5: end of map not found (the quote that opens in line 1 closes in line 3 only: is one missing?)");
}

TEST(YamlFaultTest, SaysNoMoreThanTheParserWhereQuotesAreClosed) {
  for (const char* yaml :
       {"a: don't \"do\" that\nb: [1\n", "# it's\na: \"b\\\"c\"\nb: [1\n", "a: |\n  echo \"x\n  y\nb: [1\n",
        "run: x'y\nb: [1\n", "a: >-\n  'open\n\nb: [1\n", "{\"a\":\"x, \",\n\"b\":\"y: \",\n\"c\":\n[1\n"})
    EXPECT_EQ(DescribeYamlFault("f", yaml, 3, 0, "end of sequence not found"),
              "f:4:1: end of sequence not found")
        << yaml;
  EXPECT_EQ(DescribeYamlFault("f", "a: b", -1, -1, "odd"), "f: odd");
}

}  // namespace
}  // namespace penstock
