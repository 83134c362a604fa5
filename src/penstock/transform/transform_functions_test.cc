#include <cmath>
#include <limits>

#include <gmock/gmock.h>

#include "penstock/transform/transform_testing.h"

namespace penstock::transform {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Equal, with NaN equal to itself, or nearly so.
void ExpectNumbers(const std::shared_ptr<arrow::Array>& array, const Numbers& expected) {
  const Numbers actual = NumbersOf(array);
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    ASSERT_EQ(actual[i].has_value(), expected[i].has_value()) << "row " << i;
    if (!expected[i].has_value()) continue;
    if (std::isnan(*expected[i]))
      EXPECT_TRUE(std::isnan(*actual[i])) << "row " << i;
    else if (std::isinf(*expected[i]))
      EXPECT_EQ(*actual[i], *expected[i]) << "row " << i;
    else
      EXPECT_NEAR(*actual[i], *expected[i], 1e-12 * std::max(1.0, std::fabs(*expected[i]))) << "row " << i;
  }
}

class TransformFunctionsTest : public testing::Test {
 protected:
  const data::Batch batch_ = MakeBatch({
      {"x", ArrayOf(Numbers{1.0, -2.5, kMissing, kNan, kInfinity})},
      {"y", ArrayOf(Numbers{0.0, 2.0, 3.0, 4.0, kMissing})},
      {"i", ArrayOf(Integers{7, -7, 0, kMissing, INT64_MAX})},
      {"j", ArrayOf(Integers{3, 3, 0, 5, -1})},
      {"s", ArrayOf(Texts{"a", "", kMissing, "é", "12"})},
      {"t", ArrayOf(Texts{"b", "", "c", kMissing, "012"})},
      {"p", BooleansOf({true, false, kMissing, true, false})},
      {"q", BooleansOf({kMissing, kMissing, kMissing, false, true})},
  });
};

TEST_F(TransformFunctionsTest, AddsAndMultipliesNumbersAndIntegers) {
  ExpectNumbers(Evaluate("x + y", batch_), {1.0, -0.5, kMissing, kNan, kMissing});
  ExpectNumbers(Evaluate("x - i", batch_), {-6.0, 4.5, kMissing, kMissing, kInfinity});
  EXPECT_EQ(IntegersOf(Evaluate("i * j", batch_)), (Integers{21, -21, 0, kMissing, -INT64_MAX}));
  EXPECT_EQ(IntegersOf(Evaluate("-i", batch_)), (Integers{-7, 7, 0, kMissing, -INT64_MAX}));
}

TEST_F(TransformFunctionsTest, WrapsIntegersAsTensorFlowDoes) {
  EXPECT_EQ(IntegersOf(Evaluate("i + 1", batch_)), (Integers{8, -6, 1, kMissing, INT64_MIN}));
}

TEST_F(TransformFunctionsTest, DividesAsNumbersByIeeeRules) {
  ExpectNumbers(Evaluate("i / j", batch_), {7.0 / 3, -7.0 / 3, kNan, kMissing, -9223372036854775807.0});
  ExpectNumbers(Evaluate("x / y", batch_), {kInfinity, -1.25, kMissing, kNan, kMissing});
}

TEST_F(TransformFunctionsTest, TakesTheModuloWithTheSignOfTheDivisor) {
  EXPECT_EQ(IntegersOf(Evaluate("i % j", batch_)), (Integers{1, 2, kMissing, kMissing, 0}));
  EXPECT_EQ(IntegersOf(Evaluate("i % -3", batch_)), (Integers{-2, -1, 0, kMissing, -2}));
  ExpectNumbers(Evaluate("x % 2.0", batch_), {1.0, 1.5, kMissing, kNan, kNan});
}

TEST_F(TransformFunctionsTest, RoundsToIntegers) {
  EXPECT_EQ(IntegersOf(Evaluate("floor(x)", batch_)), (Integers{1, -3, kMissing, kMissing, kMissing}));
  EXPECT_EQ(IntegersOf(Evaluate("ceil(x)", batch_)), (Integers{1, -2, kMissing, kMissing, kMissing}));
  EXPECT_EQ(IntegersOf(Evaluate("round(x)", batch_)), (Integers{1, -2, kMissing, kMissing, kMissing}));
  EXPECT_EQ(IntegersOf(Evaluate("floor(y * 3600 / 3600) % 24", batch_)), (Integers{0, 2, 3, 4, kMissing}));
}

