#include "penstock/data/tfrecord/tfrecord_dataset.h"

#include <zlib.h>

#include <arrow/builder.h>

#include "penstock/base/proto_io.h"
#include "penstock/data/datasets_testing.h"
#include "penstock/data/tfrecord/crc32c.h"
#include "penstock/data/tfrecord/example_records_testing.h"
#include "tensorflow_metadata/proto/v0/schema.pb.h"

namespace penstock::data {
namespace {

std::string Gzip(const std::string& text) {
  std::string packed(text.size() + 1000, '\0');
  z_stream zlib{};
  EXPECT_EQ(deflateInit2(&zlib, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  zlib.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  zlib.avail_in = static_cast<uInt>(text.size());
  zlib.next_out = reinterpret_cast<Bytef*>(packed.data());
  zlib.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&zlib, Z_FINISH), Z_STREAM_END);
  packed.resize(zlib.total_out);
  deflateEnd(&zlib);
  return packed;
}

class TfRecordDatasetTest : public testing::Test {
 protected:
  Status ReadStatus(std::string_view content, std::string_view name = "data.tfrecord") {
    return ReadFiles({folder_.Write(name, content)}).status();
  }
  std::string ShowColumn(const std::vector<std::string>& examples, const std::string& column) {
    const auto table = ReadFiles({folder_.Write("data.tfrecord", Records(examples))});
    return table.ok() ? Show(**table, column) : table.status().ToString();
  }

  TestFolder folder_;
};

TEST(Crc32cTest, AgreesWithTheStandardsExamples) {
  // RFC 3720, B.4.
  EXPECT_EQ(tfrecord::Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(tfrecord::Crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(tfrecord::Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(tfrecord::Crc32cByTables("123456789"), 0xE3069283u);
  std::string text;
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(tfrecord::Crc32c(text), tfrecord::Crc32cByTables(text));
    text.push_back(static_cast<char>(i * 37));
  }
}

TEST_F(TfRecordDatasetTest, InfersKindsAndShapes) {
  const std::vector<std::string> examples = {
      Example({{"i", IntegerFeature("\x05")},
               {"f", FloatFeature({1.5})},
               {"t", BytesFeature({"x"})},
               {"l", IntegerFeature("\x01\x02")}}),
      Example({{"t", BytesFeature({"é"})},
               {"i", ""},
               {"l", Field(3, "")},
               {"b", BytesFeature({"\xFF"})},
               {"u", ""}}),
      Example({{"i", IntegerFeature("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01")}}),
  };
  EXPECT_EQ(ShowColumn(examples, "i"), "int64: 5, null, -1");
  EXPECT_EQ(ShowColumn(examples, "f"), "float: 1.5, null, null");
  EXPECT_EQ(ShowColumn(examples, "t"), "string: x, é, null");
  EXPECT_THAT(ShowColumn(examples, "b"), testing::StartsWith("binary: null, "));
  EXPECT_EQ(ShowColumn(examples, "u"), "string: null, null, null");
  EXPECT_THAT(ShowColumn(examples, "l"), testing::StartsWith("list<item: int64>: "));
  const auto table = ReadFiles({folder_.At("data.tfrecord")});
  ASSERT_TRUE(table.ok());
  EXPECT_EQ((*table)->schema()->field_names(), (std::vector<std::string>{"b", "f", "i", "l", "t", "u"}));
  const auto& lists = static_cast<const arrow::ListArray&>(*(*table)->GetColumnByName("l")->chunk(0));
  EXPECT_EQ(lists.value_length(0), 2);
  EXPECT_TRUE(lists.IsValid(1));
  EXPECT_EQ(lists.value_length(1), 0);
  EXPECT_TRUE(lists.IsNull(2));
}

TEST_F(TfRecordDatasetTest, ReadsNumbersThatAreNotPacked) {
  const std::string unpacked = Field(3, std::string("\x08\x07\x08\x08", 4));
  const auto table = ReadFiles({folder_.Write("data.tfrecord", Records({Example({{"a", unpacked}})}))});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(static_cast<const arrow::ListArray&>(*(*table)->GetColumnByName("a")->chunk(0)).value_length(0),
            2);
}

TEST_F(TfRecordDatasetTest, ReadsGzipOfSeveralMembers) {
  const std::string packed = Gzip(Records({Example({{"a", IntegerFeature("\x01")}})})) +
                             Gzip(Records({Example({{"a", IntegerFeature("\x02")}})}));
  const auto table = ReadFiles({folder_.Write("data_tfrecord-00000-of-00001.gz", packed)});
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Show(**table, "a"), "int64: 1, 2");
}

TEST_F(TfRecordDatasetTest, KnowsTheFormatByItsFirstBytes) {
  const std::string records = Records({Example({{"a", IntegerFeature("\x01")}})});
  EXPECT_TRUE(ReadFiles({folder_.Write("plain", records)}).ok());
  EXPECT_TRUE(ReadFiles({folder_.Write("packed", Gzip(records))}).ok());
  // Gzip that holds no records is packed text.
  const auto text = ReadFiles({folder_.Write("text.gz", Gzip("a,b\n1,2\n"))});
  ASSERT_TRUE(text.ok()) << text.status();
  EXPECT_EQ(Show(**text, "b"), "int64: 2");
}

TEST_F(TfRecordDatasetTest, EveryFlippedBitIsFound) {
  const std::string whole =
      Records({Example({{"a", IntegerFeature("\x01")}}), Example({{"a", IntegerFeature("\x02")}})});
  for (size_t byte = 0; byte < whole.size(); ++byte) {
    std::string damaged = whole;
    damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << (byte % 8)));
    const Status status = ReadStatus(damaged);
    EXPECT_EQ(status.code(), StatusCode::kDataLoss) << byte << ": " << status;
  }
}

TEST_F(TfRecordDatasetTest, NamesRecordAndByteOfDamage) {
  const std::string one = Records({Example({{"a", IntegerFeature("\x01")}})});
  std::string damaged = one + one;
  damaged[one.size() + 14] ^= 1;
  EXPECT_THAT(
      ReadStatus(damaged),
      FailsWith(StatusCode::kDataLoss,
                fmt::format("data.tfrecord, record 2 at byte {}: the checksum of the record's data is wrong",
                            one.size())));
  EXPECT_THAT(ReadStatus(one + one.substr(0, 5)),
              FailsWith(StatusCode::kDataLoss,
                        fmt::format("record 2 at byte {}: the file is cut short within the record's header",
                                    one.size())));
  EXPECT_THAT(ReadStatus(one + one.substr(0, 15)),
              FailsWith(StatusCode::kDataLoss,
                        fmt::format("record 2 at byte {}: the file is cut short within the record's data",
                                    one.size())));
  EXPECT_THAT(ReadStatus("this is no TFRecord at all"),
              FailsWith(StatusCode::kDataLoss, "record 1 at byte 0"));
}

TEST_F(TfRecordDatasetTest, NamesDamagedGzip) {
  std::vector<std::string> examples(1000, Example({{"a", BytesFeature({"some text"})}}));
  for (size_t i = 0; i < examples.size(); ++i)
    examples[i] = Example({{"a", BytesFeature({std::to_string(i * 7919)})}});
  const std::string packed = Gzip(Records(examples));
  EXPECT_THAT(ReadStatus(packed.substr(0, packed.size() / 2), "x_tfrecord.gz"),
              FailsWith(StatusCode::kDataLoss, "The gzip file is cut short: "));
  std::string damaged = packed;
  for (size_t i = packed.size() / 2; i < packed.size() / 2 + 20; ++i) damaged[i] = '\x55';
  EXPECT_EQ(ReadStatus(damaged, "x_tfrecord.gz").code(), StatusCode::kDataLoss);
}

TEST_F(TfRecordDatasetTest, RefusesAFeatureOfTwoKinds) {
  EXPECT_THAT(
      ReadStatus(Records({Example({{"a", IntegerFeature("\x01")}}), Example({{"a", FloatFeature({1})}})})),
      FailsWith(StatusCode::kInvalidArgument,
                "data.tfrecord, record 2: feature 'a' is a FloatList, but it is a Int64List in "));
}

TEST_F(TfRecordDatasetTest, RefusesWhatIsNoExample) {
  EXPECT_THAT(ReadStatus(Records({"\x0A\x7F"})),
              FailsWith(StatusCode::kInvalidArgument, "record 1: the record is no tf.Example"));
  EXPECT_THAT(ReadStatus(Records({Field(1, "") + Field(2, "\x0A\x7F")})),
              FailsWith(StatusCode::kInvalidArgument, "record 1: the record is no tf.SequenceExample"));
  EXPECT_THAT(ReadStatus(Records({Example({{"a", Field(3, "\x0A\x02\x80\x80")}})})),
              FailsWith(StatusCode::kInvalidArgument, "malformed"));
  EXPECT_THAT(ReadStatus(""), FailsWith(StatusCode::kInvalidArgument, "There are no examples in "));
}

TEST_F(TfRecordDatasetTest, ExamplesWithoutAFeatureCount) {
  const std::string path = folder_.Write("data.tfrecord", Records({Example({}), "", Example({})}));
  const auto dataset = Open({path});
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  const auto table = ReadAll(**dataset);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->num_columns(), 0);
  EXPECT_EQ((*table)->num_rows(), 3);
}

