// fuzz-libraries: penstock_data
// Any bytes as Arrow IPC: opening and reading ends in rows or a status, and what is open can be read.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "penstock/data/arrow_ipc/ipc_dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  const std::string content(reinterpret_cast<const char*>(data), size);
  const ExecutionOptions execution{.num_threads = 1};
  const auto source = data::FileSource::FromMemory("fuzz.arrow", content);
  for (const auto& columns : {std::vector<std::string>{}, std::vector<std::string>{"a"}}) {
    data::DatasetOptions options;
    options.columns = columns;
    const auto dataset = data::arrow_ipc::OpenIpcDataset({source}, options, execution);
    if (!dataset.ok()) continue;
    const auto reader = data::ReadSequentially(**dataset);
    for (auto batch = reader->Next(); batch.ok() && *batch; batch = reader->Next())
      if (!(**batch)->ValidateFull().ok()) std::abort();
  }
  return 0;
}
