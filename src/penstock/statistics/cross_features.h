#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/digest.h"
#include "penstock/combine/combiner.h"
#include "penstock/statistics/generator_options.h"

namespace penstock::statistics {

/// Covariance and correlation of pairs of numeric columns, over the examples in which both have one value
/// that is not NaN: a combiner whose output holds cross_features. All examples count (TFDV samples a tenth of
/// the batches). The pairwise update of moments by Chan, Golub, LeVeque (1979): no cancellation. Immutable; a
/// State belongs to one thread. Time and memory: one for each pair.
class CrossFeatures {
 public:
  struct Pair {
    int64_t count = 0;
    double mean_x = 0, mean_y = 0;
    double square_x = 0, square_y = 0, product = 0;  ///< Sums of deviations from the means.
  };
  struct State {
    std::vector<Pair> pairs;
    std::vector<uint8_t> has_values;  ///< By column.
  };
  using Output = tensorflow::metadata::v0::DatasetFeatureStatistics;

  /// kNotFound for a feature that the data lack, kInvalidArgument for one that is no number.
  static Result<CrossFeatures> Make(const arrow::Schema& schema, const CrossFeatureOptions& options);

  State NewState() const;
  Status Add(const combine::Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const;
  Result<Output> Finish(const State& state) const;
  combine::Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  struct Column {
    std::string name;
    int place;  ///< In the batches.
  };
  struct Cross {
    size_t x, y;  ///< Indices into columns_.
  };
  std::vector<Column> columns_;
  std::vector<Cross> crosses_;
};

}  // namespace penstock::statistics
