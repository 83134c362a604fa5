#include "penstock/model/foreign/column_tensor.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include "penstock/model/foreign/saved_model_reader.h"

namespace penstock::model::foreign {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<arrow::Array> Numbers(const std::vector<std::optional<double>>& values) {
  arrow::DoubleBuilder builder;
  for (const auto& value : values) EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  return builder.Finish().ValueOrDie();
}

SignatureTensor Wanted(int32_t type, std::vector<int64_t> dims) {
  return {"x", "x:0", type, std::move(dims), true};
}

TEST(ColumnTensorTest, NumbersBecomeAColumnOfFloatsWithNanForMissing) {
  const auto tensor = ColumnTensor(*Numbers({1.5, std::nullopt}), Wanted(kFloat32, {-1, 1}));
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_THAT(tensor->dims, ElementsAre(2, 1));
  const auto numbers = NumbersOf(*tensor);
  ASSERT_TRUE(numbers.ok()) << numbers.status();
  EXPECT_EQ((*numbers)[0], 1.5);
  EXPECT_TRUE(std::isnan((*numbers)[1]));
}

TEST(ColumnTensorTest, MissingIntegerNamesItsRow) {
  const Status status = ColumnTensor(*Numbers({1, std::nullopt}), Wanted(kInt64, {-1})).status();
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("row 2"));
}

TEST(ColumnTensorTest, TextForANumberIsRefusedWithBothTypes) {
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.Append("a").ok());
  const auto texts = builder.Finish().ValueOrDie();
  EXPECT_THAT(std::string(ColumnTensor(*texts, Wanted(kFloat32, {-1})).status().message()),
              HasSubstr("string"));
  const auto tensor = ColumnTensor(*texts, Wanted(kString, {-1}));
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_THAT(tensor->texts, ElementsAre("a"));
}

TEST(ColumnTensorTest, OtherShapeIsRefusedWithBothShapes) {
  const Status status = ColumnTensor(*Numbers({1, 2}), Wanted(kFloat32, {-1, 3})).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("wants the shape [-1, 3], the column gives [2, 1]"));
}

TEST(TensorMessageTest, ComesBackAsItWas) {
  const TensorMessage message{"", {{"x:0", kInt32, {2}, std::string("\1\0\0\0\2\0\0\0", 8), {"t"}}}, {"y:0"}};
  TensorMessage read;
  ASSERT_TRUE(DecodeMessage(EncodeMessage(message), read));
  EXPECT_THAT(*NumbersOf(read.tensors[0]), ElementsAre(1, 2));
  EXPECT_THAT(read.wanted, ElementsAre("y:0"));
  EXPECT_THAT(read.tensors[0].texts, ElementsAre("t"));
}

TEST(TensorMessageTest, CutOffOneIsSeen) {
  const std::string bytes = EncodeMessage({"", {{"x:0", kFloat32, {1}, "1234", {}}}, {"y:0"}});
  for (size_t size = 0; size < bytes.size(); ++size) {
    TensorMessage read;
    EXPECT_FALSE(DecodeMessage(std::string_view(bytes).substr(0, size), read)) << size;
  }
}

TEST(SavedModelReaderTest, GarbageIsDataLoss) {
  EXPECT_EQ(ReadSignatures("\xff\xff\xff garbage", "m.pb").status().code(), StatusCode::kDataLoss);
  EXPECT_EQ(ReadSignatures("", "m.pb").status().code(), StatusCode::kInvalidArgument);
}

TEST(SavedModelReaderTest, SignatureIsChosenByNameOrBecauseThereIsNoOther) {
  const std::vector<SavedModelSignature> two = {{"classify", "", {}, {}}, {"serving_default", "", {}, {}}};
  EXPECT_EQ(ChooseSignature(two, "", "m")->name, "serving_default");
  EXPECT_EQ(ChooseSignature({{"call", "", {}, {}}}, "", "m")->name, "call");
  EXPECT_THAT(std::string(ChooseSignature(two, "clasify", "m").status().message()),
              HasSubstr("did you mean 'classify'?"));
}

}  // namespace
}  // namespace penstock::model::foreign
