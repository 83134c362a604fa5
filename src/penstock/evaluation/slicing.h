#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "penstock/combine/row_filter.h"
#include "penstock/combine/row_groups.h"
#include "penstock/evaluation/eval_config.h"

namespace penstock::evaluation {

/// One feature of a slice.
struct SliceFeature {
  enum class Kind { kText, kInt64, kDouble };
  std::string name;
  std::string value;  ///< As text, whatever the kind.
  Kind kind = Kind::kText;
  auto operator<=>(const SliceFeature&) const = default;
};
/// Sorted by name; empty: all examples.
using SliceFeatures = std::vector<SliceFeature>;

/// "country:de,device:mobile", or "Overall".
std::string SliceText(const SliceFeatures& slice);

/// One way to cut examples into slices.
struct Slicing {
  std::vector<std::string> columns;  ///< Sorted.
  /// Only the slice of these values.
  std::vector<std::pair<std::string, std::string>> values;
  /// Only rows for which it holds (SQL's WHERE).
  std::optional<combine::RowFilter> filter;
};

/// The slicings of an EvalConfig and of its cross slices, each once; of none given, that of all examples.
/// `columns`: those of the data. One that is not there is kNotFound with the nearest name, or
/// (`skips_unknown`, as TFMA does) gives no slice. kInvalidArgument for SQL that is not understood.
Result<std::vector<Slicing>> SlicingsOf(const tfma::EvalConfig& config,
                                        const std::vector<std::string>& columns, bool skips_unknown);

/// Whether the slice is one of those that the spec asks for; numbers equal in whatever way they are written.
bool IsSliceOf(const SliceFeatures& slice, const tfma::SlicingSpec& spec);

/// Rows of `batch` by slice, each slice once; rows rising.
struct SliceRows {
  SliceFeatures slice;
  std::vector<int64_t> rows;
};
Result<std::vector<SliceRows>> SliceBatch(const data::Batch& batch, const std::vector<Slicing>& slicings,
                                          int64_t max_slices, Compatibility compatibility);

}  // namespace penstock::evaluation
