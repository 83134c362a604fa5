#include "penstock/data/parquet/parquet_dataset.h"

#include <arrow/compute/initialize.h>
#include <arrow/io/file.h>
#include <arrow/json/from_string.h>
#include <parquet/arrow/writer.h>

#include "penstock/data/datasets_testing.h"
#include "penstock/data/example_writer.h"

namespace penstock::data {
namespace {

std::shared_ptr<arrow::Array> Json(const std::shared_ptr<arrow::DataType>& type, const std::string& text) {
  return arrow::json::ArrayFromJSONString(type, text).ValueOrDie();
}

class ParquetDatasetTest : public testing::Test {
 protected:
  std::string Write(std::string_view name,
                    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns,
                    int64_t row_group_rows = 1 << 20) {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (const auto& [column, array] : columns) {
      fields.push_back(arrow::field(column, array->type()));
      arrays.push_back(array);
    }
    const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
    auto stream = arrow::io::FileOutputStream::Open(folder_.At(name)).ValueOrDie();
    const auto properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), stream, row_group_rows,
                                           parquet::default_writer_properties(), properties)
                    .ok());
    EXPECT_TRUE(stream->Close().ok());
    return folder_.At(name);
  }
  std::string ShowColumn(const std::shared_ptr<arrow::Array>& array) {
    const auto table = ReadFiles({Write("data.parquet", {{"a", array}})});
    return table.ok() ? Show(**table, "a") : table.status().ToString();
  }

  static Result<std::shared_ptr<arrow::Table>> ReadBytes(const std::string& content) {
    PENSTOCK_ASSIGN_OR_RETURN(
        const auto dataset,
        parquet_format::OpenParquetDataset({FileSource::FromMemory("data.parquet", content)}, {}, {}));
    return ReadAll(*dataset);
  }

  TestFolder folder_;
};

TEST_F(ParquetDatasetTest, KeepsOrWidensWithoutLoss) {
  EXPECT_EQ(ShowColumn(Json(arrow::int8(), "[1, null, -3]")), "int64: 1, null, -3");
  EXPECT_EQ(ShowColumn(Json(arrow::uint32(), "[4294967295]")), "int64: 4294967295");
  EXPECT_EQ(ShowColumn(Json(arrow::uint64(), "[5]")), "int64: 5");
  EXPECT_EQ(ShowColumn(Json(arrow::float32(), "[0.5]")), "float: 0.5");
  EXPECT_EQ(ShowColumn(Json(arrow::boolean(), "[true, false]")), "bool: true, false");
  EXPECT_EQ(ShowColumn(Json(arrow::date32(), "[19000, null]")), "int64: 19000, null");
  EXPECT_EQ(ShowColumn(Json(arrow::timestamp(arrow::TimeUnit::MICRO), "[1234567]")), "int64: 1234567");
  EXPECT_EQ(ShowColumn(Json(arrow::large_utf8(), R"(["x", null])")), "string: x, null");
  EXPECT_EQ(ShowColumn(Json(arrow::dictionary(arrow::int8(), arrow::utf8()), R"(["x", null, "y", "x"])")),
            "string: x, null, y, x");
  EXPECT_EQ(ShowColumn(Json(arrow::null(), "[null, null]")), "string: null, null");
}

TEST_F(ParquetDatasetTest, WidensTheElementsOfLists) {
  const auto table = ReadFiles(
      {Write("data.parquet", {{"a", Json(arrow::large_list(arrow::int16()), "[[1, 2], [], null, [3]]")}})});
  ASSERT_TRUE(table.ok()) << table.status();
  const auto& lists = static_cast<const arrow::ListArray&>(*(*table)->GetColumnByName("a")->chunk(0));
  EXPECT_TRUE(lists.Equals(*Json(arrow::list(arrow::int64()), "[[1, 2], [], null, [3]]")))
      << lists.ToString();
}

TEST_F(ParquetDatasetTest, ReadsDecimalsAsNumbersAndMapsAsListsOfTheirEntries) {
  const auto table = ReadFiles({Write(
      "data.parquet", {{"price", Json(arrow::decimal128(10, 2), R"(["1.25", null])")},
                       {"count", Json(arrow::decimal128(38, 0), R"(["7", "-8"])")},
                       {"map", Json(arrow::map(arrow::utf8(), arrow::int32()), R"([[["k", 1]], null])")}})});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Show(**table, "price"), "double: 1.25, null");
  EXPECT_EQ(Show(**table, "count"), "int64: 7, -8");
  const auto& map = static_cast<const arrow::ListArray&>(*(*table)->GetColumnByName("map")->chunk(0));
  EXPECT_EQ(map.value_length(0), 1);
  EXPECT_TRUE(map.IsNull(1));
  EXPECT_EQ(map.value_type()->ToString(), "struct<key: string, value: int64>");
}

