#include "penstock/data/csv/number_text.h"

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "penstock/data/file_access.h"

namespace penstock::data::csv {
namespace {

CellKind KindOf(std::string_view text) {
  PaddedBytes bytes;
  bytes.Assign(text);
  return Classify(bytes.data(), bytes.data() + bytes.size());
}

std::optional<int64_t> Integer(std::string_view text) {
  PaddedBytes bytes;
  bytes.Assign(text);
  int64_t value = 0;
  if (!ParseInteger(bytes.data(), bytes.data() + bytes.size(), value)) return std::nullopt;
  return value;
}

std::optional<double> Real(std::string_view text) {
  PaddedBytes bytes;
  bytes.Assign(text);
  double value = 0;
  if (!ParseReal(bytes.data(), bytes.data() + bytes.size(), value)) return std::nullopt;
  return value;
}

TEST(NumberTextTest, TellsTheKindsOfCells) {
  EXPECT_EQ(KindOf(""), CellKind::kEmpty);
  EXPECT_EQ(KindOf(" \t "), CellKind::kBlank);
  for (const char* text : {"0", "-7", "+7", " 42 ", "007", "9223372036854775807", "-9223372036854775808"})
    EXPECT_EQ(KindOf(text), CellKind::kInteger) << text;
  for (const char* text : {"9223372036854775808", "-9223372036854775809", "123456789012345678901234567890"})
    EXPECT_EQ(KindOf(text), CellKind::kHugeInteger) << text;
  for (const char* text : {"0.5", ".5", "5.", "-1e5", "1E+3", "1e-999", "12345678901234567890.5", " 1.5"})
    EXPECT_EQ(KindOf(text), CellKind::kReal) << text;
  for (const char* text : {"nan", "NaN", "inf", "-Inf", "INFINITY"})
    EXPECT_EQ(KindOf(text), CellKind::kNonFinite) << text;
  for (const char* text :
       {"a", "-", ".", "1.2.3", "1e", "e5", "1 2", "0x10", "1,5", "--1", "1e999", "2024-01-01", "n", "true"})
    EXPECT_EQ(KindOf(text), CellKind::kText) << text;
}

TEST(NumberTextTest, ReadsIntegersUpToTheirLimits) {
  EXPECT_EQ(Integer("9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(Integer("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(Integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(Integer("18446744073709551617"), std::nullopt);
  EXPECT_EQ(Integer("0000000000000000000000042"), 42);
  EXPECT_EQ(Integer("+12345678"), 12345678);
  EXPECT_EQ(Integer("123456789"), 123456789);
  EXPECT_EQ(Integer("1.0"), std::nullopt);
  EXPECT_EQ(Integer("-"), std::nullopt);
}

TEST(NumberTextTest, ReadsRealsAtTheEdges) {
  EXPECT_TRUE(std::signbit(*Real("-0")));
  EXPECT_EQ(Real("1e-999"), 0.0);
  EXPECT_TRUE(std::signbit(*Real("-0.000001e-999")));
  EXPECT_EQ(Real("1e999"), std::nullopt);
  EXPECT_EQ(Real("4.9e-324"), std::numeric_limits<double>::denorm_min());
  EXPECT_EQ(Real("1.7976931348623157e308"), std::numeric_limits<double>::max());
  EXPECT_TRUE(std::isnan(*Real("nan")));
  EXPECT_EQ(Real("-inf"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(Real("9007199254740993"), 9007199254740992.0);  // 2^53 + 1: ties to even.
}

TEST(NumberTextTest, RoundsEveryRealAsTheStandardLibraryDoes) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 20000; ++i) {
    char text[64];
    const auto bits = random();
    const double spread = std::ldexp(static_cast<double>(bits >> 11), static_cast<int>(random() % 200) - 100);
    std::snprintf(text, sizeof text,
                  i % 3 == 0   ? "%.17g"
                  : i % 3 == 1 ? "%.6f"
                               : "%.9g",
                  i % 2 == 0 ? spread : -spread);
    ASSERT_EQ(Real(text), std::strtod(text, nullptr)) << text;
  }
}

TEST(NumberTextTest, ReadsEveryIntegerBack) {
  std::mt19937_64 random(8);
  for (int i = 0; i < 20000; ++i) {
    const auto value = static_cast<int64_t>(random()) >> (random() % 64);
    ASSERT_EQ(Integer(std::to_string(value)), value);
  }
}

}  // namespace
}  // namespace penstock::data::csv
