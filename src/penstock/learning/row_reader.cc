#include "penstock/learning/row_reader.h"

#include <algorithm>
#include <cmath>

#include <arrow/array.h>

#include "penstock/base/near_miss.h"

namespace penstock::learning {
namespace {

Result<std::shared_ptr<arrow::Array>> FindColumn(const data::Batch& batch, std::string_view name,
                                                 const std::string& split_name) {
  std::shared_ptr<arrow::Array> array = batch->GetColumnByName(std::string(name));
  if (array != nullptr) return array;
  return InvalidArgument("Split '{}' has no column '{}': were its examples made by this transform?{}",
                         split_name, name, DidYouMean(name, batch->schema()->field_names()));
}

/// Numbers, or lists of them, as doubles: formats differ in the width they keep.
class NumberColumn {
 public:
  static Result<NumberColumn> Find(const data::Batch& batch, std::string_view name, int32_t width,
                                   bool is_list, const std::string& split_name) {
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Array> array, FindColumn(batch, name, split_name));
    NumberColumn column;
    column.width_ = width;
    column.rows_ = array;
    column.values_ = array;
    if (is_list && array->type_id() != arrow::Type::NA) {
      column.lists_ = dynamic_cast<const arrow::ListArray*>(array.get());
      if (column.lists_ == nullptr)
        return InvalidArgument("Column '{}' of split '{}' is {}, not a list of numbers", name, split_name,
                               array->type()->ToString());
      column.values_ = column.lists_->values();
    }
    switch (column.values_->type_id()) {
      case arrow::Type::NA:
      case arrow::Type::BOOL:
      case arrow::Type::INT64:
      case arrow::Type::FLOAT:
      case arrow::Type::DOUBLE:
        return column;
      default:
        return InvalidArgument("Column '{}' of split '{}' is {}, not a number", name, split_name,
                               array->type()->ToString());
    }
  }

  /// Whether there are `width` of them; then writes them.
  bool Read(int64_t row, std::span<double> into) const {
    if (rows_->IsNull(row)) return false;
    int64_t first = row;
    if (lists_ != nullptr) {
      first = lists_->value_offset(row);
      if (lists_->value_length(row) != width_) return false;
    }
    for (int64_t i = 0; i < width_; ++i) {
      if (values_->IsNull(first + i)) return false;
      into[static_cast<size_t>(i)] = Value(first + i);
    }
    return true;
  }

 private:
  double Value(int64_t at) const {
    switch (values_->type_id()) {
      case arrow::Type::BOOL:
        return static_cast<const arrow::BooleanArray&>(*values_).Value(at) ? 1.0 : 0.0;
      case arrow::Type::INT64:
        return static_cast<double>(static_cast<const arrow::Int64Array&>(*values_).Value(at));
      case arrow::Type::FLOAT:
        return static_cast<const arrow::FloatArray&>(*values_).Value(at);
      default:
        return static_cast<const arrow::DoubleArray&>(*values_).Value(at);
    }
  }

  int32_t width_ = 1;
  std::shared_ptr<arrow::Array> rows_;
  std::shared_ptr<arrow::Array> values_;
  const arrow::ListArray* lists_ = nullptr;
};

}  // namespace

struct RowReader::Columns {
  std::optional<NumberColumn> labels, weights;
  std::shared_ptr<arrow::Array> queries;
};

Result<RowReader> RowReader::Make(const transform::TransformGraph& transform, std::string split_name,
                                  Labels wanted) {
  PENSTOCK_ASSIGN_OR_RETURN(model::FeatureMatrix layout,
                            model::FeatureMatrix::ForFeatures(transform.output_schema()));
  RowReader reader(std::move(layout), std::move(split_name));
  reader.has_weight_ = transform.has_weight();
  if (wanted == Labels::kNotWanted) return reader;
  reader.task_ = transform.task();
  reader.has_query_ = transform.has_query();
  reader.num_classes_ = static_cast<int64_t>(transform.class_names().size());
  if (reader.task_ == transform::Task::kMultilabelClassification)
    reader.num_labels_ = static_cast<int32_t>(std::max<int64_t>(reader.num_classes_, 1));
  return reader;
}

