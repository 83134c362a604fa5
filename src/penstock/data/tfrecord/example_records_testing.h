#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "penstock/data/tfrecord/record_writer.h"

namespace penstock::data {

// The wire form by hand: a tag byte, a length byte, the bytes.
inline std::string Field(int field, std::string_view bytes) {
  EXPECT_LT(bytes.size(), 128u);
  return std::string{static_cast<char>(field << 3 | 2), static_cast<char>(bytes.size())} + std::string(bytes);
}

inline std::string BytesFeature(std::vector<std::string> values) {
  std::string list;
  for (const auto& value : values) list += Field(1, value);
  return Field(1, list);
}

inline std::string IntegerFeature(std::string_view packed_varints) {
  return Field(3, Field(1, packed_varints));
}

inline std::string FloatFeature(std::vector<float> values) {
  return Field(2, Field(1, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)}));
}

inline std::string Example(std::vector<std::pair<std::string, std::string>> features) {
  std::string map;
  for (const auto& [name, feature] : features) map += Field(1, Field(1, name) + Field(2, feature));
  return Field(1, map);
}

inline std::string Records(const std::vector<std::string>& examples) {
  std::string text;
  for (const auto& example : examples) tfrecord::AppendRecord(example, text);
  return text;
}

/// FeatureList { the features }, for SequenceExample.
inline std::string FeatureList(const std::vector<std::string>& features) {
  std::string list;
  for (const auto& feature : features) list += Field(1, feature);
  return list;
}

/// A context as Example makes it, and feature lists beside it.
inline std::string SequenceExample(std::vector<std::pair<std::string, std::string>> context,
                                   std::vector<std::pair<std::string, std::string>> lists) {
  std::string map;
  for (const auto& [name, list] : lists) map += Field(1, Field(1, name) + Field(2, list));
  return Example(std::move(context)) + Field(2, map);
}

}  // namespace penstock::data