TEST_F(TfRecordDatasetTest, TheSchemaDecidesTheShape) {
  tensorflow::metadata::v0::Schema schema;
  ASSERT_TRUE(
      ParseTextProto("feature { name: 'a' type: INT value_count { min: 1 } }", "schema", schema).ok());
  DatasetOptions options;
  options.schema = &schema;
  const std::string path =
      folder_.Write("data.tfrecord", Records({Example({{"a", IntegerFeature("\x01")}})}));
  auto dataset = Open({path}, options);
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  EXPECT_EQ((*dataset)->schema()->field(0)->type()->id(), arrow::Type::LIST);
  schema.mutable_feature(0)->set_type(tensorflow::metadata::v0::FLOAT);
  EXPECT_THAT(Open({path}, options).status(),
              FailsWith(StatusCode::kInvalidArgument, "is a Int64List, but the schema declares a FloatList"));
}

TEST_F(TfRecordDatasetTest, CutsPlainFilesIntoTheSameShardsWithAnyNumberOfThreads) {
  std::string text;
  for (int i = 0; i < 120'000; ++i)
    tfrecord::AppendRecord(Example({{"id", BytesFeature({std::to_string(i)})},
                                    {"pad", BytesFeature({std::string(static_cast<size_t>(i % 60), 'x')})}}),
                           text);
  const std::string path = folder_.Write("data.tfrecord", text);
  std::shared_ptr<arrow::Table> first;
  for (const int num_threads : {1, 2, 8}) {
    const auto dataset = Open({path}, {}, num_threads);
    ASSERT_TRUE(dataset.ok()) << dataset.status();
    EXPECT_EQ((*dataset)->num_shards(), (static_cast<int64_t>(text.size()) - 1) / (4 << 20) + 1);
    const auto table = ReadAll(**dataset);
    ASSERT_TRUE(table.ok()) << table.status();
    if (first == nullptr) first = *table;
    EXPECT_EQ((*table)->num_rows(), 120'000);
    EXPECT_TRUE((*table)->Equals(*first));
  }
}

}  // namespace
}  // namespace penstock::data
