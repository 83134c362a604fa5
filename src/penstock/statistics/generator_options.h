#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace penstock::statistics {

/// TFDV's CrossFeatureStatsGenerator: correlation and covariance of pairs of numeric features.
struct CrossFeatureOptions {
  /// Empty: every pair of numeric features.
  std::vector<std::pair<std::string, std::string>> feature_crosses;
};

/// TFDV's LiftStatsGenerator: how much likelier a label's value is among the examples that have a value.
struct LiftOptions {
  std::string y_path;
  /// Empty: the features that the schema calls categorical.
  std::vector<std::string> x_paths;
  /// Cut a numeric y into buckets [a, b); rising. Empty: y is categorical.
  std::vector<double> y_boundaries;
  /// Only values that occur in more examples than this.
  int64_t min_x_count = 0;
  /// Of each value of y, only the values of greatest and least lift; 0: all.
  int64_t top_k_per_y = 0;
  int64_t bottom_k_per_y = 0;
  /// Also as custom_stats "Lift (Y=...)", for viewers that show no lift.
  bool output_custom_stats = false;
};

/// TFDV's MutualInformation: how much each feature tells of a label, in bits.
struct MutualInformationOptions {
  std::string label_feature;
  /// Values of a feature that stand for themselves; the rarer ones are taken together.
  int64_t max_encoding_length = 512;
  std::vector<std::string> features_to_ignore;
  /// Divide by what the label tells of itself.
  bool normalize_by_max = false;
  std::string custom_stats_key = "adjusted_mutual_information";
};

}  // namespace penstock::statistics
