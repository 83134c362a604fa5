#include <random>

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/builder.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>

#include "penstock/data/dataset_view.h"
#include "penstock/data/datasets_testing.h"
#include "penstock/data/declared_columns.h"
#include "penstock/data/example_writer.h"

namespace penstock::data {
namespace {

/// Makes schemas and rows of every kind that `Depth` allows, the same for the same seed.
class RandomExamples {
 public:
  RandomExamples(uint32_t seed, bool is_nested) : random_(seed), is_nested_(is_nested) {}

  std::unique_ptr<Dataset> Make() {
    arrow::FieldVector fields;
    const int num_columns = Upto(8) + 1;
    for (int i = 0; i < num_columns; ++i)
      fields.push_back(arrow::field("c" + std::to_string(i), ColumnType(is_nested_ ? 3 : 1)));
    const auto schema = arrow::schema(fields);
    std::vector<Batch> batches;
    for (int i = 0; i <= Upto(3); ++i) {
      const int num_rows = 1 + Upto(40);
      arrow::ArrayVector columns;
      for (const auto& field : fields) columns.push_back(Column(field->type(), num_rows));
      batches.push_back(arrow::RecordBatch::Make(schema, num_rows, columns));
    }
    return MakeInMemoryDataset(schema, std::move(batches));
  }

 private:
  int Upto(int highest) { return std::uniform_int_distribution<int>(0, highest)(random_); }

  std::shared_ptr<arrow::DataType> ColumnType(int depth) {
    const int kind = Upto(depth == 0 ? 3 : is_nested_ ? 7 : 4);
    if (kind == 0) return arrow::int64();
    if (kind == 1) return arrow::float32();
    if (kind == 2) return arrow::utf8();
    if (kind == 3) return arrow::binary();
    if (kind == 4) return arrow::list(ColumnType(depth - 1));
    if (kind == 5) return arrow::boolean();
    if (kind == 6) return arrow::float64();
    arrow::FieldVector fields;
    for (int i = 0; i <= Upto(2); ++i)
      fields.push_back(arrow::field("f" + std::to_string(i), ColumnType(depth - 1)));
    return arrow::struct_(fields);
  }

  std::shared_ptr<arrow::Array> Column(const std::shared_ptr<arrow::DataType>& type, int num_rows) {
    auto builder = arrow::MakeBuilder(type).ValueOrDie();
    // The first row has values: a tf.Example tells the type of a column by them alone.
    for (int row = 0; row < num_rows; ++row) Append(*builder, row == 0, /*is_element=*/false);
    return builder->Finish().ValueOrDie();
  }

  void Append(arrow::ArrayBuilder& builder, bool is_first, bool is_element) {
    // A null inside a list has no place in a tf.Example.
    if (!is_first && Upto(4) == 0 && (is_nested_ || !is_element)) {
      ASSERT_TRUE(builder.AppendNull().ok());
      return;
    }
    arrow::Status status;
    switch (builder.type()->id()) {
      case arrow::Type::INT64:
        status =
            static_cast<arrow::Int64Builder&>(builder).Append(Upto(1) == 0 ? -Upto(9) : INT64_MAX - Upto(9));
        break;
      case arrow::Type::FLOAT:
        status = static_cast<arrow::FloatBuilder&>(builder).Append(static_cast<float>(Upto(1000)) / 7.F);
        break;
      case arrow::Type::DOUBLE:
        status = static_cast<arrow::DoubleBuilder&>(builder).Append(Upto(1000) / 7.0);
        break;
      case arrow::Type::BOOL:
        status = static_cast<arrow::BooleanBuilder&>(builder).Append(Upto(1) == 1);
        break;
      case arrow::Type::STRING:
        status = static_cast<arrow::StringBuilder&>(builder).Append(
            std::string(static_cast<size_t>(Upto(5)), 'x') + "ä");
        break;
      case arrow::Type::BINARY:
        status = static_cast<arrow::BinaryBuilder&>(builder).Append(
            std::string(1 + static_cast<size_t>(Upto(5)), '\xFF'));
        break;
      case arrow::Type::LIST: {
        auto& list = static_cast<arrow::ListBuilder&>(builder);
        status = list.Append();
        // Two values somewhere: else a tf.Example's reader takes the column for scalars.
        const int length = is_first ? 2 : Upto(3);
        for (int i = 0; i < length; ++i) Append(*list.value_builder(), is_first, /*is_element=*/true);
        break;
      }
      default: {
        auto& fields = static_cast<arrow::StructBuilder&>(builder);
        status = fields.Append();
        for (int i = 0; i < fields.num_fields(); ++i) Append(*fields.field_builder(i), is_first, is_element);
      }
    }
    ASSERT_TRUE(status.ok()) << status.ToString();
  }

