#include "penstock/data/json_lines/json_lines_dataset.h"

#include "penstock/data/datasets_testing.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"

namespace penstock::data {
namespace {

class JsonLinesTest : public testing::Test {
 protected:
  std::shared_ptr<arrow::Table> Read(const std::string& text, const DatasetOptions& options = {}) {
    const auto table = ReadFiles({folder_.Write("data.jsonl", text)}, options);
    EXPECT_TRUE(table.ok()) << table.status();
    return table.ok() ? *table : nullptr;
  }
  Status Fault(const std::string& text, const DatasetOptions& options = {}) {
    return ReadFiles({folder_.Write("data.jsonl", text)}, options).status();
  }
  TestFolder folder_;
};

TEST_F(JsonLinesTest, ReadsEveryKindOfValue) {
  const auto table = Read(
      "{\"i\": 1, \"r\": 1.5, \"b\": true, \"t\": \"x\", \"l\": [1, 2]}\r\n"
      "\n"
      " { \"t\" : \"\" , \"i\":-9223372036854775808,\"r\":2,\"l\":[] }\n"
      "{\"i\": null, \"r\": NaN, \"b\": false, \"l\": [null, 3]}");
  ASSERT_TRUE(table != nullptr);
  EXPECT_EQ(table->schema()->field_names(), (std::vector<std::string>{"i", "r", "b", "t", "l"}));
  EXPECT_EQ(Show(*table, "i"), "int64: 1, -9223372036854775808, null");
  EXPECT_EQ(Show(*table, "r"), "double: 1.5, 2, nan");
  EXPECT_EQ(Show(*table, "b"), "bool: true, null, false");
  EXPECT_EQ(Show(*table, "t"), "string: x, , null");
  const auto& lists = static_cast<const arrow::ListArray&>(*table->GetColumnByName("l")->chunk(0));
  EXPECT_EQ(lists.value_length(0), 2);
  EXPECT_TRUE(lists.IsValid(1));
  EXPECT_EQ(lists.value_length(1), 0);
  EXPECT_TRUE(lists.values()->IsNull(2));
}

TEST_F(JsonLinesTest, UnderstandsEscapes) {
  const auto table = Read(R"({"a\u0062": "\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00"})");
  ASSERT_TRUE(table != nullptr);
  EXPECT_EQ(Show(*table, "ab"), "string: \"\\/\b\f\n\r\té€😀");
}

TEST_F(JsonLinesTest, TypesFollowFromAllRows) {
  const auto table = Read(
      "{\"a\": 1, \"b\": 1, \"c\": 99999999999999999999, \"d\": 7, \"e\": null}\n"
      "{\"a\": 2.5, \"b\": \"x\", \"c\": 1, \"d\": [8, 9]}\n");
  ASSERT_TRUE(table != nullptr);
  EXPECT_EQ(Show(*table, "a"), "double: 1, 2.5");
  EXPECT_EQ(Show(*table, "b"), "string: 1, x");
  EXPECT_EQ(Show(*table, "c"), "string: 99999999999999999999, 1");
  EXPECT_EQ(table->GetColumnByName("d")->type()->ToString(), arrow::list(arrow::int64())->ToString());
  EXPECT_EQ(static_cast<const arrow::ListArray&>(*table->GetColumnByName("d")->chunk(0)).value_length(0), 1);
  EXPECT_EQ(Show(*table, "e"), "string: null, null");
}

TEST_F(JsonLinesTest, ReadsListsOfLists) {
  const auto table = Read(
      "{\"boxes\": [[1, 2.5], [], [null, 3]], \"id\": 1}\n"
      "{\"boxes\": [], \"id\": 2}\n{\"boxes\": null, \"id\": 3}\n{\"boxes\": 4, \"id\": 4}\n"
      "{\"boxes\": [[5], null], \"id\": 5}\n");
  ASSERT_TRUE(table != nullptr);
  const auto boxes = table->GetColumnByName("boxes")->chunk(0);
  EXPECT_EQ(boxes->type()->ToString(), arrow::list(arrow::list(arrow::float64()))->ToString());
  EXPECT_EQ(boxes->null_count(), 1);
  const auto& lists = static_cast<const arrow::ListArray&>(*boxes);
  const auto& inner = static_cast<const arrow::ListArray&>(*lists.values());
  EXPECT_EQ(lists.value_length(0), 3);
  EXPECT_EQ(inner.value_length(0), 2);
  EXPECT_EQ(inner.value_length(1), 0);
  EXPECT_EQ(lists.value_length(1), 0);
  EXPECT_EQ(lists.value_length(3), 1) << "one value is a list of one list of it";
  EXPECT_TRUE(inner.IsNull(lists.value_offset(4) + 1));
  const auto& values = static_cast<const arrow::DoubleArray&>(*inner.values());
  EXPECT_EQ(values.Value(1), 2.5);
  EXPECT_TRUE(values.IsNull(2));
  EXPECT_EQ(values.Value(4), 4);
}

TEST_F(JsonLinesTest, NamesRowAndColumnOfAFault) {
  EXPECT_THAT(Fault("{\"a\": 1}\n{\"a\": {\"b\": 1}}\n"),
              FailsWith(StatusCode::kInvalidArgument, "data.jsonl, row 2, column 'a': a nested object"));
  EXPECT_THAT(Fault("\n\n{\"a\": [[[1]]]}\n"),
              FailsWith(StatusCode::kInvalidArgument, "row 3, column 'a': lists nested more than two deep"));
  EXPECT_THAT(Fault("{\"a\": [[1]]}\n{\"a\": [1]}\n"),
              FailsWith(StatusCode::kInvalidArgument, "row 2, column 'a': a value stands beside lists"));
  EXPECT_THAT(Fault("{\"a\": true}\n{\"a\": 3}\n"),
              FailsWith(StatusCode::kInvalidArgument, "row 2, column 'a': 'true'"));
  EXPECT_THAT(Fault("{\"a\": 1, \"a\": 2}\n"),
              FailsWith(StatusCode::kInvalidArgument, "row 1: a name stands twice"));
  EXPECT_THAT(Fault("{\"a\": \"\xFF\"}\n"),
              FailsWith(StatusCode::kInvalidArgument, "row 1, column 'a': the text is not valid UTF-8"));
}

TEST_F(JsonLinesTest, RefusesWhatIsNoJson) {
  for (const char* line : {"",
                           "[{\"a\": 1}]",
                           "{\"a\": 1",
                           "{\"a\": 01}",
                           "{\"a\": .5}",
                           "{\"a\": 1.}",
                           "{\"a\": 1e}",
                           "{\"a\": -}",
                           "{\"a\": 'x'}",
                           "{\"a\": \"x}",
                           "{\"a\": \"\\x\"}",
                           "{\"a\": \"\\ud800\"}",
                           "{\"a\": \"\\u12g4\"}",
                           "{\"a\" 1}",
                           "{a: 1}",
                           "{\"a\": 1,}",
                           "{\"a\": tru}",
                           "{\"a\": 1} {\"a\": 2}",
                           "{\"a\": [1,]}",
                           "{\"a\": [1",
                           "{\"\": 1}",
                           "{\"a\": \"\t\"}",
                           "{}",
                           "x"})
    EXPECT_EQ(Fault(line).code(), StatusCode::kInvalidArgument) << line;
}

TEST_F(JsonLinesTest, TakesARareTextAmongNumbersForAFault) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += i == 200 ? "{\"a\": \"n/a\"}\n" : fmt::format("{{\"a\": {}}}\n", i);
  EXPECT_THAT(Fault(text),
              FailsWith(StatusCode::kInvalidArgument, "row 201, column 'a': 'n/a' is not a number"));
}

TEST_F(JsonLinesTest, LeavesOutNestedColumnsThatNobodyAsksFor) {
  const auto table =
      Read("{\"a\": 1, \"n\": {\"x\": [1, {\"y\": null}]}, \"b\": 2}\n", {.columns = {"b", "a"}});
  ASSERT_TRUE(table != nullptr);
  EXPECT_EQ(table->schema()->field_names(), (std::vector<std::string>{"b", "a"}));
  const std::string deep = "{\"a\": 1, \"n\": " + std::string(100'000, '[') + "\n";
  EXPECT_THAT(Fault(deep, {.columns = {"a"}}),
              FailsWith(StatusCode::kInvalidArgument, "more than 64 levels deep"));
}

TEST_F(JsonLinesTest, ASchemaDecidesForTheFeaturesItNames) {
  tensorflow::metadata::v0::Schema schema;
  auto* feature = schema.add_feature();
  feature->set_name("a");
  feature->set_type(tensorflow::metadata::v0::BYTES);
  EXPECT_EQ(Show(*Read("{\"a\": 17}\n", {.schema = &schema}), "a"), "string: 17");
  feature->set_type(tensorflow::metadata::v0::FLOAT);
  EXPECT_EQ(Show(*Read("{\"a\": 17}\n", {.schema = &schema}), "a"), "double: 17");
  EXPECT_THAT(Fault("{\"a\": 1}\n{\"a\": \"x\"}\n", {.schema = &schema}),
              FailsWith(StatusCode::kInvalidArgument, "row 2, column 'a': the value is not a number"));
}

TEST_F(JsonLinesTest, RowsAreTheSameWithAnyNumberOfThreads) {
  std::string text;
  for (int i = 0; i < 120'000; ++i)
    text += fmt::format(
        "{{\"id\": {}, \"name\": \"name {} with some padding around it\", \"parts\": [{}, {}]}}\n", i,
        i % 977, i, i + 1);
  ASSERT_GT(text.size(), size_t{8} << 20);
  const std::string path = folder_.Write("data.jsonl", text);
  const auto dataset = Open({path});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_GT((*dataset)->num_shards(), 2);
  const auto one = ReadFiles({path}, {}, 1), three = ReadFiles({path}, {}, 3);
  ASSERT_TRUE(one.ok() && three.ok());
  EXPECT_EQ((*one)->num_rows(), 120'000);
  EXPECT_TRUE((*one)->Equals(**three));
}

}  // namespace
}  // namespace penstock::data
