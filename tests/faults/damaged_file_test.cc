#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "faults/pipeline_folder.h"
#include "penstock/base/filesystem.h"
#include "tests/support/paths.h"

namespace penstock::faults {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

const std::string kExternal = tests::TfxTestData("external");

std::string Read(const std::string& path) {
  const auto content = fs::ReadFile(path);
  EXPECT_TRUE(content.ok()) << content.status();
  return content.ok() ? *content : "";
}

/// Examples as Penstock itself stores them, in `format`: where damage can always be told.
std::string OwnFile(const PipelineFolder& folder, const std::string& suffix) {
  const bool is_parquet = suffix == ".parquet";
  folder.UseSmall(is_parquet ? "data.csv\", payload_format: \"parquet"
                             : "data.csv\", payload_format: \"tfrecord_gzip");
  const Ending ending = folder.Run();
  EXPECT_EQ(ending.exit_code, 0) << ending.Describe();
  const auto files = Matches(folder.root() + "/artifacts/ExampleGen/examples/*/Split-train/*" + suffix);
  EXPECT_EQ(files.size(), 1u);
  return files.empty() ? "" : Read(files[0]);
}

/// Statistics of a file of these bytes: exit code 2, its name in one message, and no output.
void ExpectRefused(const PipelineFolder& folder, const std::string& name, const std::string& bytes,
                   const std::string& part) {
  folder.Write(name, bytes);
  const Ending ending = scenarios::RunPenstock({"stats", "generate", name, "-o", "out.pb"}, folder.path());
  EXPECT_EQ(ending.exit_code, 2) << name << ", " << part << ": " << ending.Describe();
  EXPECT_THAT(ending.errors, HasSubstr("penstock: error: "));
  EXPECT_THAT(ending.errors, HasSubstr(name));
  EXPECT_THAT(ending.errors, HasSubstr(part));
  EXPECT_TRUE(Matches(folder.path() + "/out.pb*").empty());
}

std::string Flipped(std::string bytes, size_t at) {
  bytes[at] = static_cast<char>(bytes[at] ^ 0x04);
  return bytes;
}

TEST(DamagedFileTest, TruncatedTfRecordIsNamedWithItsRecord) {
  const PipelineFolder folder;
  const std::string whole = Read(std::string(kExternal) + "/tfrecord/data_tfrecord-00000-of-00002.gz");
  ExpectRefused(folder, "cut.tfrecord.gz", whole.substr(0, whole.size() / 2), "cut short");
  ExpectRefused(folder, "end.tfrecord.gz", whole.substr(0, whole.size() - 4), "cut short");
}

TEST(DamagedFileTest, FlippedBitsInTfRecordAreFound) {
  const PipelineFolder folder;
  const std::string whole = Read(std::string(kExternal) + "/tfrecord/data_tfrecord-00000-of-00002.gz");
  for (const size_t part : {1, 3, 5, 7, 9})
    ExpectRefused(folder, "flipped.tfrecord.gz", Flipped(whole, whole.size() * part / 10), "");
}

TEST(DamagedFileTest, TruncatedParquetIsNamed) {
  const PipelineFolder folder;
  const std::string whole = Read(std::string(kExternal) + "/parquet/data.parquet");
  for (const size_t size : {size_t{0}, size_t{3}, whole.size() / 2, whole.size() - 1})
    ExpectRefused(folder, "cut.parquet", whole.substr(0, size), "");
}

TEST(DamagedFileTest, FlippedBitsInPagesOfOurOwnParquetAreFound) {
  const PipelineFolder folder;
  const std::string whole = OwnFile(folder, ".parquet");
  ASSERT_GT(whole.size(), 1000u);
  // The first half is pages; their checksums cover them.
  for (size_t at = 60; at < whole.size() / 2; at += whole.size() / 20)
    ExpectRefused(folder, "flipped.parquet", Flipped(whole, at), "damaged");
}

TEST(DamagedFileTest, FlippedBitsInOurOwnTfRecordAreFound) {
  const PipelineFolder folder;
  const std::string whole = OwnFile(folder, ".gz");
  ASSERT_GT(whole.size(), 1000u);
  for (size_t at = 20; at < whole.size(); at += whole.size() / 10)
    ExpectRefused(folder, "flipped.tfrecord.gz", Flipped(whole, at), "");
}

TEST(DamagedFileTest, PipelineOnDamagedFilesLeavesNothingHalf) {
  for (const std::string name : {"tfrecord/data_tfrecord-00000-of-00002.gz", "parquet/data.parquet"}) {
    const PipelineFolder folder;
    const std::string local = fs::BaseName(name);
    folder.UseSmall(local);
    const std::string whole = Read(fs::Join(kExternal, name));
    folder.Write(local, whole.substr(0, whole.size() * 2 / 3));
    const Ending ending = folder.Run();
    EXPECT_EQ(ending.exit_code, 2) << ending.Describe();
    EXPECT_THAT(ending.errors, HasSubstr(local));
    EXPECT_THAT(ending.errors, AnyOf(HasSubstr("cut short"), HasSubstr("damaged")));
    folder.ExpectNothingHalf();
  }
}

TEST(DamagedFileTest, DamagedModelIsRefused) {
  const PipelineFolder folder;
  folder.UseSmall();
  ASSERT_EQ(folder.Run().exit_code, 0);
  const auto models = Matches(folder.path() + "/serving/*/model.pb");
  ASSERT_EQ(models.size(), 1u);
  const std::string whole = Read(models[0]);
  for (const std::string& bytes :
       {whole.substr(0, whole.size() / 2), std::string(), std::string("not a model")}) {
    folder.Write(models[0].substr(folder.path().size() + 1), bytes);
    const Ending ending =
        scenarios::RunPenstock({"predict", "--model", "serving", "--input", "data.csv"}, folder.path());
    EXPECT_EQ(ending.exit_code, 2) << ending.Describe();
    EXPECT_THAT(ending.errors, HasSubstr("model.pb"));
  }
}

TEST(DamagedFileTest, DamagedStatisticsAndSchemaAreRefused) {
  const PipelineFolder folder;
  folder.Write("stats.pb", "not statistics");
  folder.Write("schema.pbtxt", "feature { nmae: 'x' }");
  Ending ending = scenarios::RunPenstock({"stats", "show", "stats.pb"}, folder.path());
  EXPECT_EQ(ending.exit_code, 2) << ending.Describe();
  EXPECT_THAT(ending.errors, HasSubstr("stats.pb"));
  ending = scenarios::RunPenstock({"validate", "stats.pb", "--schema", "schema.pbtxt"}, folder.path());
  EXPECT_EQ(ending.exit_code, 2) << ending.Describe();
  EXPECT_THAT(ending.errors, HasSubstr("schema.pbtxt"));
}

TEST(DamagedFileTest, ColumnThatChangesTypeLateIsNamedByItsRow) {
  const PipelineFolder folder;
  std::string rows = "x,y,name\n";
  constexpr int kNumRows = 1'000'000, kBadRow = 900'000;
  for (int row = 1; row <= kNumRows; ++row)
    rows += fmt::format("{},{},n{}\n", row % 977, row == kBadRow ? "oops" : "1", row % 10);
  for (const std::string threads : {"1", "8"}) {
    folder.Write("big.csv", rows);
    const Ending ending = scenarios::RunPenstock(
        {"stats", "generate", "big.csv", "-o", "out.pb", "--threads", threads}, folder.path());
    EXPECT_EQ(ending.exit_code, 2) << ending.Describe();
    // The header is row 1, as in an editor.
    EXPECT_THAT(ending.errors, HasSubstr("big.csv, row 900001, column 'y': 'oops' is not a number"));
    EXPECT_TRUE(Matches(folder.path() + "/out.pb*").empty());
    std::printf("answered after %.2f s\n", ending.seconds);
  }
}

}  // namespace
}  // namespace penstock::faults