TEST_F(TransformFunctionsTest, ComputesElementaryFunctions) {
  ExpectNumbers(Evaluate("log(y)", batch_),
                {-kInfinity, std::log(2.0), std::log(3.0), std::log(4.0), kMissing});
  ExpectNumbers(Evaluate("log1p(x)", batch_), {std::log(2.0), kNan, kMissing, kNan, kInfinity});
  ExpectNumbers(Evaluate("sqrt(x)", batch_), {1.0, kNan, kMissing, kNan, kInfinity});
  ExpectNumbers(Evaluate("exp(y)", batch_), {1.0, std::exp(2.0), std::exp(3.0), std::exp(4.0), kMissing});
  ExpectNumbers(Evaluate("abs(x)", batch_), {1.0, 2.5, kMissing, kNan, kInfinity});
  ExpectNumbers(Evaluate("pow(y, 2)", batch_), {0.0, 4.0, 9.0, 16.0, kMissing});
  EXPECT_EQ(IntegersOf(Evaluate("abs(i)", batch_)), (Integers{7, 7, 0, kMissing, INT64_MAX}));
}

TEST_F(TransformFunctionsTest, TakesMinimumAndMaximumOfSeveral) {
  EXPECT_EQ(IntegersOf(Evaluate("min(i, j, 2)", batch_)), (Integers{2, -7, 0, kMissing, -1}));
  ExpectNumbers(Evaluate("max(x, y)", batch_), {1.0, 2.0, kMissing, kNan, kMissing});
  ExpectNumbers(Evaluate("max(y, x)", batch_), {1.0, 2.0, kMissing, kNan, kMissing});
}

TEST_F(TransformFunctionsTest, ComparesNumbersTextAndBooleans) {
  EXPECT_EQ(IntegersOf(Evaluate("x < y", batch_)), (Integers{0, 1, kMissing, 0, kMissing}));
  EXPECT_EQ(IntegersOf(Evaluate("x >= 1", batch_)), (Integers{1, 0, kMissing, 0, 1}));
  EXPECT_EQ(IntegersOf(Evaluate("x != x", batch_)), (Integers{0, 0, kMissing, 1, 0}));
  EXPECT_EQ(IntegersOf(Evaluate("s <= t", batch_)), (Integers{1, 1, kMissing, kMissing, 0}));
  EXPECT_EQ(IntegersOf(Evaluate("s == 'é'", batch_)), (Integers{0, 0, kMissing, 1, 0}));
  EXPECT_EQ(IntegersOf(Evaluate("p == true", batch_)), (Integers{1, 0, kMissing, 1, 0}));
}

TEST_F(TransformFunctionsTest, ConnectsByKleenesLogic) {
  EXPECT_EQ(IntegersOf(Evaluate("p and q", batch_)), (Integers{kMissing, 0, kMissing, 0, 0}));
  EXPECT_EQ(IntegersOf(Evaluate("p or q", batch_)), (Integers{1, kMissing, kMissing, 1, 1}));
  EXPECT_EQ(IntegersOf(Evaluate("not p", batch_)), (Integers{0, 1, kMissing, 0, 1}));
  EXPECT_EQ(IntegersOf(Evaluate("true and false or true", batch_)), (Integers{1, 1, 1, 1, 1}));
}

TEST_F(TransformFunctionsTest, ChoosesByCondition) {
  ExpectNumbers(Evaluate("if(p, x, i)", batch_), {1.0, -7.0, kMissing, kNan, 9223372036854775807.0});
  EXPECT_EQ(IntegersOf(Evaluate("if(p, s, t) == 'a'", batch_)), (Integers{1, 0, kMissing, 0, 0}));
}

TEST_F(TransformFunctionsTest, ImputesAndAsksForMissing) {
  ExpectNumbers(Evaluate("impute(x, 0)", batch_), {1.0, -2.5, 0.0, kNan, kInfinity});
  ExpectNumbers(Evaluate("impute(x, y)", batch_), {1.0, -2.5, 3.0, kNan, kInfinity});
  EXPECT_EQ(IntegersOf(Evaluate("impute(i, -1)", batch_)), (Integers{7, -7, 0, -1, INT64_MAX}));
  EXPECT_EQ(IntegersOf(Evaluate("impute(s, 'none') == 'none'", batch_)), (Integers{0, 0, 1, 0, 0}));
  // NaN and infinity take no part; the mean of 1 and -2.5.
  ExpectNumbers(Evaluate("impute(x, mean)", batch_), {1.0, -2.5, -0.75, kNan, kInfinity});
  ExpectNumbers(Evaluate("impute(y, median)", batch_), {0.0, 2.0, 3.0, 4.0, 2.5});
  EXPECT_EQ(IntegersOf(Evaluate("is_missing(s)", batch_)), (Integers{0, 0, 1, 0, 0}));
  EXPECT_EQ(IntegersOf(Evaluate("is_nan(x)", batch_)), (Integers{0, 0, kMissing, 1, 0}));
}

