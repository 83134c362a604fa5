#include "penstock/server/list_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "penstock/server/base64.h"
#include "penstock/server/json_message.h"
#include "penstock/server/router.h"

namespace penstock::server {
namespace {

using metadata::Predicate;
using testing::HasSubstr;

TEST(ParseFilterTest, ReadsOperationsByNameAndNumberAndFieldsInEitherCase) {
  const auto filter = ParseFilter(
      R"({"predicates":[{"operation":1,"key":"name","stringValue":"x"},
                        {"operation":"IN","key":"n","int_values":{"values":[1,"2"]}},
                        {"operation":9,"key":"name","string_value":"y"},
                        {"operation":"LESS_THAN_EQUALS","key":"created_at","timestamp_value":"1970-01-01T00:01:00Z"},
                        {"operation":5,"key":"n","longValue":"9007199254740993"}]})");
  ASSERT_TRUE(filter.ok()) << filter.status();
  ASSERT_EQ(filter->size(), 5u);
  EXPECT_EQ((*filter)[0].operation, Predicate::Operation::kEquals);
  EXPECT_EQ(std::get<std::string>((*filter)[0].value), "x");
  EXPECT_EQ(std::get<std::vector<int64_t>>((*filter)[1].value), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ((*filter)[2].operation, Predicate::Operation::kIsSubstring);
  EXPECT_EQ(std::get<int64_t>((*filter)[3].value), 60);
  EXPECT_EQ((*filter)[4].operation, Predicate::Operation::kGreaterThanEquals);
  EXPECT_EQ(std::get<int64_t>((*filter)[4].value), 9007199254740993);
}

TEST(ParseFilterTest, ReadsAFilterThatWasEncodedTwice) {
  const auto filter = ParseFilter(
      "%7B%22predicates%22%3A%5B%7B%22operation%22%3A1%2C%22key%22%3A%22a%22%2C%22string_value%22%3A%22b%22%"
      "7D%5D%7D");
  ASSERT_TRUE(filter.ok()) << filter.status();
  EXPECT_EQ((*filter)[0].field, "a");
}

TEST(ParseFilterTest, RefusesWhatIsNoFilter) {
  for (const char* text : {"x", "[]", "{\"predicate\":[]}", "{\"predicates\":{}}", "{\"predicates\":[{}]}",
                           R"({"predicates":[{"operation":4,"key":"a","string_value":"b"}]})",
                           R"({"predicates":[{"operation":"LIKE","key":"a","string_value":"b"}]})",
                           R"({"predicates":[{"operation":1,"string_value":"b"}]})",
                           R"({"predicates":[{"operation":1,"key":"a"}]})",
                           R"({"predicates":[{"operation":1,"key":"a","string_value":"b","int_value":1}]})",
                           R"({"predicates":[{"operation":8,"key":"a","string_value":"b"}]})",
                           R"({"predicates":[{"operation":1,"key":"a","string_values":{"values":["b"]}}]})",
                           R"({"predicates":[{"operation":9,"key":"a","int_value":1}]})",
                           R"({"predicates":[{"operation":1,"key":"a","int_value":3000000000}]})",
                           R"({"predicates":[{"operation":1,"key":"a","timestamp_value":"yesterday"}]})"}) {
    EXPECT_EQ(ParseFilter(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST(JsonMessageTest, RefusesUnknownFieldsAndDeepNesting) {
  const auto read = ReadMessage({{"displayName", "x"}, {"gone", nullptr}}, "run", {"display_name", "gone"});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, nlohmann::json({{"display_name", "x"}}));
  EXPECT_THAT(std::string(ReadMessage({{"displayname", 1}}, "run", {"display_name"}).status().message()),
              HasSubstr("unknown field \"displayname\" of run; did you mean 'display_name'"));
  EXPECT_EQ(ParseBody(std::string(101, '[') + std::string(101, ']')).status().code(),
            StatusCode::kInvalidArgument);
  EXPECT_TRUE(ParseBody(std::string(100, '[') + std::string(100, ']')).ok());
}

TEST(Base64Test, ReadsWhatItWrote) {
  for (const std::string text : {"", "a", "ab", "abc", "abcd", "\xFF\xFE\x01"}) {
    EXPECT_EQ(*DecodeBase64(EncodeBase64(text)), text);
  }
  EXPECT_EQ(EncodeBase64("ab"), "YWI=");
  EXPECT_FALSE(DecodeBase64("a b").ok());
}

TEST(PercentDecodeTest, DecodesAndRefusesBrokenEscapes) {
  EXPECT_EQ(*PercentDecode("a%20b%2F+", false), "a b/+");
  EXPECT_EQ(*PercentDecode("a+b", true), "a b");
  for (const char* text : {"%", "%2", "%zz", "a%00b"}) EXPECT_FALSE(PercentDecode(text, false).ok()) << text;
  const auto query = ParseQuery("a=1&b=%26&&c");
  ASSERT_TRUE(query.ok());
  EXPECT_EQ(*query, (std::map<std::string, std::string>{{"a", "1"}, {"b", "&"}, {"c", ""}}));
}

TEST(RouterTest, PrefersVerbsAndWordsOverParameters) {
  Router router;
  router.Add({.operation = "get", .method = "GET", .pattern = "/runs/{id}"});
  router.Add({.operation = "archive", .method = "POST", .pattern = "/runs/{id}:archive"});
  router.Add({.operation = "post", .method = "POST", .pattern = "/runs/{id}"});
  router.Add({.operation = "upload", .method = "POST", .pattern = "/runs/upload"});
  EXPECT_EQ(router.Find("POST", "/runs/1:archive")->route->operation, "archive");
  EXPECT_EQ(router.Find("POST", "/runs/1:archive")->path.at("id"), "1");
  EXPECT_EQ(router.Find("POST", "/runs/upload")->route->operation, "upload");
  EXPECT_EQ(router.Find("GET", "/runs/a%2Fb")->path.at("id"), "a/b");
  EXPECT_TRUE(router.Find("DELETE", "/runs/1")->is_path_known);
  EXPECT_EQ(router.Find("GET", "/runs/")->route, nullptr);
  EXPECT_EQ(router.Find("GET", "*")->route, nullptr);
}

}  // namespace
}  // namespace penstock::server
