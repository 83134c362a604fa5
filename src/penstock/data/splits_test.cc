#include "penstock/data/splits.h"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <set>

#include <arrow/json/from_string.h>

#include "penstock/base/digest.h"
#include "penstock/data/dataset_view.h"
#include "penstock/data/datasets_testing.h"
#include "penstock/data/row_hash.h"

namespace penstock::data {
namespace {

const std::vector<Split> kTrainAndEval = {{"train", 2}, {"eval", 1}};

std::shared_ptr<arrow::Array> Json(const std::shared_ptr<arrow::DataType>& type, const std::string& text) {
  return arrow::json::ArrayFromJSONString(type, text).ValueOrDie();
}

Batch OneColumn(const std::string& name, const std::shared_ptr<arrow::Array>& array) {
  return arrow::RecordBatch::Make(arrow::schema({arrow::field(name, array->type())}), array->length(),
                                  {array});
}

std::vector<uint64_t> HashesOf(const Batch& batch) { return RowHasher::Make(*batch->schema())->Hash(*batch); }

std::string ManyRows(int64_t num_rows) {
  std::string text = "id,fare,company\n";
  for (int64_t i = 0; i < num_rows; ++i)
    text += fmt::format("{},{}.5,{}\n", i, i % 1013,
                        i % 7 == 0 ? "" : fmt::format("\"Taxi company, number {}\"", i % 211));
  return text;
}

std::set<std::string> RowsOf(const std::string& uri, const std::string& split) {
  const auto table = ReadFiles({SplitDirectory(uri, split)});
  EXPECT_TRUE(table.ok()) << table.status();
  std::set<std::string> ids;
  for (int64_t i = 0; i < (*table)->num_rows(); ++i)
    ids.insert((*table)->GetColumnByName("id")->GetScalar(i).ValueOrDie()->ToString());
  return ids;
}

class SplitsTest : public testing::Test {
 protected:
  Result<SplitSummary> Write(const std::string& input, const std::string& output,
                             PayloadFormat format = PayloadFormat::kParquet, int num_threads = 2) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto dataset, Open({input}, {}, num_threads));
    return WriteSplits(*dataset, kTrainAndEval, folder_.At(output), format, {.num_threads = num_threads});
  }

  TestFolder folder_;
};