TrainingMatrix RowReader::Empty() const {
  TrainingMatrix matrix;
  matrix.num_columns = num_columns();
  matrix.num_labels = num_labels_;
  return matrix;
}

Result<RowReader::Columns> RowReader::Find(const data::Batch& batch) const {
  Columns columns;
  if (task_ != transform::Task::kNone) {
    const bool is_list = task_ == transform::Task::kMultilabelClassification;
    PENSTOCK_ASSIGN_OR_RETURN(columns.labels, NumberColumn::Find(batch, transform::kLabelColumn, num_labels_,
                                                                 is_list, split_name_));
  }
  if (has_weight_) {
    PENSTOCK_ASSIGN_OR_RETURN(columns.weights,
                              NumberColumn::Find(batch, transform::kWeightColumn, 1, false, split_name_));
  }
  if (has_query_) {
    PENSTOCK_ASSIGN_OR_RETURN(columns.queries, FindColumn(batch, transform::kQueryColumn, split_name_));
    const arrow::Type::type type = columns.queries->type_id();
    if (type != arrow::Type::INT64 && type != arrow::Type::NA)
      return InvalidArgument("Column '{}' of split '{}' is {}, not whole numbers", transform::kQueryColumn,
                             split_name_, columns.queries->type()->ToString());
  }
  return columns;
}

std::string RowReader::Fault(std::span<const double> labels, double weight) const {
  for (const double label : labels) {
    if (!std::isfinite(label)) return fmt::format("the label is not finite ({})", label);
    switch (task_) {
      case transform::Task::kBinaryClassification:
      case transform::Task::kMultilabelClassification:
        if (label != 0 && label != 1) return fmt::format("the label is {}, neither 0 nor 1", label);
        break;
      case transform::Task::kMulticlassClassification:
        if (label < 0 || label >= static_cast<double>(num_classes_) || label != std::floor(label))
          return fmt::format("the label is {}, not the number of one of {} classes", label, num_classes_);
        break;
      case transform::Task::kRanking:
        if (label < 0 || label > 31)
          return fmt::format("the label is {}, not a relevance from 0 to 31", label);
        break;
      case transform::Task::kRegression:
      case transform::Task::kNone:
        break;
    }
  }
  if (!std::isfinite(weight) || weight < 0)
    return fmt::format("the weight is {}, not a number from 0 on", weight);
  return "";
}

Result<std::optional<RefusedRow>> RowReader::Append(const data::Batch& batch, TrainingMatrix& into,
                                                    std::vector<int64_t>& queries) const {
  PENSTOCK_ASSIGN_OR_RETURN(const Columns columns, Find(batch));
  const int64_t width = num_columns();
  const size_t first = into.values.size();
  into.values.resize(first + static_cast<size_t>(batch->num_rows() * width));
  PENSTOCK_RETURN_IF_ERROR(layout_.Fill(batch, std::span<float>(into.values).subspan(first)));
  float* kept = into.values.data() + first;
  std::vector<double> labels(static_cast<size_t>(num_labels_), 0.0);
  std::optional<RefusedRow> refused;
  for (int64_t row = 0; row < batch->num_rows() && !refused; ++row) {
    double weight = 1;
    const bool is_there = (!columns.labels || columns.labels->Read(row, labels)) &&
                          (!columns.weights || columns.weights->Read(row, {&weight, 1})) &&
                          (columns.queries == nullptr || columns.queries->IsValid(row));
    if (!is_there) {
      ++into.num_unlabeled;
      continue;
    }
    if (std::string what = Fault(labels, weight); !what.empty()) {
      refused = RefusedRow{row, std::move(what)};
      break;
    }
    const float* source = into.values.data() + first + row * width;
    if (source != kept) std::copy(source, source + width, kept);
    kept += width;
    into.labels.insert(into.labels.end(), labels.begin(), labels.end());
    if (has_weight_) into.weights.push_back(weight);
    if (columns.queries != nullptr)
      queries.push_back(static_cast<const arrow::Int64Array&>(*columns.queries).Value(row));
  }
  into.values.resize(static_cast<size_t>(kept - into.values.data()));
  return refused;
}

}  // namespace penstock::learning
