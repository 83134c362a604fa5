#include "penstock/combine/state_codec.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::combine {
namespace {

using std::string_view_literals::operator""sv;

TEST(StateCodecTest, ReadsBackWhatWasWritten) {
  StateWriter writer;
  writer.Version(3).Bool(true).Varint(0).Varint(127).Varint(128).Varint(std::numeric_limits<uint64_t>::max());
  writer.Signed(-1).Signed(std::numeric_limits<int64_t>::min()).Signed(std::numeric_limits<int64_t>::max());
  writer.Double(-0.0).Text("a\0b"sv).Text("");
  const Bytes bytes = std::move(writer).Take();
  StateReader reader(bytes, "test");
  reader.Version(3);
  EXPECT_TRUE(reader.Bool());
  EXPECT_EQ(reader.Varint(), 0u);
  EXPECT_EQ(reader.Varint(), 127u);
  EXPECT_EQ(reader.Varint(), 128u);
  EXPECT_EQ(reader.Varint(), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(reader.Signed(), -1);
  EXPECT_EQ(reader.Signed(), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(reader.Signed(), std::numeric_limits<int64_t>::max());
  EXPECT_TRUE(std::signbit(reader.Double()));
  EXPECT_EQ(reader.Text(), "a\0b"sv);
  EXPECT_EQ(reader.Text(), "");
  EXPECT_EQ(reader.Finish(), OkStatus());
}

TEST(StateCodecTest, WritesLittleEndianWords) {
  EXPECT_EQ(StateWriter().Fixed64(0x0102030405060708u).bytes(), "\x08\x07\x06\x05\x04\x03\x02\x01");
}

TEST(StateCodecTest, NamesStateAndByteOfDamage) {
  StateReader reader("\x01", "moments");
  reader.Version(1);
  reader.Fixed64();
  EXPECT_EQ(reader.status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(reader.status().message(),
            "The encoded state of moments is damaged: it ends too early (at byte 1 of 1)");
}

TEST(StateCodecTest, RefusesAnotherVersion) {
  StateReader reader("\x02", "moments");
  reader.Version(1);
  EXPECT_THAT(std::string(reader.status().message()),
              testing::HasSubstr("version 2, this release reads version 1"));
}

TEST(StateCodecTest, RefusesLengthBeyondTheEnd) {
  StateReader reader("\xff\xff\xff\xff\x0f rest"sv, "test");
  EXPECT_EQ(reader.Count(1), 0u);
  EXPECT_FALSE(reader.ok());
}

TEST(StateCodecTest, RefusesVarintThatIsTooLongOrNotShortest) {
  for (std::string_view bytes : {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"sv, "\x80\x00"sv,
                                 "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"sv}) {
    StateReader reader(bytes, "test");
    reader.Varint();
    EXPECT_FALSE(reader.ok());
  }
}

TEST(StateCodecTest, RefusesBytesLeftOver) {
  StateReader reader("\x01\x02", "test");
  reader.Byte();
  EXPECT_EQ(reader.Finish().code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace penstock::combine
