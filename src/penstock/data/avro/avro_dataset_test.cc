#include "penstock/data/avro/avro_dataset.h"

#include <arrow/util/compression.h>
#include <zlib.h>

#include "penstock/data/avro/container.h"
#include "penstock/data/avro/wire.h"
#include "penstock/data/datasets_testing.h"
#include "penstock/data/example_writer.h"
#include "tests/support/paths.h"

namespace penstock::data::avro {
namespace {

constexpr std::string_view kSync = "0123456789abcdef";

std::string Head(const std::string& schema, const std::string& codec) {
  std::string head("Obj\x01", 4);
  AppendLong(codec.empty() ? 1 : 2, head);
  if (!codec.empty()) {
    AppendBytes("avro.codec", head);
    AppendBytes(codec, head);
  }
  AppendBytes("avro.schema", head);
  AppendBytes(schema, head);
  AppendLong(0, head);
  return head + std::string(kSync);
}

std::string BlockOf(int64_t num_records, const std::string& packed) {
  std::string block;
  AppendLong(num_records, block);
  AppendBytes(packed, block);
  return block + std::string(kSync);
}

/// Two records {a: 1, s: "x"}, {a: 2, s: null}.
constexpr const char* kSchema =
    R"({"type":"record","name":"r","fields":[{"name":"a","type":"long"},{"name":"s","type":["null","string"]}]})";
std::string TwoRecords() {
  std::string records;
  AppendLong(1, records);
  AppendLong(1, records);
  AppendBytes("x", records);
  AppendLong(2, records);
  AppendLong(0, records);
  return records;
}

std::string Pack(arrow::Compression::type type, const std::string& text) {
  const auto codec = arrow::util::Codec::Create(type).ValueOrDie();
  std::string packed(static_cast<size_t>(codec->MaxCompressedLen(static_cast<int64_t>(text.size()), nullptr)),
                     '\0');
  packed.resize(static_cast<size_t>(
      codec
          ->Compress(static_cast<int64_t>(text.size()), reinterpret_cast<const uint8_t*>(text.data()),
                     static_cast<int64_t>(packed.size()), reinterpret_cast<uint8_t*>(packed.data()))
          .ValueOrDie()));
  return packed;
}

std::string Bzip2(const std::string& text) {
  const auto codec = arrow::util::Codec::Create(arrow::Compression::BZ2).ValueOrDie();
  const auto stream = codec->MakeCompressor().ValueOrDie();
  std::string packed(1000, '\0');
  auto* to = reinterpret_cast<uint8_t*>(packed.data());
  const auto step = stream->Compress(static_cast<int64_t>(text.size()),
                                     reinterpret_cast<const uint8_t*>(text.data()), 1000, to);
  const int64_t written = step.ValueOrDie().bytes_written;
  packed.resize(
      static_cast<size_t>(written + stream->End(1000 - written, to + written).ValueOrDie().bytes_written));
  return packed;
}

std::string Snappy(const std::string& text) {
  const auto checksum = static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
  std::string packed = Pack(arrow::Compression::SNAPPY, text);
  for (int shift = 24; shift >= 0; shift -= 8) packed += static_cast<char>(checksum >> shift);
  return packed;
}

class AvroDatasetTest : public testing::Test {
 protected:
  std::string Write(const std::string& content) { return folder_.Write("data.avro", content); }
  /// The one column `x` of a schema, out of the bytes of its records.
  Result<std::string> Column(const std::string& type, int64_t num_records, const std::string& records) {
    const std::string schema = R"({"type":"record","name":"r","fields":[{"name":"x","type":)" + type + "}]}";
    PENSTOCK_ASSIGN_OR_RETURN(const auto table,
                              ReadFiles({Write(Head(schema, "") + BlockOf(num_records, records))}));
    return Show(*table, "x");
  }

