#include "penstock/data/example_writer.h"

#include <arrow/json/from_string.h>

#include "penstock/data/datasets_testing.h"

namespace penstock::data {
namespace {

Batch AllTypes() {
  auto json = [](const std::shared_ptr<arrow::DataType>& type, const std::string& text) {
    return arrow::json::ArrayFromJSONString(type, text).ValueOrDie();
  };
  const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>> columns = {
      {"float", json(arrow::float32(), "[0.5, null, -2]")},
      {"integer", json(arrow::int64(), "[-1, null, 9223372036854775807]")},
      {"integers", json(arrow::list(arrow::int64()), "[[1, 2], null, []]")},
      {"text", json(arrow::utf8(), R"(["x", null, ""])")},
      {"texts", json(arrow::list(arrow::utf8()), R"([["p", ""], [], null])")},
  };
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), 3, arrays);
}

Status WriteOne(const std::string& path, const Batch& batch, PayloadFormat format) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto writer, OpenExampleWriter(path, batch->schema(), format));
  PENSTOCK_RETURN_IF_ERROR(writer->Write(batch));
  return writer->Close();
}

class ExampleWriterTest : public testing::TestWithParam<PayloadFormat> {
 protected:
  TestFolder folder_;
};

TEST_P(ExampleWriterTest, WhatIsWrittenIsReadBack) {
  const std::string path = folder_.At("data");
  ASSERT_TRUE(WriteOne(path, AllTypes(), GetParam()).ok());
  const auto table = ReadFiles({path});
  ASSERT_TRUE(table.ok()) << table.status();
  const auto expected = arrow::Table::FromRecordBatches({AllTypes()}).ValueOrDie();
  ASSERT_EQ((*table)->schema()->field_names(), expected->schema()->field_names());
  for (int i = 0; i < expected->num_columns(); ++i)
    EXPECT_TRUE((*table)->column(i)->Equals(*expected->column(i))) << (*table)->column(i)->ToString();
}

TEST_P(ExampleWriterTest, EqualBatchesGiveEqualBytes) {
  ASSERT_TRUE(WriteOne(folder_.At("1"), AllTypes(), GetParam()).ok());
  ASSERT_TRUE(WriteOne(folder_.At("2"), AllTypes(), GetParam()).ok());
  EXPECT_EQ(*fs::ReadFile(folder_.At("1")), *fs::ReadFile(folder_.At("2")));
}

TEST_P(ExampleWriterTest, NamesTheFileWhenTheDiskIsFull) {
  const Status status = WriteOne("/dev/full", AllTypes(), GetParam());
  EXPECT_THAT(status, FailsWith(StatusCode::kResourceExhausted, "Cannot write /dev/full: "));
}

TEST_P(ExampleWriterTest, NamesTheFileWhenItsFolderIsMissing) {
  EXPECT_THAT(WriteOne(folder_.At("no/such/file"), AllTypes(), GetParam()),
              FailsWith(StatusCode::kNotFound, "Cannot write " + folder_.At("no/such/file")));
}

TEST_P(ExampleWriterTest, RefusesABatchOfAnotherSchema) {
  const auto writer = OpenExampleWriter(folder_.At("data"), AllTypes()->schema(), GetParam());
  ASSERT_TRUE(writer.ok());
  EXPECT_THAT((*writer)->Write(AllTypes()->RemoveColumn(0).ValueOrDie()),
              FailsWith(StatusCode::kInvalidArgument, "other columns than the file"));
}

INSTANTIATE_TEST_SUITE_P(Formats, ExampleWriterTest,
                         testing::Values(PayloadFormat::kParquet, PayloadFormat::kTfRecord,
                                         PayloadFormat::kTfRecordGzip),
                         [](const auto& info) {
                           return info.param == PayloadFormat::kParquet    ? "Parquet"
                                  : info.param == PayloadFormat::kTfRecord ? "TfRecord"
                                                                           : "TfRecordGzip";
                         });

}  // namespace
}  // namespace penstock::data
