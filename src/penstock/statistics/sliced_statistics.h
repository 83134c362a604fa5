#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/digest.h"
#include "penstock/combine/keyed_fold.h"
#include "penstock/combine/row_filter.h"
#include "penstock/statistics/dataset_statistics.h"
#include "penstock/statistics/options.h"

namespace penstock::statistics {

/// DatasetStatistics of all examples and of every slice that the options name, in one pass: a combiner
/// (combine/combiner.h) that keeps one DatasetStatistics::State a slice.
///
/// Datasets are named as in TFDV: kAllExamplesName, then "age_0_country_US" (features by name; floats as
/// Python prints them), in the order of the features and values. An example with several values is in the
/// slice of each; one without a value in none. A slice that two specs name is computed once; one that two
/// queries with different conditions name has the examples of both.
/// Immutable, safe from any thread; a State belongs to one thread.
class SlicedStatistics {
 public:
  using Fold = combine::KeyedFold<DatasetStatistics>;
  using State = Fold::State;
  using Output = tensorflow::metadata::v0::DatasetFeatureStatisticsList;

  /// As DatasetStatistics::Make; also kNotFound for a feature of a slice's query that `schema` lacks, and
  /// kInvalidArgument for a feature_values text that is not a number where the feature is.
  static Result<SlicedStatistics> Make(const arrow::Schema& schema, const StatisticsOptions& options);

  /// Features that the options slice by and `schema` lacks: as in TFDV no example is in their slices, which
  /// is worth a word to the user.
  static std::vector<std::string> AbsentFeatures(const arrow::Schema& schema,
                                                 const StatisticsOptions& options);

  State NewState() const { return fold_.NewState(); }
  /// kInvalidArgument where there are more than max_slices.
  Status Add(const combine::Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const;
  /// kInvalidArgument where a slice's value is not UTF-8 (a dataset's name has to be).
  Result<Output> Finish(const State& state) const;
  int64_t StateBytes(const State& state) const;
  int64_t memory_limit() const { return fold_.combiner().memory_limit(); }
  combine::Bytes Encode(const State& state) const { return fold_.Encode(state); }
  Result<State> Decode(std::string_view bytes) const { return fold_.Decode(bytes); }
  Digest Fingerprint() const;

 private:
  struct SliceFeature {
    std::string name;  ///< In the slices' names.
    std::string column;
    bool takes_all = true;
    std::string value;  ///< The only one, as combine::SliceKey has it; unless takes_all.
  };
  struct Slicing {
    std::vector<SliceFeature> features;  ///< By name; of a query as it has them.
    std::string sql;                     ///< Of a query: its text.
    std::optional<combine::RowFilter> filter;
  };

  SlicedStatistics(Fold fold, int64_t max_slices) : fold_(std::move(fold)), max_slices_(max_slices) {}
  Status AddSlicing(const SliceSpec& spec, const arrow::Schema& schema);
  Status AddQuery(const std::string& sql, const arrow::Schema& schema);
  static bool Covers(const Slicing& slicing, const combine::SliceKey& key);
  Status CheckNumSlices(const State& state) const;
  /// Shrinks the slices above an equal share of what a state may take.
  void FitIntoMemory(State& state) const;
  Status AddSlices(size_t slicing, const combine::Batch& batch, State& state) const;
  Result<std::string> NameOf(const combine::SliceKey& key) const;

  // Constant after construction.
  Fold fold_;  // Its own slicings are not used: values are picked here.
  int64_t max_slices_;
  std::vector<Slicing> slicings_;
  std::vector<std::string> real_features_;
};

}  // namespace penstock::statistics