TEST_F(TransformFunctionsTest, ConvertsBetweenTypes) {
  EXPECT_EQ(IntegersOf(Evaluate("int(x)", batch_)), (Integers{1, -2, kMissing, kMissing, kMissing}));
  EXPECT_EQ(IntegersOf(Evaluate("int(s)", batch_)), (Integers{kMissing, kMissing, kMissing, kMissing, 12}));
  ExpectNumbers(Evaluate("float(t)", batch_), {kMissing, kMissing, kMissing, kMissing, 12.0});
  EXPECT_EQ(IntegersOf(Evaluate("int(p) + 1", batch_)), (Integers{2, 1, kMissing, 2, 1}));
  EXPECT_EQ(IntegersOf(Evaluate("bool(i)", batch_)), (Integers{1, 1, 0, kMissing, 1}));
  EXPECT_EQ(IntegersOf(Evaluate("string(x) == '-2.5'", batch_)), (Integers{0, 1, kMissing, 0, 0}));
  EXPECT_EQ(IntegersOf(Evaluate("string(p) == 'true'", batch_)), (Integers{1, 0, kMissing, 1, 0}));
}

TEST_F(TransformFunctionsTest, CrossesTokensAndHashesThem) {
  EXPECT_EQ(IntegersOf(Evaluate("cross(s, t, j) == 'a_X_b_X_3'", batch_)),
            (Integers{1, 0, kMissing, kMissing, 0}));
  EXPECT_EQ(IntegersOf(Evaluate("cross(s, t) == '_X_'", batch_)), (Integers{0, 1, kMissing, kMissing, 0}));
  // Conformance case 109: "a" -> 939, "" -> 263.
  EXPECT_EQ(IntegersOf(Evaluate("hash_strings(s, hash_buckets=1000)", batch_))[0], 939);
  EXPECT_EQ(IntegersOf(Evaluate("hash_strings(s, hash_buckets=1000)", batch_))[1], 263);
  EXPECT_EQ(IntegersOf(Evaluate("hash_strings(strings=s, hash_buckets=1000)", batch_))[2], kMissing);
  EXPECT_EQ(IntegersOf(Evaluate("hash_strings(j, 1000) == hash_strings(string(j), 1000)", batch_)),
            (Integers{1, 1, 1, 1, 1}));
}

