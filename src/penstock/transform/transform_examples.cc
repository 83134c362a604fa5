#include "penstock/transform/transform_examples.h"

#include <arrow/record_batch.h>

#include "penstock/data/map_batches.h"

namespace penstock::transform {

Result<int64_t> TransformExamples(const TransformGraph& graph, const data::Dataset& dataset,
                                  const std::string& path, data::PayloadFormat format,
                                  const ExecutionOptions& options) {
  std::unique_ptr<data::ExampleWriter> writer;
  int64_t num_rows = 0;
  PENSTOCK_RETURN_IF_ERROR(data::MapBatches(
      dataset, options, [&](const data::Batch& batch) { return graph.Apply(batch); },
      [&](const data::Batch& batch) -> Status {
        if (writer == nullptr) {
          PENSTOCK_ASSIGN_OR_RETURN(writer, data::OpenExampleWriter(path, batch->schema(), format));
        }
        num_rows += batch->num_rows();
        return writer->Write(batch);
      }));
  if (writer == nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(writer, data::OpenExampleWriter(path, graph.arrow_schema(), format));
  }
  PENSTOCK_RETURN_IF_ERROR(writer->Close());
  return num_rows;
}

}  // namespace penstock::transform
