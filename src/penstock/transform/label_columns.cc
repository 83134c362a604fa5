#include "penstock/transform/label_columns.h"

#include <algorithm>
#include <cmath>

#include <arrow/array/array_nested.h>
#include <arrow/builder.h>

#include "penstock/base/arrow_status.h"
#include "penstock/transform/fingerprint64.h"

namespace penstock::transform {
namespace {

/// `column` with NaN as missing, held against what a label or weight may be.
template <class IsAllowed>
Result<std::shared_ptr<arrow::DoubleArray>> CheckedNumbers(const Column& column, IsAllowed&& is_allowed,
                                                           std::string_view rule) {
  PENSTOCK_ASSIGN_OR_RETURN(Column checked, Column::Allocate(ValueType::kNumber, column.size()));
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, checked.AllocatePresence(1));
  auto* const values = checked.MutableValues<double>();
  for (int64_t i = 0; i < column.size(); ++i) {
    const double value = column.numbers()[i];
    const bool is_present = column.IsPresent(i) && !std::isnan(value);
    presence[i] = is_present ? 1 : 0;
    values[i] = is_present ? value : 0;
    if (is_present && !is_allowed(value)) {
      return InvalidArgument("{}, but it is {} for example {} of a batch", rule, value, i + 1);
    }
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> array, ToArrow(checked));
  return std::static_pointer_cast<arrow::DoubleArray>(array);
}

/// Ids of classes; what is no class that was seen in analysis has none.
Result<std::shared_ptr<arrow::Array>> ClassIds(const Column& label, int64_t num_classes) {
  arrow::DoubleBuilder builder;
  PENSTOCK_RETURN_IF_ERROR(FromArrow(builder.Reserve(label.size())));
  for (int64_t i = 0; i < label.size(); ++i) {
    const double id = label.numbers()[i];
    if (label.IsPresent(i) && id >= 0 && id < static_cast<double>(num_classes)) {
      builder.UnsafeAppend(id);
    } else {
      builder.UnsafeAppendNull();
    }
  }
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Array> array, builder.Finish());
  return array;
}

/// A row of 0 and 1 an example, one for each class.
class IndicatorRows {
 public:
  IndicatorRows(int64_t num_classes, int64_t num_rows)
      : num_classes_(num_classes), row_(static_cast<size_t>(num_classes)) {
    const auto is_reserved = lists_.Reserve(num_rows).ok();
    static_cast<void>(is_reserved);
  }
  void Clear() { std::fill(row_.begin(), row_.end(), 0.0f); }
  void Set(int64_t at) { row_[static_cast<size_t>(at)] = 1; }
  Status Append(bool is_present) {
    if (!is_present) return FromArrow(lists_.AppendNull());
    PENSTOCK_RETURN_IF_ERROR(FromArrow(lists_.Append()));
    return FromArrow(values_->AppendValues(row_.data(), num_classes_));
  }
  Result<std::shared_ptr<arrow::Array>> Finish() {
    PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Array> array, lists_.Finish());
    return array;
  }

 private:
  const int64_t num_classes_;
  std::vector<float> row_;
  std::shared_ptr<arrow::FloatBuilder> values_ = std::make_shared<arrow::FloatBuilder>();
  arrow::ListBuilder lists_{arrow::default_memory_pool(), values_, arrow::list(arrow::float32())};
};

/// An example that lacks one of the conditions' values has no label.
Result<std::shared_ptr<arrow::Array>> ConditionIndicators(const Column& label, int64_t num_classes) {
  IndicatorRows rows(num_classes, label.num_rows());
  for (int64_t row = 0; row < label.num_rows(); ++row) {
    const int64_t first = label.offsets()[row];
    bool is_present = label.offsets()[row + 1] - first == num_classes;
    rows.Clear();
    for (int64_t j = 0; is_present && j < num_classes; ++j) {
      const double value = label.numbers()[first + j];
      is_present = label.IsPresent(first + j) && !std::isnan(value);
      if (is_present && value != 0 && value != 1)
        return InvalidArgument("The label of a class must be 0 or 1, but it is {} for example {} of a batch",
                               value, row + 1);
      if (is_present && value == 1) rows.Set(j);
    }
    PENSTOCK_RETURN_IF_ERROR(rows.Append(is_present));
  }
  return rows.Finish();
}

/// Of lists of class names; an empty one is an example without any class. Names never seen are left out.
Result<std::shared_ptr<arrow::Array>> NameIndicators(const Column& label, int64_t num_classes) {
  IndicatorRows rows(num_classes, label.num_rows());
  for (int64_t row = 0; row < label.num_rows(); ++row) {
    rows.Clear();
    for (int64_t i = label.offsets()[row]; i < label.offsets()[row + 1]; ++i) {
      const int64_t id = label.integers()[i];
      if (label.IsPresent(i) && id >= 0 && id < num_classes) rows.Set(id);
    }
    PENSTOCK_RETURN_IF_ERROR(rows.Append(true));
  }
  return rows.Finish();
}

int64_t NumClasses(const Program& program) {
  if (!program.class_names.empty()) return static_cast<int64_t>(program.class_names.size());
  return std::get<VocabularyResult>(LabelVocabulary(program)->result)->size();
}

}  // namespace

Result<std::shared_ptr<arrow::Array>> LabelArray(const Program& program, const Column& label) {
  switch (program.task) {
    case Task::kBinaryClassification:
      return CheckedNumbers(
          label, [](double value) { return value == 0 || value == 1; },
          "The label of a binary classification must be 0 or 1");
    case Task::kMulticlassClassification:
      return ClassIds(label, NumClasses(program));
    case Task::kMultilabelClassification:
      return program.class_names.empty() ? NameIndicators(label, NumClasses(program))
                                         : ConditionIndicators(label, NumClasses(program));
    case Task::kRanking:
      return CheckedNumbers(
          label, [](double value) { return value >= 0 && value <= 31; },
          "The label of a ranking, how relevant an example is, must be from 0 to 31");
    case Task::kRegression:
    case Task::kNone:
      break;
  }
  return CheckedNumbers(
      label, [](double value) { return std::isfinite(value); }, "The label must be finite");
}

Result<std::shared_ptr<arrow::DoubleArray>> WeightArray(const Column& weight) {
  return CheckedNumbers(
      weight, [](double value) { return std::isfinite(value) && value >= 0; },
      "An example's weight must be finite and at least 0");
}

Result<std::shared_ptr<arrow::Int64Array>> QueryArray(const Column& query) {
  arrow::Int64Builder builder;
  PENSTOCK_RETURN_IF_ERROR(FromArrow(builder.Reserve(query.size())));
  for (int64_t i = 0; i < query.size(); ++i) {
    if (!query.IsPresent(i)) {
      builder.UnsafeAppendNull();
    } else if (query.type() == ValueType::kText) {
      builder.UnsafeAppend(static_cast<int64_t>(Fingerprint64(query.texts()[i])));
    } else {
      builder.UnsafeAppend(query.integers()[i]);
    }
  }
  PENSTOCK_ASSIGN_OR_RETURN_ARROW(std::shared_ptr<arrow::Array> array, builder.Finish());
  return std::static_pointer_cast<arrow::Int64Array>(array);
}

}  // namespace penstock::transform
