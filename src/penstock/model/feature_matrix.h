#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/data/batch.h"
#include "penstock/transform/feature_schema.h"

namespace penstock::model {

/// How transformed features become rows of float32 for trees and the like: a number (or the id
/// of a category) is one column, a vector as many as it is wide; FeatureSchema::DenseNames names them.
///
/// A missing value is NaN; so is a number that is NaN. What is beyond float32's range
/// becomes its largest number, so that infinity never meets a learner that refuses it. Immutable; any
/// number of threads.
class FeatureMatrix {
 public:
  /// The columns in the features' order. kInvalidArgument where there are too many.
  static Result<FeatureMatrix> ForFeatures(const std::vector<transform::FeatureSchema>& features);

  int32_t num_columns() const { return num_columns_; }

  /// Writes the batch's rows, row-major, to `rows` (num_rows x num_columns). Finds the features by
  /// name; other columns are ignored. Any width of number will do, as storage formats differ in what they
  /// keep. kInvalidArgument names a feature that is missing, not a number or a vector of another width.
  Status Fill(const data::Batch& batch, std::span<float> rows) const;

 private:
  struct Feature {
    std::string name;
    int32_t first_column;
    int32_t width;
    bool is_vector;
  };
  FeatureMatrix() = default;

  std::vector<Feature> features_;
  int32_t num_columns_ = 0;
};

}  // namespace penstock::model