TEST_F(SplitsTest, EveryRowGoesToOneSplitInOrder) {
  const auto summary = Write(folder_.Write("data.csv", ManyRows(30'000)), "out");
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->num_rows.at("train") + summary->num_rows.at("eval"), 30'000);
  EXPECT_NEAR(static_cast<double>(summary->num_rows.at("train")), 20'000, 300);
  const auto train = RowsOf(folder_.At("out"), "train");
  const auto eval = RowsOf(folder_.At("out"), "eval");
  EXPECT_EQ(static_cast<int64_t>(train.size()), summary->num_rows.at("train"));
  EXPECT_EQ(train.size() + eval.size(), 30'000u);
  const auto ids =
      (*ReadFiles({SplitDirectory(folder_.At("out"), "train")}))->GetColumnByName("id")->chunk(0);
  const auto& values = static_cast<const arrow::Int64Array&>(*ids);
  EXPECT_TRUE(std::is_sorted(values.raw_values(), values.raw_values() + values.length()));
}

TEST_F(SplitsTest, BytesAreTheSameWithAnyNumberOfThreads) {
  const std::string input = folder_.Write("data.csv", ManyRows(900'000));
  for (const auto format : {PayloadFormat::kParquet, PayloadFormat::kTfRecordGzip}) {
    std::set<std::string> digests;
    for (const int num_threads : {1, 2, 8}) {
      const auto summary = Write(input, "out", format, num_threads);
      ASSERT_TRUE(summary.ok()) << summary.status();
      EXPECT_GE(summary->num_files, 2);
      digests.insert(fs::DigestOfTree(folder_.At("out"))->ToHex());
    }
    EXPECT_EQ(digests.size(), 1u);
  }
}

TEST_F(SplitsTest, ARowsSplitDoesNotDependOnItsPlaceOrFileOrFormat) {
  const std::string whole = ManyRows(5000);
  ASSERT_TRUE(Write(folder_.Write("data.csv", whole), "whole").ok());
  // The same rows backwards, in two files.
  std::vector<std::string> lines;
  for (size_t at = 0; at < whole.size(); at = whole.find('\n', at) + 1)
    lines.push_back(whole.substr(at, whole.find('\n', at) + 1 - at));
  std::reverse(lines.begin() + 1, lines.end());
  std::string first = lines[0], second = lines[0];
  for (size_t i = 1; i < lines.size(); ++i) (i < 1700 ? first : second) += lines[i];
  ASSERT_TRUE(fs::CreateDirectories(folder_.At("parts")).ok());
  folder_.Write("parts/1.csv", first);
  folder_.Write("parts/2.csv", second);
  ASSERT_TRUE(Write(folder_.At("parts"), "parts_out").ok());
  EXPECT_EQ(RowsOf(folder_.At("whole"), "eval"), RowsOf(folder_.At("parts_out"), "eval"));
  // And from Parquet: the train split splits again alike from either format.
  const auto again = Write(SplitDirectory(folder_.At("whole"), "eval"), "again");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->num_rows.at("train"), 0);
}

TEST_F(SplitsTest, UsesTheLayoutOfTfx) {
  const std::string input = folder_.Write("data.csv", "id,fare\n1,2\n3,4\n5,6\n");
  ASSERT_TRUE(Write(input, "p").ok());
  ASSERT_TRUE(Write(input, "t", PayloadFormat::kTfRecordGzip).ok());
  EXPECT_TRUE(*fs::Exists(folder_.At("p/Split-train/data_parquet-00000-of-00001.parquet")));
  EXPECT_TRUE(*fs::Exists(folder_.At("p/Split-eval/data_parquet-00000-of-00001.parquet")));
  EXPECT_TRUE(*fs::Exists(folder_.At("t/Split-train/data_tfrecord-00000-of-00001.gz")));
  EXPECT_EQ(*ListSplits(folder_.At("p")), (std::vector<std::string>{"eval", "train"}));
  EXPECT_EQ(ListSplits(folder_.At("nowhere")).status().code(), StatusCode::kNotFound);
}

TEST_F(SplitsTest, RefusesBadSplits) {
  const auto dataset = Open({folder_.Write("data.csv", "a\n1\n")});
  auto status = [&](std::vector<Split> splits) {
    return WriteSplits(**dataset, splits, folder_.At("out"), PayloadFormat::kParquet, {}).status();
  };
  EXPECT_THAT(status({}), FailsWith(StatusCode::kInvalidArgument, "No splits are named"));
  EXPECT_THAT(status({{"a", 1}, {"a", 1}}),
              FailsWith(StatusCode::kInvalidArgument, "Two splits have the same name: 'a'"));
  EXPECT_THAT(status({{"a", 0}}), FailsWith(StatusCode::kInvalidArgument, "Split 'a' has 0 hash buckets"));
  EXPECT_THAT(status({{"../a", 1}}), FailsWith(StatusCode::kInvalidArgument, "'../a'"));
  EXPECT_FALSE(*fs::Exists(folder_.At("out")));
}

TEST_F(SplitsTest, LeavesNothingWhenTheDiskIsFull) {
  const auto dataset = Open({folder_.Write("data.csv", ManyRows(50'000))});
  ASSERT_TRUE(dataset.ok());
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 10'000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status parquet =
      WriteSplits(**dataset, kTrainAndEval, folder_.At("out"), PayloadFormat::kParquet, {}).status();
  const Status packed =
      WriteSplits(**dataset, kTrainAndEval, folder_.At("out"), PayloadFormat::kTfRecordGzip, {}).status();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(parquet, FailsWith(StatusCode::kResourceExhausted, "Cannot write " + folder_.At("out")));
  EXPECT_THAT(packed, FailsWith(StatusCode::kResourceExhausted, "Cannot write " + folder_.At("out")));
  EXPECT_TRUE(fs::List(folder_.At("out"))->empty());
}

TEST_F(SplitsTest, LeavesNothingWhenARowIsBad) {
  const auto schema = arrow::schema({arrow::field("a", arrow::list(arrow::int64()))});
  const auto dataset =
      MakeInMemoryDataset(schema, {OneColumn("a", Json(arrow::list(arrow::int64()), "[[1, null]]"))});
  EXPECT_THAT(
      WriteSplits(*dataset, kTrainAndEval, folder_.At("out"), PayloadFormat::kTfRecordGzip, {}).status(),
      FailsWith(StatusCode::kInvalidArgument, "Column 'a' holds a null inside a list"));
  EXPECT_TRUE(fs::List(folder_.At("out"))->empty());
}

TEST(RowHasherTest, TellsNullFromEmptyAndTypesApart) {
  const auto texts = HashesOf(OneColumn("a", Json(arrow::utf8(), R"([null, "", "x"])")));
  EXPECT_EQ(std::set<uint64_t>(texts.begin(), texts.end()).size(), 3u);
  EXPECT_NE(HashesOf(OneColumn("a", Json(arrow::int64(), "[1]"))),
            HashesOf(OneColumn("a", Json(arrow::float64(), "[1]"))));
  EXPECT_NE(HashesOf(OneColumn("a", Json(arrow::int64(), "[1]"))),
            HashesOf(OneColumn("b", Json(arrow::int64(), "[1]"))));
  EXPECT_NE(HashesOf(OneColumn("a", Json(arrow::int64(), "[1]"))),
            HashesOf(OneColumn("a", Json(arrow::list(arrow::int64()), "[[1]]"))));
  const auto lists =
      HashesOf(OneColumn("a", Json(arrow::list(arrow::utf8()),
                                   R"([null, [], [""], ["", ""], [null], ["a", "b"], ["b", "a"]])")));
  EXPECT_EQ(std::set<uint64_t>(lists.begin(), lists.end()).size(), 7u);
}

TEST(RowHasherTest, SameNumbersHashAlike) {
  EXPECT_EQ(HashesOf(OneColumn("a", Json(arrow::float32(), "[0.5, -0.0]"))),
            HashesOf(OneColumn("a", Json(arrow::float64(), "[0.5, 0.0]"))));
}

TEST(RowHasherTest, StaysTheSameForever) {
  const auto schema = arrow::schema({arrow::field("b", arrow::utf8()), arrow::field("a", arrow::int64())});
  const auto batch =
      arrow::RecordBatch::Make(schema, 1, {Json(arrow::utf8(), R"(["x"])"), Json(arrow::int64(), "[-1]")});
  EXPECT_EQ(HashesOf(batch), (std::vector<uint64_t>{7870537828717594375u}));
}

TEST(RowHasherTest, FollowsTheDocumentedFormula) {
  const auto schema = arrow::schema({arrow::field("b", arrow::utf8()), arrow::field("a", arrow::int64()),
                                     arrow::field("c", arrow::utf8())});
  const auto batch = arrow::RecordBatch::Make(
      schema, 1,
      {Json(arrow::utf8(), R"(["x"])"), Json(arrow::int64(), "[-1]"), Json(arrow::utf8(), "[null]")});
  const uint64_t cells[] = {Hash64(std::string(8, '\xFF'), Hash64("a") + 1), Hash64("x", Hash64("b") + 3)};
  EXPECT_EQ(HashesOf(batch),
            (std::vector<uint64_t>{Hash64({reinterpret_cast<const char*>(cells), sizeof cells})}));
}

TEST(RowHasherTest, SlicesHashLikeTheWhole) {
  const auto batch = OneColumn("a", Json(arrow::list(arrow::utf8()), R"([["p"], null, ["q", "r"], ["s"]])"));
  const auto whole = HashesOf(batch);
  EXPECT_EQ(HashesOf(batch->Slice(2, 2)), (std::vector<uint64_t>{whole[2], whole[3]}));
}

TEST_F(SplitsTest, FilesOfAPartAreTheSameWhateverComesBeforeIt) {
  std::vector<std::unique_ptr<Dataset>> days;
  for (int day = 0; day < 3; ++day) {
    std::string text = "id,x\n";
    for (int i = 0; i < 900; ++i) text += fmt::format("{},{}\n", day * 1000 + i, i % 7);
    days.push_back(*Open({folder_.Write(fmt::format("{}.csv", day), text)}));
  }
  const auto write = [&](const std::vector<const Dataset*>& parts, const std::string& output) {
    const auto summary = WriteSplits(parts, kTrainAndEval, folder_.At(output), PayloadFormat::kParquet, {});
    ASSERT_TRUE(summary.ok()) << summary.status();
    EXPECT_EQ(summary->num_files, 2);
  };
  write({days[0].get(), days[1].get()}, "old");
  write({days[1].get(), days[2].get()}, "moved");
  const auto file = [&](const std::string& output, int number) {
    return *fs::ReadFile(fs::Join(SplitDirectory(folder_.At(output), "train"),
                                  fmt::format("data_parquet-{:05}-of-00002.parquet", number)));
  };
  EXPECT_EQ(file("old", 1), file("moved", 0));
  EXPECT_NE(file("old", 0), file("moved", 0));
  const std::vector<const Dataset*> none;
  EXPECT_THAT(WriteSplits(none, kTrainAndEval, folder_.At("none"), PayloadFormat::kParquet, {}).status(),
              FailsWith(StatusCode::kInvalidArgument, "no examples"));
}

TEST_F(SplitsTest, KeepsExamplesWithoutColumns) {
  const auto schema = arrow::schema(arrow::FieldVector());
  const auto nothing =
      MakeInMemoryDataset(schema, {arrow::RecordBatch::Make(schema, 3, arrow::ArrayVector())});
  const auto summary =
      WriteSplits(*nothing, kTrainAndEval, folder_.At("out"), PayloadFormat::kParquet, {.num_threads = 2});
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->num_rows.at("train") + summary->num_rows.at("eval"), 3);
  const std::string full = summary->num_rows.at("train") > 0 ? "train" : "eval";
  EXPECT_EQ((*ReadFiles({SplitDirectory(folder_.At("out"), full)}))->num_rows(), 3);
  EXPECT_THAT(ConvertDataset(*nothing, folder_.At("a.parquet"), PayloadFormat::kParquet, {}).status(),
              FailsWith(StatusCode::kInvalidArgument, "write TFRecord instead"));
}

TEST_F(SplitsTest, PartitionsByTheValueOfAFeature) {
  const std::string input = folder_.Write("data.csv", ManyRows(5000));
  const auto dataset = Open({input});
  ASSERT_TRUE(dataset.ok());
  const std::string output = folder_.At("out");
  const auto summary = WriteSplits(**dataset, kTrainAndEval, output, PayloadFormat::kParquet, {}, "id");
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_EQ(summary->num_rows.at("train") + summary->num_rows.at("eval"), 5000);
  // By company: each is in one split only.
  const std::string users = folder_.Write("users.csv", [] {
    std::string text = "user,x\n";
    for (int i = 0; i < 3000; ++i) text += fmt::format("user{},{}\n", i % 50, i);
    return text;
  }());
  ASSERT_TRUE(WriteSplits(**Open({users}), kTrainAndEval, output, PayloadFormat::kParquet, {}, "user").ok());
  const auto users_of = [&](const std::string& split) {
    const auto table = ReadFiles({SplitDirectory(output, split)});
    std::set<std::string> names;
    for (int64_t i = 0; i < (*table)->num_rows(); ++i)
      names.insert((*table)->GetColumnByName("user")->GetScalar(i).ValueOrDie()->ToString());
    return names;
  };
  const auto train = users_of("train"), eval = users_of("eval");
  EXPECT_EQ(train.size() + eval.size(), 50u);
  EXPECT_GT(eval.size(), 5u);
}

TEST_F(SplitsTest, RefusesAnExampleWithoutThePartitionFeature) {
  const auto partition = [&](const std::string& feature) {
    const auto dataset = Open({folder_.Write("data.csv", ManyRows(50))});
    return WriteSplits(**dataset, kTrainAndEval, folder_.At("out"), PayloadFormat::kParquet, {}, feature)
        .status();
  };
  EXPECT_THAT(partition("company"), FailsWith(StatusCode::kInvalidArgument, "no value of 'company'"));
  EXPECT_THAT(partition("company"), FailsWith(StatusCode::kInvalidArgument, "id=0, fare=0.5"));
  EXPECT_THAT(partition("fare"), FailsWith(StatusCode::kInvalidArgument, "integers or bytes only"));
  EXPECT_THAT(partition("compani"), FailsWith(StatusCode::kNotFound, "did you mean 'company'?"));
}

}  // namespace
}  // namespace penstock::data