  std::mt19937 random_;
  const bool is_nested_;
};

class RandomRoundTripTest : public testing::TestWithParam<int> {
 protected:
  /// Through files of these names, each made of the one before; the last one's rows are the first one's.
  void ExpectSurvives(const Dataset& dataset, const std::vector<std::string>& names) {
    const auto wanted = ReadAll(dataset);
    ASSERT_TRUE(wanted.ok()) << wanted.status();
    const Dataset* from = &dataset;
    std::unique_ptr<Dataset> held;
    for (const std::string& name : names) {
      const std::string path = folder_.At(name);
      const auto written = ConvertDataset(*from, path, *PayloadFormatOf(path), {.num_threads = 2});
      ASSERT_TRUE(written.ok()) << name << ": " << written.status();
      auto opened = Open({path});
      ASSERT_TRUE(opened.ok()) << name << ": " << opened.status();
      held = *std::move(opened);
      from = held.get();
      const auto table = ReadAll(*from);
      ASSERT_TRUE(table.ok()) << name << ": " << table.status();
      // TFRecord sorts its features by name, as these columns are.
      ASSERT_TRUE((*table)->schema()->Equals(*(*wanted)->schema()))
          << name << ": " << (*table)->schema()->ToString() << " for " << (*wanted)->schema()->ToString();
      ASSERT_TRUE((*table)->Equals(**wanted)) << name;
    }
  }

  TestFolder folder_;
};

TEST_P(RandomRoundTripTest, ScalarsAndListsSurviveEveryFormat) {
  const auto dataset = RandomExamples(static_cast<uint32_t>(GetParam()), /*is_nested=*/false).Make();
  ExpectSurvives(*dataset, {"a.parquet", "b.tfrecord.gz", "c.arrow", "d.avro", "e.parquet", "f.tfrecord"});
}

TEST_P(RandomRoundTripTest, NestedColumnsSurviveTheFormatsThatHoldThem) {
  const auto dataset = RandomExamples(static_cast<uint32_t>(GetParam()), /*is_nested=*/true).Make();
  ExpectSurvives(*dataset, {"a.parquet", "b.arrow", "c.avro", "d.parquet", "e.avro"});
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomRoundTripTest, testing::Range(0, 20));

TEST(CsvRoundTripTest, TheTaxiRowsSurviveEveryFormatOneAfterTheOther) {
  const TestFolder folder;
  std::string rows = "id,fare,company\n";
  for (int i = 0; i < 5000; ++i)
    rows += fmt::format("{},{},{}\n", i, i % 7 == 0 ? "" : "2.5", i % 3 == 0 ? "" : "ä b");
  auto dataset = Open({folder.Write("a.csv", rows)});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const auto wanted = ReadAll(**dataset);
  const auto schema = DeclareColumns(**dataset);
  DatasetOptions declared;
  declared.schema = schema.get();
  declared.columns = ColumnNames(**dataset);
  for (const std::string name : {"b.parquet", "c.tfrecord.gz", "d.arrow", "e.avro", "f.parquet"}) {
    const std::string path = folder.At(name);
    ASSERT_TRUE(ConvertDataset(**dataset, path, *PayloadFormatOf(path), {}).ok()) << name;
    dataset = Open({path}, declared);
    ASSERT_TRUE(dataset.ok()) << name << ": " << dataset.status();
  }
  const auto table = ReadAll(**dataset);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Show(**table, "id"), Show(**wanted, "id"));
  EXPECT_EQ(Show(**table, "company"), Show(**wanted, "company"));
  // A tf.Example's reals have 32 bits; these fit.
  const auto fares = (*table)->GetColumnByName("fare");
  EXPECT_EQ(fares->null_count(), (*wanted)->GetColumnByName("fare")->null_count());
}

}  // namespace
}  // namespace penstock::data
