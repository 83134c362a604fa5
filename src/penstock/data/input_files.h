#pragma once

#include <span>
#include <string>
#include <vector>

#include "penstock/data/span_pattern.h"

namespace penstock::data {

/// A named part of the input, by its pattern below the input's folder.
struct InputSplit {
  std::string name;
  std::string pattern;
};

struct InputFiles {
  /// Of each split, with the folder: the files of each span, or all at once where the patterns know no spans.
  std::vector<std::vector<std::vector<std::string>>> files;
  std::vector<SpanVersion> spans;  ///< The same for all of the splits.
};

/// Finds the files of every split below `folder` (a local path or URI). Files whose name starts with '_'
/// (markers) are passed over unless the pattern's own name starts so. Errors: as above; kNotFound for a
/// pattern that matches nothing, with the nearest names there; kInvalidArgument where the splits' spans or
/// versions differ.
Result<InputFiles> FindInputFiles(const std::string& folder, std::span<const InputSplit> splits,
                                  const SpanRange& range);

}  // namespace penstock::data
