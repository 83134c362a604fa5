#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "penstock/base/status.h"
#include "penstock/statistics/column_statistics.h"

namespace tensorflow::metadata::v0 {
class Schema;
}

namespace penstock::statistics {

/// The features of a dataset: its columns and, below a struct (plain or in lists), the struct's fields. In
/// the order of the columns, a struct before its fields: TFDV's order.
///
/// Immutable; safe from any thread.
class FeatureTree {
 public:
  static constexpr int kNoParent = -1;
  struct Feature {
    std::vector<std::string> path;
    std::shared_ptr<arrow::DataType> type;  ///< Of the arrays that ForEach hands out.
    ColumnRole role;
    int column;  ///< In the batches: the one it is, or lies in.
    int parent = kNoParent;
    /// How many lists lie around a value; at least 1, since a plain value counts as a list of one.
    int nest_level = 1;
  };

  /// Only the columns of `allowlist` (all where it is empty, each of which `data` must have). `schema` (or
  /// null) says which numbers are categorical and which strings bytes. kInvalidArgument for a column whose
  /// type has no statistics.
  static Result<FeatureTree> Make(const arrow::Schema& data, std::span<const std::string> allowlist,
                                  const tensorflow::metadata::v0::Schema* schema);

  const std::vector<Feature>& features() const { return features_; }

  /// Calls use(index of the feature, its array, rows), `rows` being the example of each element; empty where
  /// element i is of example i, and throughout unless `wants_rows`. Below a list of structs there are as many
  /// elements as structs; a field of a null struct is null.
  template <class Use>
  Status ForEach(const arrow::RecordBatch& batch, bool wants_rows, const Use& use) const {
    size_t next = 0;
    while (next < features_.size()) {
      PENSTOCK_RETURN_IF_ERROR(Visit({batch.column(features_[next].column), {}}, wants_rows, use, next));
    }
    return OkStatus();
  }

 private:
  struct Elements {
    std::shared_ptr<arrow::Array> values;
    std::vector<int64_t> rows;
  };
  class Builder;

  /// The structs within `elements`, and each field of them.
  static Result<Elements> FlattenLists(Elements elements, bool wants_rows);
  static Result<std::shared_ptr<arrow::Array>> FieldOf(const arrow::Array& structs, int field);

  template <class Use>
  Status Visit(Elements elements, bool wants_rows, const Use& use, size_t& next) const {
    const Feature& feature = features_[next];
    if (!elements.values->type()->Equals(*feature.type)) {
      return InvalidArgument("Column '{}' is {} in one batch and {} in another", feature.path.front(),
                             feature.type->ToString(), elements.values->type()->ToString());
    }
    PENSTOCK_RETURN_IF_ERROR(use(next, *elements.values, std::span<const int64_t>(elements.rows)));
    ++next;
    if (feature.role != ColumnRole::kStruct) return OkStatus();
    PENSTOCK_ASSIGN_OR_RETURN(elements, FlattenLists(std::move(elements), wants_rows));
    for (int field = 0; field < elements.values->type()->num_fields(); ++field) {
      PENSTOCK_ASSIGN_OR_RETURN(auto values, FieldOf(*elements.values, field));
      PENSTOCK_RETURN_IF_ERROR(Visit({std::move(values), elements.rows}, wants_rows, use, next));
    }
    return OkStatus();
  }

  std::vector<Feature> features_;  // Constant after construction.
};

}  // namespace penstock::statistics
