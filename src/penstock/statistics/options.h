#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/statistics/generator_options.h"

namespace tensorflow::metadata::v0 {
class Schema;
}

namespace penstock::statistics {

/// One way to slice: an example is in the slice of its values of all features named here.
struct SliceSpec {
  /// Features of which every value is a slice.
  std::vector<std::string> feature_keys;
  /// Features of which only one value is: {"payment_type": "Cash"}. Numbers as text.
  std::map<std::string, std::string> feature_values;
  /// TFDV 1.21 compares the texts of slicing_config's feature_values with bytes, so that they match no
  /// value of a string feature. True: so it is here (slicing_config read from JSON gives what TFDV gives).
  bool texts_match_nothing = false;
  /// Instead of features: SELECT STRUCT(feature [AS name], ...) FROM example.feature, ... [WHERE condition]
  /// (TFDV's experimental_slice_sqls, slice_keys_sql of a slicing spec; combine/row_filter.h says what is
  /// understood).
  std::string sql;
};

/// The name of the dataset of all examples, where there are slices besides (TFDV's constant).
inline constexpr const char* kAllExamplesName = "All Examples";

/// A fold keeps a total, the state that is merged into it, and at least one that is being counted: each may
/// take such a part of the memory, whatever the number of threads.
inline constexpr int64_t kNumStatesInMemory = 3;

/// custom_stats of a numeric feature: a histogram whose buckets are single values.
inline constexpr const char* kNumericSketchName = "numeric_sketch";

/// What to compute. Names and defaults are those of TFDV's StatsOptions. As JSON: options_json.h.
struct StatisticsOptions {
  /// Most frequent values kept for a categorical feature.
  int num_top_values = 20;
  /// Values that occur less often are in neither top values nor rank histogram.
  int64_t frequency_threshold = 1;
  int num_rank_histogram_buckets = 1000;
  /// Of the histogram over the number of values an example has.
  int num_values_histogram_buckets = 10;
  /// Of the STANDARD (equal-width) histogram.
  int num_histogram_buckets = 10;
  int num_quantiles_histogram_buckets = 10;
  /// Rank error of medians and quantile bounds, as a fraction of the number of values: 0.00001 to 0.5.
  double epsilon = 0.01;
  /// Only these features, in the data's order; empty: all. A name that the data lack is an error.
  std::vector<std::string> feature_allowlist;
  /// A numeric feature with exactly one value in every example: how much the example counts in the weighted
  /// statistics. Empty: there are none.
  std::string weight_feature;
  /// Feature to the weight feature that it takes instead.
  std::map<std::string, std::string> per_feature_weight_override;
  /// As frequency_threshold, of the weighted top values and ranks.
  double weighted_frequency_threshold = 1;
  /// Statistics of these slices, and of all examples, in one pass. One without features is no slice.
  std::vector<SliceSpec> slices;
  /// A larger number of slices is an error, since each has a state in memory. TFDV has no bound.
  int64_t max_slices = 10'000;
  /// Whether to look for natural language, times and images (custom_stats of a feature).
  bool enable_semantic_domain_stats = false;
  /// False: only what the generators, semantic domains and the schema's composite features give.
  bool add_default_generators = true;
  /// Features (paths joined by dots) that alone have histograms, or (excluded) have none; nor a median.
  std::vector<std::string> histogram_paths;
  bool histogram_paths_are_excluded = true;
  /// Above 0: of each numeric feature so many values that stand for all, with the number each stands for, as
  /// custom_stats kNumericSketchName: what `penstock stats drift` compares. Exact while there are at most so
  /// many distinct values, else within 1 / size + epsilon in rank. Not of TFDV.
  int numeric_sketch_size = 0;
  /// What the counts of all features may take in memory, at least 16 MiB. While they fit, they are as exact
  /// as dataset_statistics.h says; beyond, the largest are sketched more coarsely. On top come
  /// batches, and what nl_statistics, crosses, lift and mutual information count. Not of TFDV.
  int64_t memory_limit_bytes = int64_t{640} << 20;
  /// Above 0, at most 1: the share of examples looked at. Which ones follows from their place in the data.
  double sample_rate = 1;
  /// Correlation and covariance of pairs of numeric features.
  std::optional<CrossFeatureOptions> cross_features;
  /// Lift of categorical features on a label.
  std::vector<LiftOptions> lift;
  /// TFDV's short form of `lift`: of all categorical features of the schema on this one; without a schema,
  /// none.
  std::string label_feature;
  std::vector<MutualInformationOptions> mutual_information;
  /// Files of the vocabularies that natural_language_domains of the schema name: a token a line.
  std::map<std::string, std::string> vocab_paths;
  /// Says which integers are categorical and which strings are bytes (images). Not owned,
  /// read only while a combiner is made; null: neither. Its sparse and weighted features are described too.
  const tensorflow::metadata::v0::Schema* schema = nullptr;
  /// Keeps alive what `schema` points to, where it was read with the options.
  std::shared_ptr<const tensorflow::metadata::v0::Schema> owned_schema;
};

/// kInvalidArgument with the option's name and value when one makes no sense.
Status CheckStatisticsOptions(const StatisticsOptions& options);

}  // namespace penstock::statistics
