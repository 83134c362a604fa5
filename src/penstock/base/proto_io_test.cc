#include "penstock/base/proto_io.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/type.pb.h>
#include <google/protobuf/util/message_differencer.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/base/filesystem.h"
#include "penstock/base/ids.h"

namespace penstock {
namespace {

using google::protobuf::Struct;
using google::protobuf::Type;
using ::testing::HasSubstr;

std::string NewFile(const std::string& name) {
  return fs::Join(fs::Join(::testing::TempDir(), NewUuid()), name);
}

Type SomeType() {
  Type type;
  type.set_name("prix €");
  type.add_oneofs("a\nb");
  return type;
}

TEST(ProtoIoTest, ReadsBackWhatItWroteByTheEndingOfTheName) {
  for (const char* name : {"m.pb", "m.pbtxt", "m.textproto", "m.txt", "m.json", "m"}) {
    const std::string path = NewFile(name);
    ASSERT_TRUE(WriteProto(path, SomeType()).ok()) << name;
    Type read;
    ASSERT_TRUE(ReadProto(path, read).ok()) << name;
    EXPECT_TRUE(google::protobuf::util::MessageDifferencer::Equals(read, SomeType())) << name;
  }
}

TEST(ProtoIoTest, WritesTextThatPeopleCanRead) {
  const std::string path = NewFile("m.pbtxt");
  ASSERT_TRUE(WriteProto(path, SomeType()).ok());
  EXPECT_THAT(*fs::ReadFile(path), HasSubstr("name: \"prix €\""));
}

TEST(ProtoIoTest, NamesFileLineAndColumnOfATextError) {
  const std::string path = NewFile("m.pbtxt");
  ASSERT_TRUE(fs::WriteFileAtomically(path, "name: 'x'\n  nmae: 'y'\n").ok());
  Type type;
  const Status status = ReadProto(path, type);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()),
              HasSubstr(path + " is not a google.protobuf.Type in text format"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("line 2, column 7"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("nmae"));
}

TEST(ProtoIoTest, ReportsTheFirstOfSeveralErrors) {
  Type type;
  EXPECT_THAT(std::string(ParseTextProto("first: 1\nsecond: 2", "text", type).message()),
              HasSubstr("line 1"));
}

TEST(ProtoIoTest, RefusesDeepNestingInsteadOfOverflowingTheStack) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "fields { key: 'a' value { struct_value { ";
  Struct message;
  EXPECT_EQ(ParseTextProto(text, "text", message).code(), StatusCode::kInvalidArgument);
}

TEST(ProtoIoTest, SaysThatBytesDoNotParse) {
  const std::string path = NewFile("m.pb");
  ASSERT_TRUE(fs::WriteFileAtomically(path, "\x0a\xff").ok());
  Type type;
  const Status status = ReadProto(path, type);
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("its 2 bytes do not parse"));
}

TEST(ProtoIoTest, SaysThatJsonDoesNotParse) {
  const std::string path = NewFile("m.json");
  ASSERT_TRUE(fs::WriteFileAtomically(path, "{\"name\": ").ok());
  Type type;
  EXPECT_EQ(ReadProto(path, type).code(), StatusCode::kInvalidArgument);
}

TEST(ProtoIoTest, SaysThatAFileIsNotThere) {
  Type type;
  EXPECT_EQ(ReadProto(NewFile("m.pb"), type).code(), StatusCode::kNotFound);
}

TEST(ProtoIoTest, SerializesEqualMapsEquallyWhateverTheOrderOfTheirMaking) {
  Struct forwards;
  Struct backwards;
  for (int i = 0; i < 100; ++i) {
    (*forwards.mutable_fields())[std::to_string(i)].set_number_value(i);
    (*backwards.mutable_fields())[std::to_string(99 - i)].set_number_value(99 - i);
  }
  EXPECT_EQ(SerializeDeterministically(forwards), SerializeDeterministically(backwards));
  EXPECT_EQ(PrintTextProto(forwards), PrintTextProto(backwards));
}

}  // namespace
}  // namespace penstock
