#include "penstock/model/representative_data.h"

#include <cmath>

#include "penstock/model/network_model.h"

namespace penstock::model {
namespace {

bool IsFinite(const ValueRange& range) { return std::isfinite(range.high) && std::isfinite(range.low); }

bool IsFinite(const ActivationRanges& seen) {
  for (const ValueRange& range : seen.layers)
    if (!IsFinite(range)) return false;
  return IsFinite(seen.wide) && IsFinite(seen.deep);
}

}  // namespace

Result<ActivationRanges> ObserveActivations(const Model& model, const data::Dataset& dataset,
                                            const ExecutionOptions& execution) {
  const auto* network = dynamic_cast<const NetworkModel*>(&model);
  if (network == nullptr)
    return InvalidArgument(
        "The model is no network: it has no activations to quantize by representative data");
  const NetworkShape& shape = network->network().shape();
  if (!shape.has_deep && shape.numbers.empty())
    return InvalidArgument(
        "The network only looks up tables: it has no dense layers to quantize by representative data");
  std::vector<ActivationRanges> of_shards(static_cast<size_t>(dataset.num_shards()));
  PENSTOCK_RETURN_IF_ERROR(ParallelFor(dataset.num_shards(), execution, [&](int64_t shard) -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(const auto reader, dataset.ReadShard(shard));
    while (true) {
      PENSTOCK_RETURN_IF_ERROR(execution.CheckCancelled());
      PENSTOCK_ASSIGN_OR_RETURN(const auto batch, reader->Next());
      if (!batch) return OkStatus();
      PENSTOCK_RETURN_IF_ERROR(network->Observe(*batch, of_shards[static_cast<size_t>(shard)]));
    }
  }));
  ActivationRanges seen;
  for (const ActivationRanges& ranges : of_shards) seen.Add(ranges);
  if (seen.num_rows == 0) return InvalidArgument("The representative data has no examples");
  if (!IsFinite(seen))
    return InvalidArgument("An activation of the network is infinite on the representative data");
  return seen;
}

}  // namespace penstock::model
