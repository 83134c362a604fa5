#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/digest.h"
#include "penstock/combine/combiner.h"
#include "penstock/statistics/generator_options.h"
#include "penstock/statistics/options.h"

namespace penstock::statistics {

/// Of a table of counts (rows by feature, columns by label), in bits.
struct Information {
  double mutual = 0;
  double expected = 0;  ///< What independent rows and columns with the same sums show on average.
};
/// `counts[i][j]` >= 0. Time: rows * columns * the spread of a hypergeometric distribution.
Information InformationOf(const std::vector<std::vector<int64_t>>& counts);

/// How many bits each feature tells of a label: a combiner whose output has, for each feature, custom_stats
/// "mutual_information" and "adjusted_mutual_information" (less what features without any bearing on the
/// label show by chance: the expectation over all permutations, Vinh, Epps, Bailey 2010).
///
/// Numbers that the schema does not call categorical are cut into kNumBins bins of equal frequency, a missing
/// value is a value of its own, and so is the whole of a list. TFDV estimates numeric features by nearest
/// neighbours in random partitions instead: its figures differ, its order of features is alike.
///
/// Exact up to MaxPairs() distinct pairs of feature and label; above that it is computed from those pairs
/// whose hash is least: a uniform sample of pairs with their exact counts, the same whatever the order of
/// adding and merging. Immutable; a State belongs to one thread.
class MutualInformation {
 public:
  static constexpr int64_t kNumBins = 32;

  struct Pair {
    std::string x, y;
    int64_t count = 0;
  };
  /// Pairs by hash; beyond the limit those of least hash.
  using Sample = std::map<uint64_t, Pair>;
  using State = std::vector<Sample>;
  using Output = tensorflow::metadata::v0::DatasetFeatureStatistics;

  /// kNotFound for a label or an ignored feature that the data lack.
  static Result<MutualInformation> Make(const arrow::Schema& data, const MutualInformationOptions& mutual,
                                        const StatisticsOptions& options);
  int64_t MaxPairs() const;

  State NewState() const { return State(features_.size()); }
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
    bool is_numeric;
  };
  void Keep(Pair pair, uint64_t hash, Sample& sample) const;
  Information InformationIn(const Sample& sample, bool is_numeric) const;

  // Constant after construction.
  MutualInformationOptions options_;
  Column label_;
  std::vector<Column> features_;
};

}  // namespace penstock::statistics
