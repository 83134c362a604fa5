#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/type.h>
#include <tensorflow_metadata/proto/v0/schema.pb.h>
#include <tensorflow_metadata/proto/v0/statistics.pb.h>

#include "penstock/base/digest.h"
#include "penstock/combine/combiner.h"

namespace penstock::statistics {

/// Whether the parts of the schema's sparse and weighted features go together: how often one is missing where
/// another is there, and how their lengths differ. A combiner whose output holds, for each such feature,
/// TFDV's custom_stats missing_value, missing_index, {min,max}_length_diff (sparse) and missing_weight,
/// missing_value, {min,max}_weight_length_diff (weighted). Exact. Immutable; a State belongs to one thread.
class CompositeFeatures {
 public:
  struct Part {
    int64_t num_missing = 0;
    int64_t min_length_difference = 0;  ///< Length less that of the value.
    int64_t max_length_difference = 0;
  };
  struct Counts {
    int64_t num_seen = 0;  ///< Examples (or structs) in which a part or the value is there.
    int64_t num_missing_values = 0;
    std::vector<Part> parts;
  };
  using State = std::vector<Counts>;
  using Output = tensorflow::metadata::v0::DatasetFeatureStatistics;

  /// Of all sparse features (those in structs too) and weighted features of `schema`. A part that `data`
  /// lacks is missing everywhere, as in TFDV. kInvalidArgument where a path has no step.
  static Result<CompositeFeatures> Make(const tensorflow::metadata::v0::Schema& schema);
  bool empty() const { return composites_.empty(); }

  State NewState() const;
  Status Add(const combine::Batch& batch, State& state) const;
  Status Merge(const State& from, State& into) const;
  Result<Output> Finish(const State& state) const;
  combine::Bytes Encode(const State& state) const;
  Result<State> Decode(std::string_view bytes) const;
  Digest Fingerprint() const;

 private:
  using Path = std::vector<std::string>;
  struct Composite {
    Path path;
    bool is_sparse;
    Path value;
    std::vector<Path> parts;  ///< Index features, by name; or the weight.
  };
  template <class Container>
  void AddSparse(const Container& container, const Path& parent);
  static Status AddTo(const Composite& composite, const combine::Batch& batch, Counts& counts);

  std::vector<Composite> composites_;
};

}  // namespace penstock::statistics
