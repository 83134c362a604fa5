#include "penstock/data/map_batches.h"

#include <algorithm>
#include <vector>

#include <arrow/record_batch.h>

namespace penstock::data {

Status MapBatches(const Dataset& dataset, const ExecutionOptions& options, const BatchMap& map,
                  const BatchSink& take, int64_t max_rows) {
  int64_t num_left = max_rows;
  const int64_t group = options.ResolvedThreads();
  for (int64_t first = 0; first < dataset.num_shards() && num_left > 0; first += group) {
    const int64_t count = std::min(group, dataset.num_shards() - first);
    std::vector<std::vector<Batch>> mapped(static_cast<size_t>(count));
    PENSTOCK_RETURN_IF_ERROR(ParallelFor(count, options, [&](int64_t i) -> Status {
      PENSTOCK_ASSIGN_OR_RETURN(const auto reader, dataset.ReadShard(first + i));
      for (int64_t num_rows = 0; num_rows < num_left;) {
        PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
        if (!batch) break;
        num_rows += (*batch)->num_rows();
        PENSTOCK_ASSIGN_OR_RETURN(Batch made, map(*batch));
        mapped[static_cast<size_t>(i)].push_back(std::move(made));
      }
      return OkStatus();
    }));
    for (const auto& batches : mapped) {
      for (const Batch& whole : batches) {
        const Batch batch = whole->num_rows() > num_left ? whole->Slice(0, num_left) : whole;
        num_left -= batch->num_rows();
        PENSTOCK_RETURN_IF_ERROR(take(batch));
      }
    }
  }
  return OkStatus();
}

}  // namespace penstock::data
