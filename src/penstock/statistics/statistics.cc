#include "penstock/statistics/statistics.h"

#include "penstock/combine/fold.h"
#include "penstock/statistics/dataset_statistics.h"

namespace penstock::statistics {

using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;

Result<DatasetFeatureStatisticsList> ComputeStatistics(const data::Dataset& dataset,
                                                       const StatisticsOptions& options,
                                                       const ExecutionOptions& execution) {
  PENSTOCK_ASSIGN_OR_RETURN(const DatasetStatistics combiner,
                            DatasetStatistics::Make(*dataset.schema(), options));
  PENSTOCK_ASSIGN_OR_RETURN(DatasetFeatureStatistics statistics,
                            combine::Compute(combiner, dataset, execution));
  DatasetFeatureStatisticsList list;
  *list.add_datasets() = std::move(statistics);
  return list;
}

}  // namespace penstock::statistics
