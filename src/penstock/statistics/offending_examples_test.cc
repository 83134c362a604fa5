#include "penstock/statistics/offending_examples.h"

#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/base/proto_io.h"
#include "penstock/combine/batches_testing.h"
#include "penstock/data/datasets_testing.h"

namespace penstock::statistics {
namespace {

namespace v0 = tensorflow::metadata::v0;
using data::TestFolder;
using testing::ElementsAre;
using testing::HasSubstr;

/// Two shards: rows 1 to 4 and 5 to 6.
std::unique_ptr<data::Dataset> Examples() {
  const auto first = combine::BatchMaker()
                         .Ints("age", {30, -2, std::nullopt, 200})
                         .Texts("kind", {{"cash"}, {"gold"}, {"card"}, std::nullopt})
                         .TextLists("tags", {{"a"}, {}, {"a", "b", "c"}, {"a"}})
                         .Make();
  const auto second = combine::BatchMaker()
                          .Ints("age", {31, 999})
                          .Texts("kind", {{"gold"}, {"cash"}})
                          .TextLists("tags", {{"a"}, {"b"}})
                          .Make();
  return data::MakeInMemoryDataset(first->schema(), {first, second});
}

v0::Anomalies Found() {
  v0::Anomalies anomalies;
  EXPECT_TRUE(ParseTextProto(R"(
    baseline {
      feature { name: "age" type: INT int_domain { min: 0 max: 120 } presence { min_fraction: 1 } }
      feature { name: "kind" type: BYTES domain: "kinds" }
      feature { name: "tags" type: BYTES value_count { min: 1 max: 2 } }
      string_domain { name: "kinds" value: "cash" value: "card" }
    }
    anomaly_info { key: "age" value { path { step: "age" } reason { type: INT_TYPE_SMALL_INT }
      reason { type: INT_TYPE_BIG_INT } reason { type: FEATURE_TYPE_LOW_FRACTION_PRESENT } } }
    anomaly_info { key: "kind" value { path { step: "kind" } reason { type: ENUM_TYPE_UNEXPECTED_STRING_VALUES }
      reason { type: COMPARATOR_L_INFTY_HIGH } } }
    anomaly_info { key: "tags" value { path { step: "tags" } reason { type: FEATURE_TYPE_HIGH_NUMBER_VALUES } } }
    anomaly_info { key: "gone" value { path { step: "gone" } reason { type: SCHEMA_MISSING_COLUMN } } })",
                             "test", anomalies)
                  .ok());
  return anomalies;
}

/// "row feature type value | ..." of what was written.
std::string Written(const std::string& file) {
  const auto dataset = data::OpenDataset(std::vector<std::string>{file}, {}, {});
  EXPECT_TRUE(dataset.ok()) << dataset.status();
  const auto reader = data::ReadSequentially(**dataset);
  std::string text;
  while (true) {
    const auto batch = *reader->Next();
    if (!batch.has_value()) return text;
    for (int64_t row = 0; row < (*batch)->num_rows(); ++row) {
      for (int i = 0; i < 4; ++i) text += (*(*batch)->column(i)->GetScalar(row))->ToString() + " ";
      text += "| ";
    }
  }
}

TEST(OffendingExamplesTest, WritesTheRowsOfEachAnomalyInOrder) {
  const TestFolder folder;
  const auto found = WriteOffendingExamples(*Examples(), Found(), 100, folder.At("out.parquet"), {});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(Written(folder.At("out.parquet")),
            "2 age INT_TYPE_SMALL_INT -2 | 2 kind ENUM_TYPE_UNEXPECTED_STRING_VALUES gold | "
            "3 age FEATURE_TYPE_LOW_FRACTION_PRESENT null | 3 tags FEATURE_TYPE_HIGH_NUMBER_VALUES a | "
            "4 age INT_TYPE_BIG_INT 200 | 5 kind ENUM_TYPE_UNEXPECTED_STRING_VALUES gold | "
            "6 age INT_TYPE_BIG_INT 999 | ");
  EXPECT_EQ(found->num_examples, 6);
  ASSERT_EQ(found->rules.size(), 5u);
  EXPECT_EQ(found->rules[1].anomaly, "INT_TYPE_BIG_INT");
  EXPECT_EQ(found->rules[1].num_examples, 2);
  EXPECT_THAT(found->without_examples,
              ElementsAre("gone: SCHEMA_MISSING_COLUMN", "kind: COMPARATOR_L_INFTY_HIGH"));
}

TEST(OffendingExamplesTest, KeepsTheFirstOfEachRuleAndCountsAll) {
  const TestFolder folder;
  const auto found = WriteOffendingExamples(*Examples(), Found(), 1, folder.At("out.jsonl"), {});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(Written(folder.At("out.jsonl")), testing::Not(HasSubstr("999")));
  EXPECT_EQ(found->rules[1].num_examples, 2);
  EXPECT_EQ(found->rules[1].num_written, 1);
}

TEST(OffendingExamplesTest, RefusesColumnsOfItsOwnNames) {
  const TestFolder folder;
  const auto batch = combine::BatchMaker().Ints("anomaly_row", {1}).Make();
  const auto dataset = data::MakeInMemoryDataset(batch->schema(), {batch});
  const auto found = WriteOffendingExamples(*dataset, Found(), 1, folder.At("out.parquet"), {});
  EXPECT_THAT(std::string(found.status().message()), HasSubstr("anomaly_row"));
}

}  // namespace
}  // namespace penstock::statistics
