#include "penstock/learning/training_matrix.h"

#include <cmath>
#include <optional>

#include <arrow/array.h>

#include "penstock/base/near_miss.h"

namespace penstock::learning {
namespace {

/// Number columns as doubles: formats differ in the width they keep.
class NumberColumn {
 public:
  static Result<NumberColumn> Find(const data::Batch& batch, std::string_view name,
                                   const std::string& split_name) {
    std::shared_ptr<arrow::Array> array = batch->GetColumnByName(std::string(name));
    if (array == nullptr) {
      return InvalidArgument("Split '{}' has no column '{}': were its examples made by this transform?{}",
                             split_name, name, DidYouMean(name, batch->schema()->field_names()));
    }
    switch (array->type_id()) {
      case arrow::Type::NA:
      case arrow::Type::BOOL:
      case arrow::Type::INT64:
      case arrow::Type::FLOAT:
      case arrow::Type::DOUBLE:
        return NumberColumn(std::move(array));
      default:
        return InvalidArgument("Column '{}' of split '{}' is {}, not a number", name, split_name,
                               array->type()->ToString());
    }
  }

  std::optional<double> Value(int64_t row) const {
    if (array_->IsNull(row)) return std::nullopt;
    switch (array_->type_id()) {
      case arrow::Type::BOOL:
        return static_cast<const arrow::BooleanArray&>(*array_).Value(row) ? 1.0 : 0.0;
      case arrow::Type::INT64:
        return static_cast<double>(static_cast<const arrow::Int64Array&>(*array_).Value(row));
      case arrow::Type::FLOAT:
        return static_cast<const arrow::FloatArray&>(*array_).Value(row);
      case arrow::Type::DOUBLE:
        return static_cast<const arrow::DoubleArray&>(*array_).Value(row);
      default:
        return std::nullopt;
    }
  }

 private:
  explicit NumberColumn(std::shared_ptr<arrow::Array> array) : array_(std::move(array)) {}
  std::shared_ptr<arrow::Array> array_;
};

/// A value that is refused, with its row in the shard: the row in the split is known once all shards are
/// read.
struct Refusal {
  int64_t row_in_shard = 0;
  std::string what;
};

struct Shard {
  TrainingMatrix matrix;
  int64_t num_rows_read = 0;
  std::optional<Refusal> refusal;
};

class ShardReader {
 public:
  ShardReader(const model::FeatureMatrix& layout, const transform::TransformGraph& transform,
              const std::string& split_name, Labels wanted)
      : layout_(layout),
        has_label_(wanted == Labels::kWanted),
        is_binary_(has_label_ && transform.task() == transform::Task::kBinaryClassification),
        has_weight_(transform.has_weight()),
        split_name_(split_name) {}

  Status Read(data::BatchReader& reader, const ExecutionOptions& execution, Shard& shard) const {
    while (!shard.refusal) {
      PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
      PENSTOCK_ASSIGN_OR_RETURN(const std::optional<data::Batch> batch, reader.Next());
      if (!batch) break;
      PENSTOCK_RETURN_IF_ERROR(Append(*batch, shard));
    }
    return OkStatus();
  }

