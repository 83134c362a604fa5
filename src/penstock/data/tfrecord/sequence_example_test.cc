#include "penstock/data/dataset_view.h"
#include "penstock/data/datasets_testing.h"
#include "penstock/data/row_hash.h"
#include "penstock/data/tfrecord/example_records_testing.h"
#include "tests/support/paths.h"

namespace penstock::data {
namespace {

class SequenceExampleTest : public testing::Test {
 protected:
  Result<std::shared_ptr<arrow::Table>> Read(const std::vector<std::string>& records) {
    return ReadFiles({folder_.Write("data.tfrecord", Records(records))});
  }
  TestFolder folder_;
};

const std::string kThreeSteps = SequenceExample(
    {{"id", BytesFeature({"a"})}},
    {{"clicks", FeatureList({IntegerFeature("\x01\x02"), "", IntegerFeature("")})},
     {"words", FeatureList({BytesFeature({"x"}), BytesFeature({"y"}), BytesFeature({"z", "z"})})}});
const std::string kNoSteps = SequenceExample({{"id", BytesFeature({"b"})}}, {{"clicks", ""}});
const std::string kNoLists = Example({{"id", BytesFeature({"c"})}});

TEST_F(SequenceExampleTest, BecomesContextColumnsAndAStructOfListsOfLists) {
  const auto table = Read({kThreeSteps, kNoSteps, kNoLists});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(
      (*table)->schema()->ToString(),
      "id: string\n##SEQUENCE##: struct<clicks: list<item: list<item: int64>>, words: list<item: list<item: "
      "string>>>");
  const auto batch = (*table)->CombineChunksToBatch().ValueOrDie();
  const auto& sequences = static_cast<const arrow::StructArray&>(*batch->column(1));
  EXPECT_EQ(sequences.null_count(), 0);
  const auto& clicks = static_cast<const arrow::ListArray&>(*sequences.GetFieldByName("clicks"));
  EXPECT_EQ(clicks.value_length(0), 3);
  EXPECT_TRUE(clicks.values()->IsNull(1)) << "a feature without a kind is null";
  EXPECT_TRUE(clicks.values()->IsValid(2)) << "a list of no values is not null";
  EXPECT_TRUE(clicks.IsValid(1)) << "a feature list without features is there";
  EXPECT_EQ(clicks.value_length(1), 0);
  EXPECT_TRUE(clicks.IsNull(2)) << "an absent feature list is null";
}

TEST_F(SequenceExampleTest, SurvivesTheWayThroughEveryFormatThatCanHoldIt) {
  const auto dataset = OpenDataset(
      std::vector<std::string>{folder_.Write("in.tfrecord", Records({kThreeSteps, kNoSteps, kNoLists}))}, {},
      {});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const auto expected = ReadFiles({folder_.At("in.tfrecord")});
  for (const auto& [name, format] : {std::pair{"out.parquet", PayloadFormat::kParquet},
                                     std::pair{"out.tfrecord.gz", PayloadFormat::kTfRecordGzip}}) {
    const auto written = ConvertDataset(**dataset, folder_.At(name), format, {});
    ASSERT_TRUE(written.ok()) << written.status();
    const auto again = ReadFiles({folder_.At(name)});
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_TRUE((*again)->Equals(**expected)) << name << "\n" << (*again)->ToString();
  }
}

TEST_F(SequenceExampleTest, RowsWithEqualStepsHashEqual) {
  const auto table = Read({kThreeSteps, kThreeSteps, kNoSteps, kNoLists});
  ASSERT_TRUE(table.ok()) << table.status();
  const auto hasher = RowHasher::MakeOfColumn(*(*table)->schema(), "##SEQUENCE##");
  ASSERT_TRUE(hasher.ok()) << hasher.status();
  const auto hashes = hasher->Hash(*(*table)->CombineChunksToBatch().ValueOrDie());
  EXPECT_EQ(hashes[0], hashes[1]);
  EXPECT_NE(hashes[0], hashes[2]);
  EXPECT_NE(hashes[2], hashes[3]);
}

TEST_F(SequenceExampleTest, NamesTheRecordWhoseStepsAreOfTwoKinds) {
  const auto mixed = SequenceExample({}, {{"clicks", FeatureList({BytesFeature({"x"})})}});
  EXPECT_THAT(Read({kThreeSteps, mixed}).status(),
              FailsWith(StatusCode::kInvalidArgument, "record 2: feature 'clicks' is a BytesList"));
  EXPECT_THAT(Read({SequenceExample({}, {{"clicks", "\x0A\x7F"}})}).status(),
              FailsWith(StatusCode::kInvalidArgument, "record 1: a feature list is malformed"));
}

TEST_F(SequenceExampleTest, IsReadFromTfxTestData) {
  const std::string path = tests::TfxTestData("external/tfrecord_sequence");
  if (!*fs::Exists(path)) GTEST_SKIP() << "TFX's test data is not there (make setup): " << path;
  const auto table = ReadFiles({path});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_GT((*table)->num_rows(), 0);
  EXPECT_GE((*table)->schema()->GetFieldIndex("##SEQUENCE##"), 0);
}

}  // namespace
}  // namespace penstock::data
