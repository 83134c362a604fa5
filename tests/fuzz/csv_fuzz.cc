// fuzz-libraries: penstock_data
// Any bytes as a CSV file: opening and reading ends in rows or a status, and the same rows whatever the
// blocks.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "penstock/data/csv/csv_dataset.h"
#include "penstock/data/csv/record_scan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  const std::string content(reinterpret_cast<const char*>(data), size);
  const ExecutionOptions execution{.num_threads = 1};
  const auto source = data::FileSource::FromMemory("fuzz.csv", content);
  for (const int64_t block_bytes : {1, 5, 64}) {
    const auto ranges = data::csv::FindRecordRanges(source, 0, ',', block_bytes, execution);
    if (!ranges.ok()) std::abort();
    for (size_t i = 1; i < ranges->bounds.size(); ++i)
      if (ranges->bounds[i] <= ranges->bounds[i - 1]) std::abort();
  }
  const auto dataset = data::csv::OpenCsvDataset({source}, {}, execution);
  if (!dataset.ok()) return 0;
  const auto reader = data::ReadSequentially(**dataset);
  for (auto batch = reader->Next(); batch.ok() && *batch; batch = reader->Next())
    if (!(**batch)->ValidateFull().ok()) std::abort();
  return 0;
}
