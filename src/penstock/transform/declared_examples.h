#pragma once

#include <memory>
#include <span>
#include <string>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"

namespace penstock::transform {

/// Opens examples as data::OpenDataset does, but with all columns that `options.schema` declares: one that
/// no example has is missing in all of them, so that a transform of it can be made all the same. With a
/// schema, files of no bytes are examples too: none.
Result<std::unique_ptr<data::Dataset>> OpenDeclaredExamples(std::span<const std::string> patterns,
                                                            const data::DatasetOptions& options,
                                                            const ExecutionOptions& execution);

}  // namespace penstock::transform
