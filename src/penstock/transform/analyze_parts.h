#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/digest.h"
#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"
#include "penstock/transform/transform_graph.h"
#include "penstock/transform/transform_plan.h"

namespace penstock::transform {

/// Some of the data, such as one span of it.
struct AnalyzedPart {
  std::string name;
  Digest content;                           ///< Of all that is read from it.
  const data::Dataset* examples = nullptr;  ///< Not owned. Of the plan's columns.
};

/// Where the states of one part came from in one pass.
struct AnalysisUse {
  int pass = 1;
  std::string part;
  bool is_cached = false;
};

/// The states of analyses, kept by what they are of: the expressions, all results they depend on, and the
/// content of the part. Only local or remote folders; safe for several processes at once.
class AnalysisCache {
 public:
  explicit AnalysisCache(std::string folder) : folder_(std::move(folder)) {}
  /// Nothing where it is not there.
  Result<std::optional<std::string>> Find(const Digest& key) const;
  Status Keep(const Digest& key, std::string_view state) const;

 private:
  std::string PathOf(const Digest& key) const;
  const std::string folder_;
};

/// AnalyzeTransform over all parts together, in their order: reads only those whose states `cache` does not
/// hold, and keeps these there; damaged ones count as not there. The graph is bit-equal whatever the cache
/// held. Against AnalyzeTransform of the same data, sums are rounded part by part and sketches merged so.
/// Tells `uses` (may be null) what came from where.
Result<TransformGraph> AnalyzeParts(const TransformPlan& plan, std::span<const AnalyzedPart> parts,
                                    const AnalysisCache& cache, const ExecutionOptions& options,
                                    std::vector<AnalysisUse>* uses);

/// What AnalyzeParts would find in the cache, pass by pass up to the first pass that it would have to read
/// for: what later ones ask for depends on the answers. Reads no examples.
Result<std::vector<AnalysisUse>> FindCachedParts(const TransformPlan& plan,
                                                 std::span<const AnalyzedPart> parts,
                                                 const AnalysisCache& cache);

}  // namespace penstock::transform
