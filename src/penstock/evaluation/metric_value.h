#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace penstock::evaluation {

/// Weights of right and wrong answers where scores above a threshold count as positive, one entry a
/// threshold.
struct ConfusionMatrices {
  std::vector<double> thresholds, tp, tn, fp, fn;
};

/// Weights by (actual class, predicted class); the predicted class is -1 where no score is above the
/// threshold.
struct ClassMatrices {
  std::map<double, std::map<std::pair<int, int>, double>> by_threshold;
};

/// For each class that is labelled and each class that is scored: fn, tn, fp, tp of the latter.
struct MultiLabelMatrices {
  std::map<double, std::map<std::pair<int, int>, std::array<double, 4>>> by_threshold;
};

/// Labels and predictions summed up by the prediction's range.
struct CalibrationBuckets {
  struct Bucket {
    double lower = 0, upper = 0;  ///< lower <= prediction < upper
    double weight = 0, label = 0, prediction = 0;
  };
  std::vector<Bucket> buckets;
};

/// Some values of a feature.
struct FeatureSample {
  enum class Kind { kText, kInt64, kDouble };
  Kind kind = Kind::kText;
  std::vector<std::string> texts;
  std::vector<double> numbers;
};

/// What each feature adds to predictions: one number, or one a class.
struct Attributions {
  std::map<std::string, std::vector<double>> by_feature;
};

/// A value behind a pointer, so that a number does not take the room of the largest kind. Copied with what it
/// points to; empty only after a move.
template <class T>
class Boxed {
 public:
  // Implicit: a value becomes a metric's value as it is.
  Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Boxed(const Boxed& other)
      : value_(other.value_ == nullptr ? nullptr : std::make_unique<T>(*other.value_)) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(Boxed other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  operator const T&() const { return *value_; }
  const T& operator*() const { return *value_; }

 private:
  std::unique_ptr<T> value_;
};

/// What a metric may be: a number (NaN where undefined), one number a threshold, matrices, a sample, a
/// message. Read by ValueAs.
using MetricValue = std::variant<double, std::vector<double>, Boxed<ConfusionMatrices>, Boxed<ClassMatrices>,
                                 Boxed<MultiLabelMatrices>, CalibrationBuckets, Boxed<FeatureSample>,
                                 std::string, Boxed<Attributions>>;

/// The value where it is of this kind, boxed or not; else null.
template <class T>
const T* ValueAs(const MetricValue& value) {
  constexpr bool kIsFlat = std::is_same_v<T, double> || std::is_same_v<T, std::vector<double>> ||
                           std::is_same_v<T, CalibrationBuckets> || std::is_same_v<T, std::string>;
  if constexpr (!kIsFlat) {
    const auto* boxed = std::get_if<Boxed<T>>(&value);
    return boxed == nullptr ? nullptr : &**boxed;
  } else {
    return std::get_if<T>(&value);
  }
}

/// a - b, number by number; nothing where the two are of different kinds or have no difference.
std::optional<MetricValue> Difference(const MetricValue& a, const MetricValue& b);

/// All numbers of the value in a fixed order, for resampling; empty for a sample or a message.
std::vector<double> NumbersOf(const MetricValue& value);

/// One row of TFMA's ConfusionMatrixAtThreshold: the matrix and what follows from it.
struct MatrixRates {
  double precision, recall, false_positive_rate, f1, accuracy, false_omission_rate;
};
/// Undefined precision is 1, undefined recall 0, undefined false omission rate NaN: as TFMA stores them.
MatrixRates RatesOf(const ConfusionMatrices& matrices, size_t i);

}  // namespace penstock::evaluation
