// The same taxi trips as TFX's own test data holds them in three formats.
#include <algorithm>
#include <cmath>

#include "penstock/data/datasets_testing.h"
#include "penstock/data/splits.h"
#include "tests/support/paths.h"

namespace penstock::data {
namespace {

const std::string kTestData = tests::TfxTestData("");

class TfxExamplesTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!*fs::Exists(kTestData)) GTEST_SKIP() << "TFX's test data is not there (make setup): " << kTestData;
  }
  static std::shared_ptr<arrow::Table> Read(const std::string& path) {
    const auto table = ReadFiles({kTestData + path});
    EXPECT_TRUE(table.ok()) << table.status();
    return table.ok() ? *table : nullptr;
  }
};

/// A cell as text, numbers as floats, the most a tf.Example holds: an absent one and NaN are the same in
/// pandas' files.
std::string Plain(const arrow::Table& table, const std::string& column, int64_t row) {
  const auto scalar = table.GetColumnByName(column)->GetScalar(row).ValueOrDie();
  if (!scalar->is_valid) return "";
  double value;
  switch (scalar->type->id()) {
    case arrow::Type::INT64:
      value = static_cast<double>(static_cast<const arrow::Int64Scalar&>(*scalar).value);
      break;
    case arrow::Type::DOUBLE:
      value = static_cast<const arrow::DoubleScalar&>(*scalar).value;
      break;
    case arrow::Type::FLOAT:
      value = static_cast<const arrow::FloatScalar&>(*scalar).value;
      break;
    default:
      return scalar->ToString();
  }
  if (std::isnan(value)) return "";
  return fmt::format("{}", static_cast<float>(value));
}

std::vector<std::string> Rows(const arrow::Table& table) {
  std::vector<std::string> names = table.schema()->field_names();
  std::sort(names.begin(), names.end());
  std::vector<std::string> rows(static_cast<size_t>(table.num_rows()));
  for (const auto& name : names) {
    for (int64_t row = 0; row < table.num_rows(); ++row) {
      const std::string text = Plain(table, name, row);
      rows[static_cast<size_t>(row)] += (text == "nan" ? "" : text) + "|";
    }
  }
  return rows;
}

/// Empty where the rows are the same: a failing test must not print fifteen thousand rows.
std::string FirstDifference(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  if (a.size() != b.size()) return fmt::format("{} rows and {} rows", a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) return fmt::format("row {}:\n{}\n{}", i, a[i], b[i]);
  return "";
}

TEST_F(TfxExamplesTest, CsvAndParquetHoldTheSameRows) {
  const auto csv = Read("external/csv/data.csv");
  const auto parquet = Read("external/parquet/data.parquet");
  ASSERT_TRUE(csv != nullptr && parquet != nullptr);
  EXPECT_EQ(csv->num_rows(), 10'000);
  // As floats: the pandas that wrote the Parquet file read some decimals one unit of the last place off.
  EXPECT_EQ(FirstDifference(Rows(*csv), Rows(*parquet)), "");
}

TEST_F(TfxExamplesTest, CsvAndTfRecordHoldTheSameRowsButOne) {
  const auto csv = Read("external/csv");
  const auto records = Read("external/tfrecord");
  ASSERT_TRUE(csv != nullptr && records != nullptr);
  EXPECT_EQ(csv->num_rows(), 15'000);
  auto expected = Rows(*csv);
  auto actual = Rows(*records);
  std::sort(expected.begin(), expected.end());
  std::sort(actual.begin(), actual.end());
  std::vector<std::string> in_csv_only, in_records_only;
  std::set_difference(expected.begin(), expected.end(), actual.begin(), actual.end(),
                      std::back_inserter(in_csv_only));
  std::set_difference(actual.begin(), actual.end(), expected.begin(), expected.end(),
                      std::back_inserter(in_records_only));
  // One row of TFX's own files differs: the CSV has a trip of 7.45 dollars where the records have one
  // of 27.05.
  ASSERT_EQ(in_csv_only.size(), 1u);
  ASSERT_EQ(in_records_only.size(), 1u);
  EXPECT_THAT(in_csv_only[0], testing::HasSubstr("|7.45|"));
  EXPECT_THAT(in_records_only[0], testing::HasSubstr("|27.05|"));
}

TEST_F(TfxExamplesTest, ReadsTheOutputsOfTfxsOwnExampleGen) {
  const auto splits = ListSplits(kTestData + "csv_example_gen");
  ASSERT_TRUE(splits.ok()) << splits.status();
  EXPECT_EQ(*splits, (std::vector<std::string>{"eval", "train"}));
  const auto train = Read("csv_example_gen/Split-train");
  const auto eval = Read("csv_example_gen/Split-eval");
  ASSERT_TRUE(train != nullptr && eval != nullptr);
  EXPECT_EQ(train->num_rows() + eval->num_rows(), 15'000);
  EXPECT_EQ(train->num_columns(), 18);
}

TEST_F(TfxExamplesTest, ReadsItsOtherCsvFiles) {
  const auto missing = Read("external/csv_empty/data.csv");
  ASSERT_TRUE(missing != nullptr);
  EXPECT_EQ(Show(*missing, "B"), "string: null, null, null");
  EXPECT_EQ(Show(*missing, "C"), "string: x, y, null");
  const auto lines = Read("external/csv_multi_line_string/data.csv");
  ASSERT_TRUE(lines != nullptr);
  EXPECT_EQ(lines->num_columns(), 4);
}

}  // namespace
}  // namespace penstock::data
