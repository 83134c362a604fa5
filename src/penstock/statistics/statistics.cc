#include "penstock/statistics/statistics.h"

#include "penstock/combine/fold.h"
#include "penstock/statistics/dataset_statistics.h"
#include "penstock/statistics/sampled_dataset.h"
#include "penstock/statistics/sliced_statistics.h"

namespace penstock::statistics {

using tensorflow::metadata::v0::DatasetFeatureStatistics;
using tensorflow::metadata::v0::DatasetFeatureStatisticsList;

namespace {

Result<DatasetFeatureStatisticsList> ComputeAll(const data::Dataset& dataset,
                                                const StatisticsOptions& options,
                                                const ExecutionOptions& execution) {
  if (!options.slices.empty()) {
    PENSTOCK_ASSIGN_OR_RETURN(const SlicedStatistics combiner,
                              SlicedStatistics::Make(*dataset.schema(), options));
    return combine::Compute(combiner, dataset, execution);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const DatasetStatistics combiner,
                            DatasetStatistics::Make(*dataset.schema(), options));
  PENSTOCK_ASSIGN_OR_RETURN(DatasetFeatureStatistics statistics,
                            combine::Compute(combiner, dataset, execution));
  DatasetFeatureStatisticsList list;
  *list.add_datasets() = std::move(statistics);
  return list;
}

}  // namespace

Result<DatasetFeatureStatisticsList> ComputeStatistics(const data::Dataset& dataset,
                                                       const StatisticsOptions& options,
                                                       const ExecutionOptions& execution) {
  PENSTOCK_RETURN_IF_ERROR(CheckStatisticsOptions(options));
  if (options.sample_rate >= 1) return ComputeAll(dataset, options, execution);
  return ComputeAll(*SampleExamples(dataset, options.sample_rate), options, execution);
}

}  // namespace penstock::statistics