  TestFolder folder_;
};

TEST_F(AvroDatasetTest, AgreesWithTheCsvThatTfxMadeItsFileOf) {
  const auto avro = ReadFiles({tests::TfxTestData("external/avro/data.avro")});
  const auto csv = ReadFiles({tests::TfxTestData("external/csv/data.csv")});
  ASSERT_TRUE(avro.ok()) << avro.status();
  ASSERT_TRUE(csv.ok()) << csv.status();
  ASSERT_EQ((*avro)->num_rows(), 10'000);
  ASSERT_EQ((*avro)->num_columns(), 18);
  for (const auto& field : (*csv)->schema()->fields()) {
    const auto ours = (*avro)->GetColumnByName(field->name());
    const auto theirs = (*csv)->GetColumnByName(field->name());
    ASSERT_NE(ours, nullptr) << field->name();
    for (int64_t row = 0; row < 10'000; ++row) {
      const auto a = ours->GetScalar(row).ValueOrDie(), b = theirs->GetScalar(row).ValueOrDie();
      ASSERT_EQ(a->is_valid, b->is_valid) << field->name() << ", row " << row;
      if (!a->is_valid) continue;
      if (a->type->id() == arrow::Type::STRING) {
        ASSERT_EQ(a->ToString(), b->ToString()) << field->name() << ", row " << row;
        continue;
      }
      // The file's schema says float; its maker made them of doubles.
      const double x = std::stod(a->ToString()), y = std::stod(b->ToString());
      ASSERT_LE(std::abs(x - y), 1e-6 * std::abs(y)) << field->name() << ", row " << row;
    }
  }
}

TEST_F(AvroDatasetTest, ReadsEveryCodec) {
  const std::string records = TwoRecords();
  const std::map<std::string, std::string> packed = {{"", records},
                                                     {"null", records},
                                                     {"snappy", Snappy(records)},
                                                     {"zstandard", Pack(arrow::Compression::ZSTD, records)},
                                                     {"bzip2", Bzip2(records)}};
  for (const auto& [codec, block] : packed) {
    const auto table = ReadFiles({Write(Head(kSchema, codec) + BlockOf(2, block))});
    ASSERT_TRUE(table.ok()) << codec << ": " << table.status();
    EXPECT_EQ(Show(**table, "a"), "int64: 1, 2") << codec;
    EXPECT_EQ(Show(**table, "s"), "string: x, null") << codec;
  }
  std::string deflated;
  ASSERT_TRUE(PackBlock(Codec::kDeflate, records, deflated).ok());
  EXPECT_TRUE(ReadFiles({Write(Head(kSchema, "deflate") + BlockOf(2, deflated))}).ok());
}

TEST_F(AvroDatasetTest, TellsTheFormatByItsFirstBytes) {
  const auto table = ReadFiles({folder_.Write("data", Head(kSchema, "") + BlockOf(2, TwoRecords()))});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->num_rows(), 2);
}

TEST_F(AvroDatasetTest, MapsTypes) {
  EXPECT_EQ(*Column(R"("boolean")", 2, std::string("\x01\x00", 2)), "bool: true, false");
  EXPECT_EQ(*Column(R"({"type":"enum","name":"e","symbols":["low","high"]})", 2, std::string("\x02\x00", 2)),
            "string: high, low");
  EXPECT_EQ(*Column(R"(["null","long","double"])", 2, std::string("\x02\x06\x00", 3)), "double: 3, null");
  EXPECT_EQ(*Column(R"({"type":"int","logicalType":"date"})", 1, "\x14"), "int64: 10");
  EXPECT_EQ(*Column(R"({"type":"bytes","logicalType":"decimal","precision":6,"scale":2})", 2,
                    std::string("\x04\x04\xC9\x02\xFF", 5)),
            "double: 12.25, -0.01");
  EXPECT_EQ(*Column(R"({"type":"array","items":"long"})", 2, std::string("\x04\x02\x04\x00\x00", 5)),
            "list<item: int64>: list<item: int64>[1, 2], list<item: int64>[]");
  EXPECT_EQ(*Column(R"({"type":"array","items":"long"})", 1, std::string("\x03\x04\x02\x04\x00", 5)),
            "list<item: int64>: list<item: int64>[1, 2]");
  const auto map = Column(R"({"type":"map","values":"long"})", 1, std::string("\x02\x02k\x0E\x00", 5));
  ASSERT_TRUE(map.ok()) << map.status();
  EXPECT_THAT(*map, testing::StartsWith("list<item: struct<key: string, value: int64>>: "));
}

TEST_F(AvroDatasetTest, ResolvesNamesAndNamespaces) {
  const std::string type =
      R"({"type":"record","name":"a.b.Point","fields":[{"name":"u","type":{"type":"fixed","name":"F","size":1}},)"
      R"({"name":"v","type":"F"},{"name":"w","type":"a.b.F"}]})";
  const auto column = Column(type, 1, "xyz");
  ASSERT_TRUE(column.ok()) << column.status();
  EXPECT_THAT(*column, testing::HasSubstr("struct<u: binary, v: binary, w: binary>"));
}

TEST_F(AvroDatasetTest, RefusesSchemasThatNoColumnCanHold) {
  const auto refuse = [&](const std::string& type) { return Column(type, 0, "").status(); };
  EXPECT_THAT(refuse(R"(["string","long"])"),
              FailsWith(StatusCode::kInvalidArgument, "column 'x' is a union of string and long"));
  EXPECT_THAT(refuse(R"({"type":"record","name":"t","fields":[{"name":"t","type":["null","t"]}]})"),
              FailsWith(StatusCode::kInvalidArgument, "the record 't' holds itself"));
  EXPECT_THAT(refuse(R"("lng")"), FailsWith(StatusCode::kInvalidArgument, "did you mean 'long'"));
  EXPECT_THAT(refuse(R"({"type":"array","items":"null"})"),
              FailsWith(StatusCode::kInvalidArgument, "take no bytes"));
  EXPECT_THAT(refuse("[]"), FailsWith(StatusCode::kInvalidArgument, "a union has no branches"));
  EXPECT_THAT(ReadFiles({Write(Head(R"("long")", ""))}).status(),
              FailsWith(StatusCode::kInvalidArgument, "holds values of type long; examples are records"));
  EXPECT_THAT(ReadFiles({Write(Head("{", ""))}).status(), FailsWith(StatusCode::kInvalidArgument, "no JSON"));
  EXPECT_THAT(ReadFiles({Write(Head(kSchema, "xz"))}).status(),
              FailsWith(StatusCode::kInvalidArgument, "packed by 'xz'"));
  std::string deep = R"("long")";
  for (int i = 0; i < 100; ++i) deep = R"({"type":"array","items":)" + deep + "}";
  EXPECT_THAT(refuse(deep), FailsWith(StatusCode::kInvalidArgument, "deeper than 32 levels"));
}

TEST_F(AvroDatasetTest, NamesWhereBytesAreDamaged) {
  const std::string head = Head(kSchema, ""), block = BlockOf(2, TwoRecords());
  std::string wrong_mark = head + block + block;
  wrong_mark[head.size() + block.size() - 1] = '!';
  EXPECT_THAT(ReadFiles({Write(wrong_mark)}).status(), FailsWith(StatusCode::kDataLoss, "sync marker"));
  for (size_t cut = 4; cut < head.size() + block.size(); ++cut) {
    if (cut == head.size()) continue;  // A file without blocks is whole.
    EXPECT_EQ(ReadFiles({Write((head + block).substr(0, cut))}).status().code(), StatusCode::kDataLoss)
        << cut;
  }
  EXPECT_THAT(ReadFiles({Write(head + BlockOf(3, TwoRecords()))}).status(),
              FailsWith(StatusCode::kDataLoss, "row 3: column 'a': the bytes are no value of type long"));
  EXPECT_THAT(ReadFiles({Write(head + BlockOf(1, TwoRecords()))}).status(),
              FailsWith(StatusCode::kDataLoss, "after row 1 the block has 2 bytes more"));
  EXPECT_THAT(ReadFiles({Write(head + BlockOf(int64_t{1} << 60, TwoRecords()))}).status(),
              FailsWith(StatusCode::kDataLoss, "says it holds"));
  EXPECT_THAT(ReadFiles({Write(Head(kSchema, "snappy") + BlockOf(2, Snappy(TwoRecords()) + "x"))}).status(),
              FailsWith(StatusCode::kDataLoss, "does not unpack"));
  EXPECT_THAT(Column(R"("string")", 1, "\x02\xFF").status(),
              FailsWith(StatusCode::kInvalidArgument, "row 1: column 'x': a text value is not valid UTF-8"));
  EXPECT_THAT(Column(R"(["null","long"])", 1, "\x04").status(),
              FailsWith(StatusCode::kDataLoss, "no value of type union of null and long"));
}

TEST_F(AvroDatasetTest, TakesColumnsAndFilesInAnyOrderOfFields) {
  const std::string other =
      R"({"type":"record","name":"q","fields":[{"name":"s","type":["null","string"]},{"name":"a","type":"int"}]})";
  const std::string first = folder_.Write("1.avro", Head(kSchema, "") + BlockOf(2, TwoRecords()));
  const std::string second =
      folder_.Write("2.avro", Head(other, "") + BlockOf(1, std::string("\x02\x02y\x06", 4)));
  const auto table = ReadFiles({first, second});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Show(**table, "a"), "int64: 1, 2, 3");
  EXPECT_EQ(Show(**table, "s"), "string: x, null, y");
  DatasetOptions options;
  options.columns = {"s"};
  EXPECT_EQ(Show(**ReadFiles({first}, options), "s"), "string: x, null");
  EXPECT_EQ((*Open({first}, options))->schema()->num_fields(), 1);
}

TEST_F(AvroDatasetTest, ReadsWhatItWritesInBatchesOfAnySize) {
  const auto dataset = Open({tests::TfxTestData("external/csv/data.csv")});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const std::string path = folder_.At("copy.avro");
  const auto writer = OpenExampleWriter(path, (*dataset)->schema(), PayloadFormat::kAvro);
  ASSERT_TRUE(writer.ok()) << writer.status();
  const auto reader = ReadSequentially(**dataset);
  for (auto batch = reader->Next(); batch.ok() && *batch; batch = reader->Next())
    ASSERT_TRUE((*writer)->Write(**batch).ok());
  ASSERT_TRUE((*writer)->Close().ok());
  const auto wanted = ReadAll(**dataset);
  for (const int64_t rows : {int64_t{1}, int64_t{777}, int64_t{65'536}}) {
    DatasetOptions options;
    options.max_batch_rows = rows;
    const auto table = ReadFiles({path}, options);
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_TRUE((*table)->Equals(**wanted)) << rows;
  }
}

TEST_F(AvroDatasetTest, SaysWhichColumnsCannotBeWritten) {
  const auto open = [&](const std::string& name) {
    return OpenExampleWriter(folder_.At("x.avro"), arrow::schema({arrow::field(name, arrow::int64())}),
                             PayloadFormat::kAvro)
        .status();
  };
  EXPECT_THAT(open("trip id"), FailsWith(StatusCode::kInvalidArgument, "no field named 'trip id'"));
  EXPECT_THAT(open("1st"), FailsWith(StatusCode::kInvalidArgument, "rename the column"));
  EXPECT_TRUE(open("_a1").ok());
}

}  // namespace
}  // namespace penstock::data::avro
