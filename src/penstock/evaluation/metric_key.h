#pragma once

#include <compare>
#include <string>

namespace penstock::evaluation {

/// Which part of a multi-class prediction a metric looks at (TFMA's SubKey).
struct SubKey {
  static constexpr int kNone = -1;
  int class_id = kNone;  ///< One class against the others.
  int k = kNone;         ///< The class ranked k-th, from 1.
  int top_k = kNone;     ///< The k classes ranked highest.

  bool IsEmpty() const { return class_id == kNone && k == kNone && top_k == kNone; }
  auto operator<=>(const SubKey&) const = default;
};

/// How the classes become one number. TFMA stores a weighted macro average as a macro average too.
enum class Aggregation { kNone, kMicro, kMacro, kWeightedMacro };

/// What tells the numbers of one slice apart; TFMA's MetricKey.
struct MetricKey {
  std::string name;
  std::string model;   ///< "" where there is one model.
  std::string output;  ///< "" where the model has one output.
  SubKey sub_key;
  Aggregation aggregation = Aggregation::kNone;
  bool is_weighted = false;
  /// The key of a threshold on a metric that a model computes itself: it says nothing about weights.
  bool has_weighting = true;
  bool is_diff = false;  ///< The candidate's value less the baseline's.

  /// "class_id:1", "top_k:3,micro_average", "".
  std::string SubKeyText() const;
  auto operator<=>(const MetricKey&) const = default;
};

}  // namespace penstock::evaluation
