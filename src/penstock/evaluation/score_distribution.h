#pragma once

#include <cstdint>
#include <vector>

#include "penstock/combine/state_codec.h"

namespace penstock::evaluation {

/// A metric and how far it may be from the exact one.
struct BoundedValue {
  double value = 0;
  double error_bound = 0;
};

/// The scores (0 to 1) that positive and negative examples got: all that areas under curves follow from.
///
/// Keeps every example, and is exact, up to kMaxExact of them (16 bytes each, 4 MiB); above that counts
/// weights in kNumBuckets equal score buckets (1 MiB), and says with each answer how far it may be off:
/// half the weight of pairs that share a bucket. Which of the two depends on the number of examples
/// alone, not on how they were chunked. Zero weights change nothing and are not kept. Copyable.
class ScoreDistribution {
 public:
  static constexpr int64_t kMaxExact = int64_t{1} << 18;
  static constexpr int64_t kNumBuckets = int64_t{1} << 16;

  /// Smaller limits are for tests of what happens above them.
  explicit ScoreDistribution(int64_t max_exact = kMaxExact) : max_exact_(max_exact) {}

  /// Needs 0 <= score <= 1 and a finite weight >= 0.
  void Add(double score, bool is_positive, double weight) {
    if (weight == 0) return;
    ++num_examples_;
    if (buckets_.empty()) {
      examples_.push_back({score, is_positive ? weight : -weight});
      if (num_examples_ > max_exact_) SpillToBuckets();
    } else {
      AddToBucket(score, is_positive, weight);
    }
  }
  void Merge(const ScoreDistribution& from);
  bool is_exact() const { return buckets_.empty(); }

  /// The chance that a positive example scores above a negative one, ties counting half: the area
  /// under the ROC curve by trapezoids. NaN where one class is missing.
  BoundedValue AreaUnderRoc() const;
  /// The area under the precision-recall curve, interpolated between scores as Davis and Goadrich
  /// (2006) and TensorFlow do. NaN where there is no positive example. error_bound covers how the
  /// examples within a bucket may be ordered.
  BoundedValue AreaUnderPrecisionRecall() const;

  void Encode(combine::StateWriter& writer) const;
  static Result<ScoreDistribution> Decode(combine::StateReader& reader);

 private:
  struct Example {
    double score;
    double signed_weight;  // Negative examples have negative weights.
  };
  struct Bucket {
    double positive = 0;
    double negative = 0;
  };
  void AddToBucket(double score, bool is_positive, double weight);
  void SpillToBuckets();
  // Weights of equal (or equally bucketed) scores, highest score first.
  std::vector<Bucket> FallingGroups() const;

  int64_t max_exact_;
  int64_t num_examples_ = 0;
  std::vector<Example> examples_;
  std::vector<Bucket> buckets_;  // Empty while exact.
};

}  // namespace penstock::evaluation