TEST_F(TransformFunctionsTest, MakesOneHotRows) {
  const std::shared_ptr<arrow::Array> array = Evaluate("one_hot(j, 4)", batch_);
  const auto& rows = static_cast<const arrow::ListArray&>(*array);
  ASSERT_EQ(rows.length(), 5);
  EXPECT_EQ(rows.null_count(), 0);
  const auto& floats = static_cast<const arrow::FloatArray&>(*rows.values());
  const std::vector<float> expected = {0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  EXPECT_EQ(std::vector<float>(floats.raw_values(), floats.raw_values() + floats.length()), expected);
}

TEST_F(TransformFunctionsTest, MakesAllZeroOneHotRowsOfMissingValues) {
  const std::shared_ptr<arrow::Array> array = Evaluate("one_hot(i, 8)", batch_);
  const auto& rows = static_cast<const arrow::ListArray&>(*array);
  EXPECT_EQ(static_cast<const arrow::FloatArray&>(*rows.value_slice(0)).Value(7), 1);
  for (int64_t k = 0; k < 8; ++k)
    EXPECT_EQ(static_cast<const arrow::FloatArray&>(*rows.value_slice(3)).Value(k), 0);
}

TEST_F(TransformFunctionsTest, ScalesByFiniteValuesOnly) {
  const data::Batch batch = MakeBatch({{"x", ArrayOf(Numbers{1, 2, 3, 4, kMissing, kNan, kInfinity})}});
  const double deviation = std::sqrt(1.25);
  ExpectNumbers(Evaluate("scale_to_z_score(x)", batch), {-1.5 / deviation, -0.5 / deviation, 0.5 / deviation,
                                                         1.5 / deviation, kMissing, kNan, kInfinity});
  ExpectNumbers(Evaluate("scale_to_0_1(x)", batch), {0.0, 1.0 / 3, 2.0 / 3, 1.0, kMissing, kNan, kInfinity});
  ExpectNumbers(Evaluate("scale_by_min_max(x, output_min=-2, output_max=4)", batch),
                {-2.0, 0.0, 2.0, 4.0, kMissing, kNan, kInfinity});
}

TEST_F(TransformFunctionsTest, ScalesAConstantColumnToZeroExactly) {
  const data::Batch batch = MakeBatch({{"x", ArrayOf(Numbers(3000, 0.1))}});
  for (const std::optional<double> value : NumbersOf(Evaluate("scale_to_z_score(x)", batch)))
    ASSERT_EQ(value, 0.0);
  for (const std::optional<double> value : NumbersOf(Evaluate("scale_to_0_1(x)", batch)))
    ASSERT_EQ(value, 0.0);
}

TEST_F(TransformFunctionsTest, BucketizesAtBoundariesOfTft) {
  Numbers values;
  for (int i = 1; i <= 20; ++i) values.push_back(i);
  const Integers buckets =
      IntegersOf(Evaluate("bucketize(x, num_buckets=4)", MakeBatch({{"x", ArrayOf(values)}})));
  // Boundaries 6, 11 and 16; a boundary itself goes right.
  EXPECT_EQ(buckets, (Integers{0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3}));
  const data::Batch odd = MakeBatch({{"x", ArrayOf(Numbers{5, 5, 5, kMissing, kNan})}});
  EXPECT_EQ(IntegersOf(Evaluate("bucketize(x, 3)", odd)), (Integers{2, 2, 2, kMissing, 2}));
}

TEST_F(TransformFunctionsTest, BucketizesAlikeByCountingAndBySearching) {
  Numbers values;
  for (int i = 0; i < 1000; ++i) values.push_back(i);
  values.push_back(kNan);
  const data::Batch batch = MakeBatch({{"x", ArrayOf(values)}});
  const Integers many = IntegersOf(Evaluate("bucketize(x, 100)", batch));
  for (int64_t i = 0; i < 1000; ++i) ASSERT_EQ(many[static_cast<size_t>(i)], i / 10) << i;
  EXPECT_EQ(many[1000], 99);
}

TEST_F(TransformFunctionsTest, OrdersVocabulariesByFrequencyThenBytesDescending) {
  const data::Batch batch = MakeBatch({{"s", ArrayOf(Texts{"b", "a", "c", "c", "", "x\ny", kMissing})}});
  EXPECT_EQ(IntegersOf(Evaluate("compute_and_apply_vocabulary(s)", batch)),
            (Integers{1, 2, 0, 0, -1, -1, kMissing}));
  EXPECT_EQ(IntegersOf(Evaluate("compute_and_apply_vocabulary(s, top_k=2, default_value=-7)", batch)),
            (Integers{1, -7, 0, 0, -7, -7, kMissing}));
  EXPECT_EQ(IntegersOf(
                Evaluate("compute_and_apply_vocabulary(s, frequency_threshold=2, num_oov_buckets=1)", batch)),
            (Integers{1, 1, 0, 0, 1, 1, kMissing}));
}

TEST_F(TransformFunctionsTest, AnswersForColumnsWithoutAnyValue) {
  const data::Batch nulls = MakeBatch({{"x", std::make_shared<arrow::NullArray>(2)}});
  for (const std::string expression :
       {"scale_to_z_score(x)", "impute(x, mean)", "impute(x, median)", "bucketize(x, 3)",
        "compute_and_apply_vocabulary(x, num_oov_buckets=2)", "x"}) {
    EXPECT_EQ(NumbersOf(Evaluate(expression, nulls)), (Numbers{kMissing, kMissing})) << expression;
  }
  EXPECT_EQ(NumbersOf(Evaluate("scale_to_0_1(impute(x, 3))", nulls)), (Numbers{0.0, 0.0}));
  const data::Batch empty = MakeBatch({{"x", ArrayOf(Numbers{})}, {"s", ArrayOf(Texts{})}});
  for (const std::string expression :
       {"scale_to_z_score(x)", "bucketize(x, 3)", "compute_and_apply_vocabulary(s)", "cross(s, s) == 'a'",
        "int(x) % 3", "if(x > 1 and x < 2, x, 1)"}) {
    EXPECT_EQ(NumbersOf(Evaluate(expression, empty)), (Numbers{})) << expression;
  }
}

}  // namespace
}  // namespace penstock::transform
