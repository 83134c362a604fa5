#include "penstock/model/network/multiply_add.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace penstock::model {
namespace {

std::vector<float> Random(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> number;
  std::vector<float> values(size);
  for (float& value : values) value = number(random);
  return values;
}

TEST(MultiplyAddTest, GivesTheBitsOfTheDefinition) {
  for (int64_t rows : {1, 3, 4, 9}) {
    for (int64_t steps : {1, 5, 64}) {
      for (int64_t columns : {1, 7, 8, 16, 29}) {
        const std::vector<float> left = Random(rows * steps, 1), right = Random(steps * columns, 2);
        std::vector<float> into = Random(rows * columns, 3), expected = into;
        for (int64_t i = 0; i < rows; ++i) {
          for (int64_t j = 0; j < columns; ++j) {
            for (int64_t p = 0; p < steps; ++p) {
              const float product = left[i * steps + p] * right[p * columns + j];
              expected[i * columns + j] += product;
            }
          }
        }
        MultiplyAdd({left.data(), steps}, right.data(), columns, into.data(), columns, rows, steps, columns);
        EXPECT_EQ(into, expected) << rows << " x " << steps << " x " << columns;
      }
    }
  }
}

TEST(MultiplyAddTest, ReadsTransposedMatrices) {
  const std::vector<float> left{1, 2, 3, 4, 5, 6};  // 2 x 3, read as 3 x 2.
  const std::vector<float> right{1, 10};            // 2 x 1
  std::vector<float> into(3, 0.5f);
  MultiplyAdd({left.data(), 1, 3}, right.data(), 1, into.data(), 1, 3, 2, 1);
  EXPECT_EQ(into, (std::vector<float>{41.5f, 52.5f, 63.5f}));
}

}  // namespace
}  // namespace penstock::model