 private:
  Status Append(const data::Batch& batch, Shard& shard) const {
    std::optional<NumberColumn> labels, weights;
    if (has_label_) {
      PENSTOCK_ASSIGN_OR_RETURN(labels, NumberColumn::Find(batch, transform::kLabelColumn, split_name_));
    }
    if (has_weight_) {
      PENSTOCK_ASSIGN_OR_RETURN(weights, NumberColumn::Find(batch, transform::kWeightColumn, split_name_));
    }
    TrainingMatrix& matrix = shard.matrix;
    const int64_t width = layout_.num_columns();
    const size_t first = matrix.values.size();
    matrix.values.resize(first + batch->num_rows() * width);
    PENSTOCK_RETURN_IF_ERROR(layout_.Fill(batch, std::span<float>(matrix.values).subspan(first)));
    float* kept = matrix.values.data() + first;
    for (int64_t row = 0; row < batch->num_rows(); ++row) {
      const std::optional<double> label = labels ? labels->Value(row) : 0.0;
      const std::optional<double> weight = weights ? weights->Value(row) : 1.0;
      if (!label || !weight) {
        ++matrix.num_unlabeled;
        continue;
      }
      if (std::string what = Fault(*label, *weight); !what.empty()) {
        shard.refusal = Refusal{shard.num_rows_read + row, std::move(what)};
        return OkStatus();
      }
      const float* source = matrix.values.data() + first + row * width;
      if (source != kept) std::copy(source, source + width, kept);
      kept += width;
      matrix.labels.push_back(*label);
      if (has_weight_) matrix.weights.push_back(*weight);
    }
    matrix.values.resize(kept - matrix.values.data());
    shard.num_rows_read += batch->num_rows();
    return OkStatus();
  }

  std::string Fault(double label, double weight) const {
    if (!std::isfinite(label)) return fmt::format("the label is not finite ({})", label);
    if (is_binary_ && label != 0 && label != 1) return fmt::format("the label is {}, neither 0 nor 1", label);
    if (!std::isfinite(weight) || weight < 0)
      return fmt::format("the weight is {}, not a number from 0 on", weight);
    return "";
  }

  const model::FeatureMatrix& layout_;
  const bool has_label_;
  const bool is_binary_;
  const bool has_weight_;
  const std::string& split_name_;
};

template <class T>
void AppendAndFree(std::vector<T>& from, std::vector<T>& into) {
  into.insert(into.end(), from.begin(), from.end());
  std::vector<T>().swap(from);
}

TrainingMatrix Concatenate(std::vector<Shard>& shards) {
  if (shards.size() == 1) return std::move(shards[0].matrix);
  TrainingMatrix all;
  size_t num_values = 0;
  for (const Shard& shard : shards) num_values += shard.matrix.values.size();
  all.values.reserve(num_values);
  for (Shard& shard : shards) {
    all.num_unlabeled += shard.matrix.num_unlabeled;
    AppendAndFree(shard.matrix.values, all.values);
    AppendAndFree(shard.matrix.labels, all.labels);
    AppendAndFree(shard.matrix.weights, all.weights);
  }
  return all;
}

}  // namespace

Result<TrainingMatrix> ReadTrainingMatrix(const data::Dataset& dataset, const std::string& split_name,
                                          const transform::TransformGraph& transform,
                                          const ExecutionOptions& execution, Labels wanted) {
  PENSTOCK_ASSIGN_OR_RETURN(const model::FeatureMatrix layout,
                            model::FeatureMatrix::ForFeatures(transform.output_schema()));
  const ShardReader shard_reader(layout, transform, split_name, wanted);
  std::vector<Shard> shards(dataset.num_shards());
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(dataset.num_shards(), execution, [&](int64_t i) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const std::unique_ptr<data::BatchReader> reader, dataset.ReadShard(i));
    return shard_reader.Read(*reader, execution, shards[i]);
  }));
  int64_t num_rows_before = 0;
  for (const Shard& shard : shards) {
    if (shard.refusal) {
      return InvalidArgument(
          "Split '{}' cannot be learned from: in row {}, {}; mend the expression of the label or weight",
          split_name, num_rows_before + shard.refusal->row_in_shard + 1, shard.refusal->what);
    }
    num_rows_before += shard.num_rows_read;
  }
  TrainingMatrix matrix = Concatenate(shards);
  matrix.num_columns = layout.num_columns();
  if (num_rows_before == 0) {
    return InvalidArgument("Split '{}' has no examples: give it a share of the data where it is split",
                           split_name);
  }
  if (matrix.num_rows() == 0) {
    return InvalidArgument("Split '{}' has no example with a label: all {} lack it", split_name,
                           matrix.num_unlabeled);
  }
  return matrix;
}

}  // namespace penstock::learning
