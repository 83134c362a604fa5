#include "penstock/model/feature_matrix.h"

#include <cmath>
#include <limits>

#include <arrow/array.h>
#include <arrow/builder.h>
#include <arrow/record_batch.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace penstock::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsNan;
using transform::FeatureKind;
using transform::FeatureSchema;

template <class Builder, class Value>
std::shared_ptr<arrow::Array> Column(const std::vector<std::optional<Value>>& values) {
  Builder builder;
  for (const std::optional<Value>& value : values) {
    const arrow::Status status = value ? builder.Append(*value) : builder.AppendNull();
    EXPECT_TRUE(status.ok());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Vectors(const std::vector<std::vector<float>>& rows) {
  auto values = std::make_shared<arrow::FloatBuilder>();
  arrow::ListBuilder builder(arrow::default_memory_pool(), values);
  for (const std::vector<float>& row : rows) {
    EXPECT_TRUE(builder.Append().ok());
    EXPECT_TRUE(values->AppendValues(row).ok());
  }
  return builder.Finish().ValueOrDie();
}

data::Batch MakeBatch(const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays[0]->length(), arrays);
}

FeatureSchema Number(const std::string& name) { return {.name = name}; }
FeatureSchema Vector(const std::string& name, int64_t width) {
  return {.name = name, .kind = FeatureKind::kVector, .type = transform::ValueType::kVector, .width = width};
}

TEST(FeatureMatrixTest, LaysFeaturesSideBySideByName) {
  const FeatureMatrix matrix = *FeatureMatrix::ForFeatures({Number("b"), Vector("v", 2), Number("a")});
  const data::Batch batch = MakeBatch({{"a", Column<arrow::Int64Builder, int64_t>({1, 2})},
                                       {"b", Column<arrow::DoubleBuilder, double>({0.5, 0.25})},
                                       {"other", Column<arrow::StringBuilder, std::string>({"x", "y"})},
                                       {"v", Vectors({{7, 8}, {9, 10}})}});
  std::vector<float> rows(8);
  ASSERT_TRUE(matrix.Fill(batch, rows).ok());
  EXPECT_THAT(rows, ElementsAre(0.5f, 7, 8, 1, 0.25f, 9, 10, 2));
}

TEST(FeatureMatrixTest, WritesMissingAndNaNAsNaN) {
  const FeatureMatrix matrix = *FeatureMatrix::ForFeatures({Number("a"), Number("b"), Number("c")});
  const data::Batch batch = MakeBatch({{"a", Column<arrow::DoubleBuilder, double>({std::nullopt})},
                                       {"b", Column<arrow::DoubleBuilder, double>({std::nan("")})},
                                       {"c", std::make_shared<arrow::NullArray>(1)}});
  std::vector<float> rows(3);
  ASSERT_TRUE(matrix.Fill(batch, rows).ok());
  EXPECT_THAT(rows, ElementsAre(IsNan(), IsNan(), IsNan()));
}

TEST(FeatureMatrixTest, ClampsWhatFloatCannotHold) {
  const FeatureMatrix matrix = *FeatureMatrix::ForFeatures({Number("a")});
  const double infinity = std::numeric_limits<double>::infinity();
  const data::Batch batch = MakeBatch({{"a", Column<arrow::DoubleBuilder, double>({1e300, -infinity})}});
  std::vector<float> rows(2);
  ASSERT_TRUE(matrix.Fill(batch, rows).ok());
  const float largest = std::numeric_limits<float>::max();
  EXPECT_THAT(rows, ElementsAre(largest, -largest));
}

TEST(FeatureMatrixTest, ReadsSlices) {
  const FeatureMatrix matrix = *FeatureMatrix::ForFeatures({Number("a"), Vector("v", 1)});
  const data::Batch batch = MakeBatch({{"a", Column<arrow::BooleanBuilder, bool>({true, std::nullopt, true})},
                                       {"v", Vectors({{4}, {5}, {6}})}});
  std::vector<float> rows(4);
  ASSERT_TRUE(matrix.Fill(batch->Slice(1, 2), rows).ok());
  EXPECT_THAT(rows, ElementsAre(IsNan(), 5, 1, 6));
}

TEST(FeatureMatrixTest, NamesMissingFeatureAndTheNearest) {
  const FeatureMatrix matrix = *FeatureMatrix::ForFeatures({Number("trip_miles")});
  std::vector<float> rows(1);
  const Status status =
      matrix.Fill(MakeBatch({{"trip_mile", Column<arrow::DoubleBuilder, double>({1})}}), rows);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("'trip_miles'; did you mean 'trip_mile'?"));
}

TEST(FeatureMatrixTest, RefusesTextAndVectorsOfAnotherWidth) {
  std::vector<float> rows(2);
  const FeatureMatrix number = *FeatureMatrix::ForFeatures({Number("a")});
  EXPECT_THAT(std::string(number
                              .Fill(MakeBatch({{"a", Column<arrow::StringBuilder, std::string>({"x"})}}),
                                    std::span<float>(rows).first(1))
                              .message()),
              HasSubstr("Feature 'a' is string, but a number was expected"));
  const FeatureMatrix vector = *FeatureMatrix::ForFeatures({Vector("v", 2)});
  EXPECT_THAT(std::string(vector.Fill(MakeBatch({{"v", Vectors({{1, 2, 3}})}}), rows).message()),
              HasSubstr("not a vector of 2 numbers in row 1"));
}

}  // namespace
}  // namespace penstock::model
