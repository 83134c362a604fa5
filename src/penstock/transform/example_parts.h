#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "penstock/base/execution.h"
#include "penstock/base/status.h"
#include "penstock/data/dataset.h"
#include "penstock/transform/analyze_parts.h"

namespace penstock::transform {

/// The files of some examples, each a part of its own, so that what is known of a file stays known when
/// others come and go.
struct ExampleParts {
  std::vector<std::unique_ptr<data::Dataset>> datasets;
  std::vector<AnalyzedPart> parts;  ///< In the order of the patterns, files of one by name.
};

/// Opens each file that `patterns` name as OpenDeclaredExamples does. A part's content is the digest of its
/// bytes and columns, so the files are read once for it. kInvalidArgument where a file's columns are of other
/// types than `schema` (of all files together) has them, as may be guessed of text without a schema.
Result<ExampleParts> OpenExampleParts(std::span<const std::string> patterns, const arrow::Schema& schema,
                                      const data::DatasetOptions& options, const ExecutionOptions& execution);

}  // namespace penstock::transform
