#pragma once

#include <memory>

#include "penstock/data/dataset.h"

namespace penstock::statistics {

/// `dataset` with about the share `sample_rate` (above 0, below 1) of its examples. Whether one is taken
/// follows from a hash of its shard and its place in it: the same examples on every run, whatever the
/// threads and the size of batches. `dataset` must outlive the result.
std::unique_ptr<data::Dataset> SampleExamples(const data::Dataset& dataset, double sample_rate);

}  // namespace penstock::statistics