TEST_F(ParquetDatasetTest, NamesTheDecimalThatDoesNotFit) {
  const auto status =
      ReadFiles(
          {Write("data.parquet", {{"big", Json(arrow::decimal128(38, 0), R"(["92233720368547758080"])")}})})
          .status();
  EXPECT_THAT(status, FailsWith(StatusCode::kInvalidArgument, "data.parquet, column 'big': "));
}

TEST_F(ParquetDatasetTest, NamesColumnOfAnIntegerThatDoesNotFit) {
  const auto status =
      ReadFiles({Write("data.parquet", {{"big", Json(arrow::uint64(), "[18446744073709551615]")}})}).status();
  EXPECT_THAT(status, FailsWith(StatusCode::kInvalidArgument, "data.parquet, column 'big': "));
}

TEST_F(ParquetDatasetTest, ReadsOnlyTheColumnsAskedForInTheirOrder) {
  DatasetOptions options;
  options.columns = {"c", "a"};
  const auto table = ReadFiles({Write("data.parquet", {{"a", Json(arrow::int64(), "[1]")},
                                                       {"b", Json(arrow::list(arrow::int64()), "[[2]]")},
                                                       {"c", Json(arrow::utf8(), R"(["x"])")}})},
                               options);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->schema()->field_names(), (std::vector<std::string>{"c", "a"}));
  EXPECT_EQ(Show(**table, "a"), "int64: 1");
  EXPECT_EQ(Show(**table, "c"), "string: x");
}

TEST_F(ParquetDatasetTest, AShardHasSeveralSmallRowGroupsOrOneLargeOne) {
  std::string text = "[0";
  for (int i = 1; i < 150'000; ++i) text += "," + std::to_string(i);
  const auto numbers = Json(arrow::int64(), text + "]");
  const auto small = Open({Write("small.parquet", {{"a", numbers}}, 10'000)});
  const auto large = Open({Write("large.parquet", {{"a", numbers}}, 75'000)});
  ASSERT_TRUE(small.ok() && large.ok());
  EXPECT_EQ((*small)->num_shards(), 3);
  EXPECT_EQ((*large)->num_shards(), 2);
  EXPECT_TRUE((*ReadAll(**small))->Equals(**ReadAll(**large)));
}

TEST_F(ParquetDatasetTest, RefusesFilesThatDisagree) {
  const std::string first = Write("1.parquet", {{"a", Json(arrow::int64(), "[1]")}});
  EXPECT_THAT(Open({first, Write("2.parquet", {{"a", Json(arrow::utf8(), R"(["x"])")}})}).status(),
              FailsWith(StatusCode::kInvalidArgument, "Column 'a' is int64 in "));
  EXPECT_THAT(Open({first, Write("3.parquet", {{"b", Json(arrow::int64(), "[1]")}})}).status(),
              FailsWith(StatusCode::kInvalidArgument, "has no column 'a'"));
}

TEST_F(ParquetDatasetTest, NamesTruncatedFile) {
  const std::string path = Write("data.parquet", {{"a", Json(arrow::int64(), "[1, 2, 3]")}});
  const std::string whole = *fs::ReadFile(path);
  for (const size_t size : {size_t{0}, size_t{3}, whole.size() / 2, whole.size() - 1}) {
    folder_.Write("data.parquet", whole.substr(0, size));
    EXPECT_THAT(Open({path}).status(), FailsWith(StatusCode::kDataLoss, path)) << size;
  }
}

TEST_F(ParquetDatasetTest, AFlippedBitNeverGivesOtherRowsOfTheSameColumns) {
  const std::string path = folder_.At("data.parquet");
  const auto schema = arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8())});
  const auto batch = arrow::RecordBatch::Make(
      schema, 4, {Json(arrow::int64(), "[1, 2, null, 4]"), Json(arrow::utf8(), R"(["x", "yy", "", "zzz"])")});
  {
    auto writer = OpenExampleWriter(path, schema, PayloadFormat::kParquet);
    ASSERT_TRUE(writer.ok() && (*writer)->Write(batch).ok() && (*writer)->Close().ok());
  }
  const auto original = *ReadFiles({path});
  const std::string whole = *fs::ReadFile(path);
  int num_found = 0;
  std::vector<size_t> silent;
  for (size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    const auto table = ReadBytes(damaged);
    if (!table.ok()) {
      ++num_found;
      if (!IsBadInput(table.status())) ADD_FAILURE() << bit << ": " << table.status();
    } else if ((*table)->schema()->Equals(*original->schema()) && !(*table)->Equals(*original)) {
      silent.push_back(bit);
    }
  }
  EXPECT_THAT(silent, testing::IsEmpty());
  EXPECT_GT(num_found, 8 * static_cast<int>(whole.size()) / 3);
}

}  // namespace
}  // namespace penstock::data
