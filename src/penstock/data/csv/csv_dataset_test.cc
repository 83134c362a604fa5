#include "penstock/data/csv/csv_dataset.h"

#include "penstock/base/proto_io.h"
#include "penstock/data/datasets_testing.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"

namespace penstock::data {
namespace {

using testing::HasSubstr;

class CsvDatasetTest : public testing::Test {
 protected:
  Status OpenStatus(std::string_view content, const DatasetOptions& options = {}) {
    return Open({folder_.Write("data.csv", content)}, options).status();
  }
  std::string ShowColumn(std::string_view content, const std::string& column,
                         const DatasetOptions& options = {}) {
    const auto table = ReadFiles({folder_.Write("data.csv", content)}, options);
    return table.ok() ? Show(**table, column) : table.status().ToString();
  }
  static std::string Rows(int64_t num_rows, const std::function<std::string(int64_t)>& row) {
    std::string text;
    for (int64_t i = 0; i < num_rows; ++i) text += row(i) + "\n";
    return text;
  }
  static tensorflow::metadata::v0::Schema Schema(const std::string& text) {
    tensorflow::metadata::v0::Schema schema;
    EXPECT_TRUE(ParseTextProto(text, "schema", schema).ok());
    return schema;
  }

  TestFolder folder_;
};

TEST_F(CsvDatasetTest, InfersTypesOverAllRows) {
  const std::string text = "i,d,t,e,b,n\n1,1,x,,true,1\n-2,2.5,,,false,nan\n,3,5,,,-inf\n";
  EXPECT_EQ(ShowColumn(text, "i"), "int64: 1, -2, null");
  EXPECT_EQ(ShowColumn(text, "d"), "double: 1, 2.5, 3");
  EXPECT_EQ(ShowColumn(text, "t"), "string: x, null, 5");
  EXPECT_EQ(ShowColumn(text, "e"), "string: null, null, null");
  EXPECT_EQ(ShowColumn(text, "b"), "string: true, false, null");
  EXPECT_EQ(ShowColumn(text, "n"), "double: 1, nan, -inf");
}

TEST_F(CsvDatasetTest, TakesNanForTextWhereNothingIsANumber) {
  EXPECT_EQ(ShowColumn("a\nnan\ninf\n", "a"), "string: nan, inf");
}

TEST_F(CsvDatasetTest, KeepsIdentifiersBeyondInt64AsText) {
  EXPECT_EQ(ShowColumn("a\n12345678901234567890\n1\n", "a"), "string: 12345678901234567890, 1");
  EXPECT_EQ(ShowColumn("a\n12345678901234567890\n0.5\n", "a"), "double: 1.2345678901234567e+19, 0.5");
}

TEST_F(CsvDatasetTest, TreatsBlankCellsAmongNumbersAsMissing) {
  EXPECT_EQ(ShowColumn("a,b\n 1 , \n  ,x\n", "a"), "int64: 1, null");
  EXPECT_EQ(ShowColumn("a,b\n 1 , \n  ,x\n", "b"), "string:  , x");
}

TEST_F(CsvDatasetTest, ReadsQuotedCells) {
  const std::string text = "a,b\n\"x,y\",1\n\"say \"\"hi\"\"\nto\",\"2\"\n\"\",3\n";
  EXPECT_EQ(ShowColumn(text, "a"), "string: x,y, say \"hi\"\nto, null");
  EXPECT_EQ(ShowColumn(text, "b"), "int64: 1, 2, 3");
}

TEST_F(CsvDatasetTest, ToleratesByteOrderMarkCarriageReturnsBlankLinesAndNoFinalLineEnd) {
  EXPECT_EQ(ShowColumn("\xEF\xBB\xBF"
                       "a,b\r\n1,x\r\n\r\n\n2,y",
                       "a"),
            "int64: 1, 2");
  EXPECT_EQ(ShowColumn("\xEF\xBB\xBF"
                       "a,b\r\n1,x\r\n\r\n\n2,y",
                       "b"),
            "string: x, y");
}

TEST_F(CsvDatasetTest, TakesGivenNamesAndDelimiter) {
  DatasetOptions options;
  options.csv.column_names = {"x", "y"};
  options.csv.delimiter = ';';
  EXPECT_EQ(ShowColumn("1;a,b\n2;c\n", "y", options), "string: a,b, c");
}

TEST_F(CsvDatasetTest, TakesNullWordsForMissingUnlessTheyAreQuoted) {
  DatasetOptions options;
  options.csv.null_values = {"NA", "-999"};
  const std::string text = "i,d,t\n1,NA,NA\n-999,2.5,\"NA\"\nNA,-999,NAN\n";
  EXPECT_EQ(ShowColumn(text, "i", options), "int64: 1, null, null");
  EXPECT_EQ(ShowColumn(text, "d", options), "double: null, 2.5, null");
  EXPECT_EQ(ShowColumn(text, "t", options), "string: null, NA, NAN");
}

TEST_F(CsvDatasetTest, SelectsColumnsInTheOrderAskedFor) {
  DatasetOptions options;
  options.columns = {"c", "a"};
  const auto dataset = Open({folder_.Write("data.csv", "a,b,c\n1,x,2\n")}, options);
  ASSERT_TRUE(dataset.ok());
  EXPECT_EQ((*dataset)->schema()->field_names(), (std::vector<std::string>{"c", "a"}));
  options.columns = {"cc"};
  EXPECT_THAT(OpenStatus("a,b,ccc\n1,x,2\n", options),
              FailsWith(StatusCode::kNotFound, "did you mean 'ccc'?"));
}

TEST_F(CsvDatasetTest, TypesComeFromTheSchemaAndTheRestIsInferred) {
  const auto schema = Schema("feature { name: 'a' type: BYTES } feature { name: 'b' type: FLOAT }");
  DatasetOptions options;
  options.schema = &schema;
  EXPECT_EQ(ShowColumn("a,b,c\n1,2,3\n", "a", options), "string: 1");
  EXPECT_EQ(ShowColumn("a,b,c\n1,2,3\n", "b", options), "double: 2");
  EXPECT_EQ(ShowColumn("a,b,c\n1,2,3\n", "c", options), "int64: 3");
}

TEST_F(CsvDatasetTest, NamesCellThatDoesNotFitTheSchema) {
  const auto schema = Schema("feature { name: 'a' type: INT } feature { name: 'b' type: BYTES }");
  DatasetOptions options;
  options.schema = &schema;
  EXPECT_THAT(
      ReadFiles({folder_.Write("data.csv", "a,b\n1,x\n1.5,y\n")}, options).status(),
      FailsWith(StatusCode::kInvalidArgument, "data.csv, row 3, column 'a': '1.5' is not an integer"));
}

TEST_F(CsvDatasetTest, NamesTheOneTextAmongNumbers) {
  const std::string text = "id,fare\n" + Rows(1'000'000, [](int64_t i) {
                             return std::to_string(i) + (i == 899'998 ? ",oops" : ",7");
                           });
  EXPECT_THAT(OpenStatus(text), FailsWith(StatusCode::kInvalidArgument,
                                          "data.csv, row 900000, column 'fare': 'oops' is not a number, "
                                          "but 999999 of the column's 1000000 values are (fix the value, or "
                                          "declare the column as BYTES in a schema)"));
  const auto schema = Schema("feature { name: 'fare' type: BYTES }");
  DatasetOptions options;
  options.schema = &schema;
  EXPECT_TRUE(OpenStatus(text, options).ok());
}

TEST_F(CsvDatasetTest, WidensToDoubleFromAnyRow) {
  const std::string text =
      "a\n" + Rows(1'000'000, [](int64_t i) { return std::string(i == 899'998 ? "0.5" : "1"); });
  const auto dataset = Open({folder_.Write("data.csv", text)});
  ASSERT_TRUE(dataset.ok());
  EXPECT_EQ((*dataset)->schema()->field(0)->type()->ToString(), "double");
}

TEST_F(CsvDatasetTest, TakesAColumnOfManyTextsForText) {
  const std::string text =
      "a\n" + Rows(1000, [](int64_t i) { return i % 50 == 0 ? "x" : std::to_string(i); });
  const auto dataset = Open({folder_.Write("data.csv", text)});
  ASSERT_TRUE(dataset.ok());
  EXPECT_EQ((*dataset)->schema()->field(0)->type()->ToString(), "string");
}

TEST_F(CsvDatasetTest, NamesMissingFile) {
  folder_.Write("data.csv", "a\n1\n");
  EXPECT_THAT(Open({folder_.At("dota.csv")}).status(),
              FailsWith(StatusCode::kNotFound, "did you mean 'data.csv'?"));
}

TEST_F(CsvDatasetTest, RefusesEmptyFile) {
  EXPECT_THAT(OpenStatus(""), FailsWith(StatusCode::kInvalidArgument, "The file is empty: "));
  EXPECT_THAT(OpenStatus("\n\n"), FailsWith(StatusCode::kInvalidArgument, "The file is empty: "));
}

TEST_F(CsvDatasetTest, RefusesHeaderOnly) {
  EXPECT_THAT(OpenStatus("a,b\n"),
              FailsWith(StatusCode::kInvalidArgument, "The file holds a header but no rows: "));
  EXPECT_THAT(OpenStatus("a,b"),
              FailsWith(StatusCode::kInvalidArgument, "The file holds a header but no rows: "));
}

TEST_F(CsvDatasetTest, NamesRaggedRow) {
  EXPECT_THAT(OpenStatus("a,b\n1,2\n3\n"),
              FailsWith(StatusCode::kInvalidArgument, "row 3: 2 columns are expected, this row has 1"));
  EXPECT_THAT(OpenStatus("a,b\n1,2\n3,4,5\n6,7\n"),
              FailsWith(StatusCode::kInvalidArgument, "row 3: 2 columns are expected, this row has 3"));
  const std::string wide = "a,b\n\"x\ny\",2\n" + std::string(5000, ',') + "\n";
  EXPECT_THAT(OpenStatus(wide),
              FailsWith(StatusCode::kInvalidArgument, "row 4: 2 columns are expected, this row has 5001"));
}

TEST_F(CsvDatasetTest, NamesRowOfUnterminatedQuote) {
  EXPECT_THAT(OpenStatus("a,b\n1,2\n3,\"four\n5,6\n"),
              FailsWith(StatusCode::kInvalidArgument, "row 3: a quote is opened there and never closed"));
  EXPECT_THAT(OpenStatus("a,\"b\n1,2\n"),
              FailsWith(StatusCode::kInvalidArgument, "row 1: a quote is opened there and never closed"));
}

TEST_F(CsvDatasetTest, NamesRowWhereAnOpenQuoteMeetsTheNextOne) {
  EXPECT_THAT(OpenStatus("a,b\n1,\"x\n2,\"y\"\n"),
              FailsWith(StatusCode::kInvalidArgument, "row 2, column 'b': text follows a closing quote"));
}

TEST_F(CsvDatasetTest, NamesCellThatIsNotUtf8) {
  EXPECT_THAT(OpenStatus("a,b\n1,ok\n2,caf\xE9\n"),
              FailsWith(StatusCode::kInvalidArgument, "row 3, column 'b': the value is not valid UTF-8"));
  EXPECT_THAT(OpenStatus("\xFF\xFE"
                         "a\0"),
              FailsWith(StatusCode::kInvalidArgument, "UTF-16"));
  EXPECT_EQ(ShowColumn("a\ncafé\n", "a"), "string: café");
}

TEST_F(CsvDatasetTest, RefusesColumnsOfOneNameOrNone) {
  EXPECT_THAT(OpenStatus("a,b,a\n1,2,3\n"), FailsWith(StatusCode::kInvalidArgument, "'a' (columns 1 and 3)"));
  EXPECT_THAT(OpenStatus("a,,c\n1,2,3\n"), FailsWith(StatusCode::kInvalidArgument, "Column 2 has no name"));
}

TEST_F(CsvDatasetTest, RefusesFilesWithDifferentHeaders) {
  folder_.Write("1.csv", "a,b\n1,2\n");
  folder_.Write("2.csv", "a,c\n1,2\n");
  EXPECT_THAT(Open({folder_.path()}).status(),
              FailsWith(StatusCode::kInvalidArgument, "column 2 is 'b' in "));
}

TEST_F(CsvDatasetTest, RefusesOldLineEnds) {
  EXPECT_THAT(OpenStatus("a,b\r1,2\r3,4\r"), FailsWith(StatusCode::kInvalidArgument, "lone carriage return"));
}

TEST_F(CsvDatasetTest, ReadsGlobsInOrderOfTheirNames) {
  folder_.Write("part-2.csv", "a\n2\n");
  folder_.Write("part-1.csv", "a\n1\n");
  folder_.Write("other.csv", "b\n3\n");
  const auto table = ReadFiles({folder_.At("part-*.csv")});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Show(**table, "a"), "int64: 1, 2");
}

TEST_F(CsvDatasetTest, ShardsAndRowsAreTheSameWithAnyNumberOfThreads) {
  const std::string path = folder_.Write("data.csv", "id,text,fare\n" + Rows(200'000, [](int64_t i) {
                                                       return std::to_string(i) + ",\"line\nof, " +
                                                              std::string(static_cast<size_t>(i % 90), 'y') +
                                                              "\"," + std::to_string(i % 977) + ".25";
                                                     }));
  std::shared_ptr<arrow::Table> first;
  int64_t num_shards = 0;
  for (const int num_threads : {1, 2, 8}) {
    const auto dataset = Open({path}, {}, num_threads);
    ASSERT_TRUE(dataset.ok()) << dataset.status();
    EXPECT_GE((*dataset)->num_shards(), 3);
    const auto table = ReadAll(**dataset);
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_EQ((*table)->num_rows(), 200'000);
    if (first == nullptr) {
      first = *table;
      num_shards = (*dataset)->num_shards();
    }
    EXPECT_EQ((*dataset)->num_shards(), num_shards);
    EXPECT_TRUE((*table)->Equals(*first));
  }
}

TEST_F(CsvDatasetTest, SaysSoWhenTheFileChangesMeanwhile) {
  const std::string path = folder_.Write("data.csv", "a\n1\n");
  const auto dataset = Open({path});
  ASSERT_TRUE(dataset.ok());
  folder_.Write("data.csv", "a\n1\n2\n");
  EXPECT_THAT(ReadAll(**dataset).status(),
              FailsWith(StatusCode::kDataLoss, "changed while it was being read"));
}

TEST_F(CsvDatasetTest, BatchesHaveAtMostTheRowsAskedFor) {
  DatasetOptions options;
  options.max_batch_rows = 3;
  const auto dataset = Open({folder_.Write("data.csv", "a\n1\n2\n3\n4\n5\n6\n7\n")}, options);
  ASSERT_TRUE(dataset.ok());
  const auto reader = ReadSequentially(**dataset);
  std::vector<int64_t> sizes;
  for (auto batch = reader->Next(); batch.ok() && *batch; batch = reader->Next())
    sizes.push_back((**batch)->num_rows());
  EXPECT_EQ(sizes, (std::vector<int64_t>{3, 3, 1}));
}

}  // namespace
}  // namespace penstock::data
