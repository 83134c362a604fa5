#pragma once

#include <cstdint>
#include <string>

#include "penstock/data/dataset.h"
#include "penstock/data/example_writer.h"
#include "penstock/transform/transform_graph.h"

namespace penstock::transform {

/// Writes the features of all examples to one file, in order, and answers the number of rows. Shards are
/// transformed in parallel (data::MapBatches), so memory is bounded by one shard a thread.
Result<int64_t> TransformExamples(const TransformGraph& graph, const data::Dataset& dataset,
                                  const std::string& path, data::PayloadFormat format,
                                  const ExecutionOptions& options);

}  // namespace penstock::transform
