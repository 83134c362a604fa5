#pragma once

#include <cstdint>
#include <functional>

#include "penstock/data/dataset.h"

namespace penstock::data {

/// Makes a batch of a batch. Called from several threads at a time.
using BatchMap = std::function<Result<Batch>(const Batch&)>;
/// Takes what was made. Called from one thread, in the order of shards and batches.
using BatchSink = std::function<Status(const Batch&)>;

/// Hands `map` of every batch to `take`, in order. `options.num_threads` shards at a time are mapped
/// in parallel and then handed on, so the results of so many shards are in memory.
///
/// `max_rows`: no more than so many rows are handed on, and shards behind them are not read; `map` must then
/// keep the number of rows. The first error of a read, `map` or `take` ends it.
Status MapBatches(const Dataset& dataset, const ExecutionOptions& options, const BatchMap& map,
                  const BatchSink& take, int64_t max_rows = INT64_MAX);

}  // namespace penstock::data
