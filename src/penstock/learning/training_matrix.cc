#include "penstock/learning/training_matrix.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "penstock/learning/row_reader.h"

namespace penstock::learning {
namespace {

struct Shard {
  TrainingMatrix matrix;
  std::vector<int64_t> queries;
  int64_t num_rows_read = 0;
  std::optional<RefusedRow> refused;
};

Status ReadShard(const RowReader& rows, data::BatchReader& reader, const ExecutionOptions& execution,
                 Shard& shard) {
  while (!shard.refused) {
    PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
    PENSTOCK_ASSIGN_OR_RETURN(const std::optional<data::Batch> batch, reader.Next());
    if (!batch) break;
    PENSTOCK_ASSIGN_OR_RETURN(shard.refused, rows.Append(*batch, shard.matrix, shard.queries));
    if (shard.refused) shard.refused->row += shard.num_rows_read;
    shard.num_rows_read += (*batch)->num_rows();
  }
  return OkStatus();
}

template <class T>
void AppendAndFree(std::vector<T>& from, std::vector<T>& into) {
  into.insert(into.end(), from.begin(), from.end());
  std::vector<T>().swap(from);
}

void Concatenate(std::vector<Shard>& shards, TrainingMatrix& all, std::vector<int64_t>& queries) {
  if (shards.size() == 1) {
    all = std::move(shards[0].matrix);
    queries = std::move(shards[0].queries);
    return;
  }
  size_t num_values = 0;
  for (const Shard& shard : shards) num_values += shard.matrix.values.size();
  all.values.reserve(num_values);
  for (Shard& shard : shards) {
    all.num_unlabeled += shard.matrix.num_unlabeled;
    AppendAndFree(shard.matrix.values, all.values);
    AppendAndFree(shard.matrix.labels, all.labels);
    AppendAndFree(shard.matrix.weights, all.weights);
    AppendAndFree(shard.queries, queries);
  }
}

/// Brings the rows of each query together; within it they stay in order.
void SortByQuery(const std::vector<int64_t>& queries, TrainingMatrix& matrix) {
  std::unordered_map<int64_t, int64_t> places;
  std::vector<int64_t> place_of_row, sizes;
  for (const int64_t query : queries) {
    const auto place = places.try_emplace(query, static_cast<int64_t>(places.size())).first->second;
    if (place == static_cast<int64_t>(sizes.size())) sizes.push_back(0);
    ++sizes[static_cast<size_t>(place)];
    place_of_row.push_back(place);
  }
  matrix.query_ends.resize(sizes.size());
  std::partial_sum(sizes.begin(), sizes.end(), matrix.query_ends.begin());
  std::vector<int64_t> order(queries.size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return place_of_row[static_cast<size_t>(a)] < place_of_row[static_cast<size_t>(b)];
  });
  if (std::is_sorted(order.begin(), order.end())) return;
  const TrainingMatrix given = matrix;
  for (size_t row = 0; row < order.size(); ++row) {
    const auto from = static_cast<size_t>(order[row]);
    std::copy_n(given.values.begin() + static_cast<std::ptrdiff_t>(from * given.num_columns),
                given.num_columns,
                matrix.values.begin() + static_cast<std::ptrdiff_t>(row * given.num_columns));
    matrix.labels[row] = given.labels[from];
    if (!given.weights.empty()) matrix.weights[row] = given.weights[from];
  }
}

}  // namespace

Result<TrainingMatrix> ReadTrainingMatrix(const data::Dataset& dataset, const std::string& split_name,
                                          const transform::TransformGraph& transform,
                                          const ExecutionOptions& execution, Labels wanted) {
  PENSTOCK_ASSIGN_OR_RETURN(const RowReader rows, RowReader::Make(transform, split_name, wanted));
  std::vector<Shard> shards(static_cast<size_t>(dataset.num_shards()));
  for (Shard& shard : shards) shard.matrix = rows.Empty();
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(dataset.num_shards(), execution, [&](int64_t i) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const std::unique_ptr<data::BatchReader> reader, dataset.ReadShard(i));
    return ReadShard(rows, *reader, execution, shards[static_cast<size_t>(i)]);
  }));
  int64_t num_rows_before = 0;
  for (const Shard& shard : shards) {
    if (shard.refused)
      return RefuseRow(split_name, num_rows_before + shard.refused->row, shard.refused->what);
    num_rows_before += shard.num_rows_read;
  }
  TrainingMatrix matrix = rows.Empty();
  std::vector<int64_t> queries;
  Concatenate(shards, matrix, queries);
  PENSTOCK_RETURN_IF_ERROR(
      CheckNumExamples(split_name, num_rows_before, matrix.num_rows(), matrix.num_unlabeled));
  if (rows.has_query()) SortByQuery(queries, matrix);
  return matrix;
}

Status RefuseRow(const std::string& split_name, int64_t row, const std::string& what) {
  return InvalidArgument(
      "Split '{}' cannot be learned from: in row {}, {}; mend the expression of the label or weight",
      split_name, row + 1, what);
}

Status CheckNumExamples(const std::string& split_name, int64_t num_read, int64_t num_labeled,
                        int64_t num_unlabeled) {
  if (num_read == 0) {
    return InvalidArgument("Split '{}' has no examples: give it a share of the data where it is split",
                           split_name);
  }
  if (num_labeled > 0) return OkStatus();
  return InvalidArgument("Split '{}' has no example with a label: all {} lack it", split_name, num_unlabeled);
}

}  // namespace penstock::learning
