#include "penstock/data/packed_file.h"

#include <arrow/io/compressed.h>
#include <arrow/io/memory.h>
#include <arrow/util/compression.h>

#include "penstock/data/datasets_testing.h"

namespace penstock::data {
namespace {

std::string Pack(const std::string& text, arrow::Compression::type type) {
  const auto codec = arrow::util::Codec::Create(type).ValueOrDie();
  const auto sink = arrow::io::BufferOutputStream::Create().ValueOrDie();
  const auto stream = arrow::io::CompressedOutputStream::Make(codec.get(), sink).ValueOrDie();
  EXPECT_TRUE(stream->Write(text).ok());
  EXPECT_TRUE(stream->Close().ok());
  return sink->Finish().ValueOrDie()->ToString();
}

struct Form {
  std::string suffix;
  arrow::Compression::type type;
};

class PackedFileTest : public testing::TestWithParam<Form> {
 protected:
  TestFolder folder_;
};

TEST_P(PackedFileTest, PackedTextReadsAsThePlainOne) {
  std::string text = "id,name\n";
  for (int i = 0; i < 200'000; ++i) text += fmt::format("{},\"name, {}\"\n", i, i % 97);
  const auto plain = ReadFiles({folder_.Write("plain.csv", text)});
  ASSERT_TRUE(plain.ok()) << plain.status();
  for (const int num_threads : {1, 3}) {
    const auto packed = ReadFiles(
        {folder_.Write("data.csv" + GetParam().suffix, Pack(text, GetParam().type))}, {}, num_threads);
    ASSERT_TRUE(packed.ok()) << packed.status();
    EXPECT_TRUE((*packed)->Equals(**plain));
  }
}

TEST_P(PackedFileTest, IsKnownByItsFirstBytesAlone) {
  const auto table =
      ReadFiles({folder_.Write("nameless", Pack("{\"a\": 1}\n{\"a\": 2}\n", GetParam().type))});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Show(**table, "a"), "int64: 1, 2");
}

TEST_P(PackedFileTest, NamesTheRowOfTheUnpackedText) {
  const std::string path =
      folder_.Write("data.csv" + GetParam().suffix, Pack("a,b\n1,2\n3\n", GetParam().type));
  EXPECT_THAT(ReadFiles({path}).status(),
              FailsWith(StatusCode::kInvalidArgument, path + ", row 3: 2 columns are expected"));
}

TEST_P(PackedFileTest, NamesAFileThatIsCutShort) {
  std::string text = "a\n";
  for (int i = 0; i < 10'000; ++i) text += fmt::format("{}\n", i * 7919 % 10007);
  const std::string packed = Pack(text, GetParam().type);
  const std::string path = folder_.Write("data.csv" + GetParam().suffix, packed.substr(0, packed.size() / 2));
  EXPECT_THAT(Open({path}).status(), FailsWith(StatusCode::kDataLoss, path));
}

INSTANTIATE_TEST_SUITE_P(Forms, PackedFileTest,
                         testing::Values(Form{".gz", arrow::Compression::GZIP},
                                         Form{".zst", arrow::Compression::ZSTD},
                                         Form{".bz2", arrow::Compression::BZ2}),
                         [](const auto& info) { return info.param.suffix.substr(1); });

TEST(PackedTextTest, TextThatBeginsLikeBzip2StaysText) {
  const TestFolder folder;
  const auto table = ReadFiles({folder.Write("data.csv", "BZh9,b\n1,2\n")});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Show(**table, "BZh9"), "int64: 1");
}

}  // namespace
}  // namespace penstock::data
