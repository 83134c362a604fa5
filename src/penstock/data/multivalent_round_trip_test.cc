// Columns of several values a row, with nulls, empty lists and empty texts, through every format and back.
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <arrow/json/from_string.h>

#include "penstock/data/datasets_testing.h"
#include "penstock/data/example_writer.h"

namespace penstock::data {
namespace {

std::shared_ptr<arrow::Array> Json(const std::shared_ptr<arrow::DataType>& type, const std::string& text) {
  return arrow::json::ArrayFromJSONString(type, text).ValueOrDie();
}

Batch Multivalent() {
  const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>> columns = {
      {"floats", Json(arrow::list(arrow::float32()), "[[0.5, -2], [], null, [3.25]]")},
      {"integers", Json(arrow::list(arrow::int64()), "[[1, -9223372036854775808], null, [], [7]]")},
      {"text", Json(arrow::utf8(), R"(["a\"b\\c\n\u0001", null, "", "é€😀"])")},
      {"texts", Json(arrow::list(arrow::utf8()), R"([["", "x"], [], null, ["\t"]])")},
  };
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), 4, arrays);
}

class RoundTripTest : public testing::TestWithParam<std::string> {
 protected:
  TestFolder folder_;
};

TEST_P(RoundTripTest, MultivalentColumnsSurvive) {
  const std::string path = folder_.At("data." + GetParam());
  const auto format = PayloadFormatOf(path);
  ASSERT_TRUE(format.ok()) << format.status();
  // Float is double in JSON, which has one kind of real.
  Batch batch = Multivalent();
  if (*format == PayloadFormat::kJsonLines)
    batch = batch
                ->SetColumn(0, arrow::field("floats", arrow::list(arrow::float64())),
                            Json(arrow::list(arrow::float64()), "[[0.5, -2], [], null, [3.25]]"))
                .ValueOrDie();
  const auto writer = OpenExampleWriter(path, batch->schema(), *format);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE((*writer)->Write(batch).ok());
  ASSERT_TRUE((*writer)->Close().ok());
  const auto table = ReadFiles({path});
  ASSERT_TRUE(table.ok()) << table.status();
  ASSERT_EQ((*table)->schema()->field_names(), batch->schema()->field_names());
  for (int i = 0; i < batch->num_columns(); ++i)
    EXPECT_TRUE((*table)->column(i)->chunk(0)->Equals(batch->column(i))) << (*table)->column(i)->ToString();
}

INSTANTIATE_TEST_SUITE_P(Formats, RoundTripTest,
                         testing::Values("parquet", "tfrecord", "tfrecord.gz", "arrow", "feather", "jsonl",
                                         "avro"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '.');
                           return name;
                         });

TEST(ArrowIpcTest, ReadsAStreamLikeAFile) {
  const TestFolder folder;
  const std::string path = folder.At("nameless");
  const auto sink = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  const auto writer = arrow::ipc::MakeStreamWriter(sink, Multivalent()->schema()).ValueOrDie();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(writer->WriteRecordBatch(*Multivalent()).ok());
  ASSERT_TRUE(writer->Close().ok());
  ASSERT_TRUE(sink->Close().ok());
  const auto table = ReadFiles({path}, {.columns = {"texts", "integers"}});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->num_rows(), 12);
  EXPECT_EQ((*table)->schema()->field_names(), (std::vector<std::string>{"texts", "integers"}));
}

TEST(ArrowIpcTest, NamesAFileThatIsCutShort) {
  const TestFolder folder;
  const std::string path = folder.At("data.arrow");
  const auto writer = OpenExampleWriter(path, Multivalent()->schema(), PayloadFormat::kArrow);
  ASSERT_TRUE((*writer)->Write(Multivalent()).ok());
  ASSERT_TRUE((*writer)->Close().ok());
  const std::string whole = *fs::ReadFile(path);
  for (const size_t size : {size_t{9}, whole.size() / 2, whole.size() - 4}) {
    folder.Write("cut.arrow", whole.substr(0, size));
    EXPECT_THAT(ReadFiles({folder.At("cut.arrow")}).status(), FailsWith(StatusCode::kDataLoss, "cut.arrow"))
        << size;
  }
}

TEST(PayloadFormatTest, ListsTheNamesItKnows) {
  EXPECT_THAT(PayloadFormatOf("data.xlsx").status(),
              FailsWith(StatusCode::kInvalidArgument, ".parquet, .tfrecord"));
}

TEST(JsonLinesWriterTest, RefusesBytes) {
  const TestFolder folder;
  EXPECT_THAT(OpenExampleWriter(folder.At("x.jsonl"), arrow::schema({arrow::field("image", arrow::binary())}),
                                PayloadFormat::kJsonLines)
                  .status(),
              FailsWith(StatusCode::kInvalidArgument, "column 'image' is binary"));
}

}  // namespace
}  // namespace penstock::data
