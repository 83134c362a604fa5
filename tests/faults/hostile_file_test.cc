#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <zlib.h>

#include <cstring>
#include <fstream>

#include <arrow/util/compression.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"
#include "penstock/data/dataset.h"
#include "penstock/data/dataset_view.h"
#include "tests/support/paths.h"

namespace penstock::faults {
namespace {

using testing::HasSubstr;

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string Parquet() { return Read(tests::TfxTestData("external/parquet/data.parquet")); }
std::string Avro() { return Read(tests::TfxTestData("external/avro/data.avro")); }

std::string LittleEndian(uint64_t value, int num_bytes) {
  std::string bytes;
  for (int i = 0; i < num_bytes; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

std::string Varint(int64_t value) {
  auto bits = (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
  std::string bytes;
  for (; bits >= 0x80; bits >>= 7) bytes += static_cast<char>(bits | 0x80);
  return bytes + static_cast<char>(bits);
}

/// Gzip (31) or raw deflate (-15) of `text`, `times` over.
std::string Deflated(const std::string& text, int times, int window) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 9, Z_DEFLATED, window, 9, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed, piece(1 << 16, '\0');
  for (int i = 0; i <= times; ++i) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = i < times ? static_cast<uInt>(text.size()) : 0;
    do {
      stream.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream.avail_out = static_cast<uInt>(piece.size());
      deflate(&stream, i < times ? Z_NO_FLUSH : Z_FINISH);
      packed.append(piece, 0, piece.size() - stream.avail_out);
    } while (stream.avail_out == 0);
  }
  deflateEnd(&stream);
  return packed;
}

std::string Gzip(const std::string& text) { return Deflated(text, 1, 31); }

std::string Zstd(const std::string& text) {
  const auto codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
  const auto length = static_cast<int64_t>(text.size());
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  std::string packed(static_cast<size_t>(codec->MaxCompressedLen(length, bytes)), '\0');
  packed.resize(static_cast<size_t>(codec
                                        ->Compress(length, bytes, static_cast<int64_t>(packed.size()),
                                                   reinterpret_cast<uint8_t*>(packed.data()))
                                        .ValueOrDie()));
  return packed;
}

/// An Avro file with the given schema and packing, and these bytes after its head.
std::string AvroFile(const std::string& schema, const std::string& codec, const std::string& blocks) {
  std::string file("Obj\x01", 4);
  file += Varint(2) + Varint(11) + "avro.schema" + Varint(static_cast<int64_t>(schema.size())) + schema;
  file += Varint(10) + "avro.codec" + Varint(static_cast<int64_t>(codec.size())) + codec + Varint(0);
  return file + "0123456789abcdef" + blocks;
}
const char* const kLongs = R"({"type":"record","name":"r","fields":[{"name":"x","type":"long"}]})";
const char* const kLists =
    R"({"type":"record","name":"r","fields":[{"name":"x","type":{"type":"array","items":"long"}}]})";

std::string AvroBlock(int64_t num_records, const std::string& bytes) {
  return Varint(num_records) + Varint(static_cast<int64_t>(bytes.size())) + bytes + "0123456789abcdef";
}

std::string Repeated(const std::string& text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

/// A file made to do harm, and what Penstock has to say of it.
struct HostileFile {
  std::string name;
  std::string file;
  std::string (*make)();
  std::string says;  ///< Part of the message; the file's name is too.
};

void PrintTo(const HostileFile& file, std::ostream* to) { *to << file.name; }

const std::vector<HostileFile>& HostileFiles() {
  static const std::vector<HostileFile> files = {
      {"GzipBomb", "a.csv.gz", [] { return Deflated("x\n" + std::string(1 << 20, '0'), 80, 31); },
       "times its own"},
      {"ZstdBomb", "a.jsonl.zst", [] { return Zstd(std::string(80 << 20, ' ')); }, "times its own"},
      {"GzipCutInItsHead", "a.csv.gz", [] { return Gzip("a,b\n1,2\n").substr(0, 12); }, "cut short"},
      {"GzipCutInItsText", "a.csv.gz", [] { return Gzip(Repeated("a,b\n1,2\n", 999)).substr(0, 40); },
       "cut short"},
      {"GzipWithAWrongChecksum", "a.csv.gz",
       [] {
         std::string packed = Gzip("a,b\n1,2\n");
         packed[packed.size() - 6] ^= 1;
         return packed;
       },
       "damaged"},
      {"ZstdCut", "a.csv.zst", [] { return Zstd(Repeated("a,b\n1,2\n", 999)).substr(0, 20); }, "cut short"},
      {"Bzip2OfNothing", "a.csv.bz2", [] { return std::string("BZh91AY&SY garbage"); }, "damaged"},
      {"Utf16Csv", "a.csv",
       [] {
         return std::string(
             "\xFF\xFE"
             "a\0,\0b\0\n\0",
             10);
       },
       "UTF-16"},
      {"MixedLineEndsAndAnOpenQuote", "a.csv", [] { return std::string("a,b\r\n1,2\n\"3,4\r\n5,6\r\n"); },
       "never closed"},
      {"CsvHeaderOfAMillionColumns", "a.csv",
       [] {
         std::string header = "c";
         for (int i = 0; i < 1'000'000; ++i) header += fmt::format(",c{}", i);
         return header + "\n" + Repeated("1,", 1'000'000) + "1\n";
       },
       "longer than"},
      {"CsvLineOfThreeHundredMegabytes", "a.csv",
       [] { return "a\n" + std::string(300 << 20, '1') + "\n2\n"; }, "longer than"},
      {"JsonLineOfThreeHundredMegabytes", "a.jsonl",
       [] { return "{\"a\": 1}\n{\"a\": \"" + std::string(300 << 20, 'x') + "\"}\n"; }, "longer than"},
      {"JsonOfAHundredThousandLevels", "a.jsonl",
       [] { return "{\"a\": " + std::string(100'000, '[') + std::string(100'000, ']') + "}\n"; }, "row 1"},
      {"JsonNumberWithoutEnd", "a.jsonl", [] { return "{\"a\": 1" + std::string(5000, 'e') + "}\n"; },
       "row 1"},
      {"JsonNameTwice", "a.jsonl", [] { return std::string("{\"a\": 1, \"a\": 2}\n"); }, "row 1"},
      {"JsonCutInAnEscape", "a.jsonl", [] { return std::string("{\"a\": \"\\u12"); }, "row 1"},
      {"TfRecordOfAGigabyte", "a.tfrecord",
       [] { return LittleEndian(1 << 30, 8) + LittleEndian(0, 4) + "x"; }, ""},
      {"TfRecordOfAllBytesThereAre", "a.tfrecord",
       [] { return LittleEndian(~uint64_t{0}, 8) + LittleEndian(0, 4) + "x"; }, ""},
      {"TfRecordCutInItsLength", "a.tfrecord", [] { return LittleEndian(4, 8).substr(0, 5); }, ""},
      {"ParquetOfMagicAlone", "a.parquet", [] { return std::string("PAR1PAR1"); }, ""},
      {"ParquetFooterLongerThanTheFile", "a.parquet",
       [] {
         const std::string whole = Parquet();
         return whole.substr(0, whole.size() - 8) + LittleEndian(0x7FFFFFFF, 4) + "PAR1";
       },
       ""},
      {"ParquetFooterOfZeros", "a.parquet",
       [] {
         std::string whole = Parquet();
         uint32_t footer_bytes = 0;
         std::memcpy(&footer_bytes, whole.data() + whole.size() - 8, sizeof(footer_bytes));
         std::fill(whole.end() - 8 - footer_bytes, whole.end() - 8, '\0');
         return whole;
       },
       ""},
      {"ParquetFooterOfOnes", "a.parquet",
       [] {
         std::string whole = Parquet();
         std::fill(whole.end() - 500, whole.end() - 8, '\xFF');
         return whole;
       },
       ""},
      {"ArrowFileOfMagicAlone", "a.arrow", [] { return std::string("ARROW1\0\0ARROW1", 14); }, ""},
      {"ArrowStreamWithAMessageOfTwoGigabytes", "a.arrows",
       [] { return LittleEndian(0xFFFFFFFF, 4) + LittleEndian(0x7FFFFFFF, 4) + "xxxx"; }, ""},
      {"AvroWithAWrongSyncMarker", "a.avro",
       [] {
         std::string whole = Avro();
         whole.back() = static_cast<char>(whole.back() ^ 1);
         return whole;
       },
       "sync marker"},
      {"AvroCutInABlock", "a.avro", [] { return Avro().substr(0, 300'000); }, "cut short"},
      {"AvroWithMoreRecordsThanBytes", "a.avro",
       [] { return AvroFile(kLongs, "null", AvroBlock(int64_t{1} << 60, "\x02")); }, "says it holds"},
      {"AvroBlockBeyondTheEnd", "a.avro",
       [] { return AvroFile(kLongs, "null", Varint(1) + Varint(INT64_MAX)); }, "reaches beyond"},
      {"AvroVarintWithoutEnd", "a.avro",
       [] { return AvroFile(kLongs, "null", AvroBlock(1, std::string(40, '\xFF'))); },
       "no value of type long"},
      {"AvroListOfMoreThanThereIs", "a.avro",
       [] { return AvroFile(kLists, "null", AvroBlock(1, Varint(int64_t{1} << 50) + "\x02")); },
       "no value of type array"},
      {"AvroBomb", "a.avro",
       [] {
         const std::string bomb = Deflated(std::string(1 << 20, '\0'), 1100, -15);
         return AvroFile(kLongs, "deflate", AvroBlock(5, bomb));
       },
       "unpacks to more than"},
      {"AvroSchemaOfAHundredThousandLevels", "a.avro",
       [] { return AvroFile(std::string(100'000, '[') + std::string(100'000, ']'), "null", ""); }, ""},
      {"AvroSchemaThatHoldsItself", "a.avro",
       [] {
         return AvroFile(R"({"type":"record","name":"r","fields":[{"name":"x","type":["null","r"]}]})",
                         "null", "");
       },
       "holds itself"},
  };
  return files;
}

class HostileFileTest : public testing::TestWithParam<HostileFile> {
 protected:
  void SetUp() override { ASSERT_TRUE(fs::CreateDirectories(folder_).ok()); }
  void TearDown() override { fs::RemoveAll(folder_).IgnoreError(); }

  std::string Write(const std::string& name, const std::string& content) const {
    std::ofstream(fs::Join(folder_, name), std::ios::binary) << content;
    return fs::Join(folder_, name);
  }
  /// Every row, as `penstock stats generate` reads them.
  static Status ReadAll(const std::string& path) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto dataset,
                              data::OpenDataset(std::vector{path}, {}, {.num_threads = 2}));
    return data::DescribeDataset(*dataset, {.num_threads = 2}).status();
  }

  const std::string folder_ = fs::Join(testing::TempDir(), "hostile_" + NewUuid());
};

TEST_P(HostileFileTest, IsRefusedByNameWithoutHarm) {
  const HostileFile& hostile = GetParam();
  // Far above what reading these takes, far below what they claim.
  const rlimit memory{rlim_t{6} << 30, RLIM_INFINITY};
  ASSERT_EQ(setrlimit(RLIMIT_AS, &memory), 0);
  const Status status = ReadAll(Write(hostile.file, hostile.make()));
  EXPECT_TRUE(IsBadInput(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(hostile.file));
  EXPECT_THAT(std::string(status.message()), HasSubstr(hostile.says));
}

INSTANTIATE_TEST_SUITE_P(Files, HostileFileTest, testing::ValuesIn(HostileFiles()),
                         [](const auto& file) { return file.param.name; });

class HarmlessFileTest : public HostileFileTest {};

TEST_F(HarmlessFileTest, AMarkMixedLineEndsAndBlankLinesAreRead) {
  const std::string path = Write("a.csv",
                                 "\xEF\xBB\xBF"
                                 "a,b\r\n1,2\n\r\n\n3,\"4\r\n5\"\r\n");
  const auto dataset = data::OpenDataset(std::vector{path}, {}, {});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ(*data::FormatFirstRows(**dataset, 9, true),
            "{\"a\": 1, \"b\": \"2\"}\n{\"a\": 3, \"b\": \"4\\u000d\\u000a5\"}\n");
}

TEST_F(HarmlessFileTest, AZeroByteIsACharacterLikeOthers) {
  const std::string path = Write("a.csv", std::string("a,b\n1,\0\n", 8));
  const auto dataset = data::OpenDataset(std::vector{path}, {}, {});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ(*data::FormatFirstRows(**dataset, 9, true), "{\"a\": 1, \"b\": \"\\u0000\"}\n");
}

TEST_F(HarmlessFileTest, AHundredThousandColumnsAreRead) {
  std::string header, row;
  for (int i = 0; i < 100'000; ++i) {
    header += fmt::format("{}c{}", i == 0 ? "" : ",", i);
    row += i == 0 ? "1" : ",1";
  }
  const std::string path = Write("wide.csv", header + "\n" + row + "\n" + row + "\n");
  const auto dataset = data::OpenDataset(std::vector{path}, {}, {});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const auto described = data::DescribeDataset(**dataset, {});
  ASSERT_TRUE(described.ok()) << described.status();
  EXPECT_EQ(described->columns.size(), 100'000u);
  EXPECT_EQ(described->num_rows, 2);
}

}  // namespace
}  // namespace penstock::faults
