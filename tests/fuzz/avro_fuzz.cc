// fuzz-libraries: penstock_data
// Any bytes as an Avro file: opening and reading ends in rows or a status, and the same rows whatever the
// batches.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "penstock/data/avro/avro_dataset.h"

namespace {

/// Rows read, or -1 after an error.
int64_t CountRows(const penstock::data::FileSource& source, int64_t max_batch_rows) {
  using namespace penstock;
  data::DatasetOptions options;
  options.max_batch_rows = max_batch_rows;
  const auto dataset = data::avro::OpenAvroDataset({source}, options, {.num_threads = 1});
  if (!dataset.ok()) return -1;
  const auto reader = data::ReadSequentially(**dataset);
  int64_t num_rows = 0;
  while (true) {
    const auto batch = reader->Next();
    if (!batch.ok()) return -1;
    if (!*batch) return num_rows;
    if (!(**batch)->ValidateFull().ok()) std::abort();
    num_rows += (**batch)->num_rows();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto source = penstock::data::FileSource::FromMemory(
      "fuzz.avro", std::string(reinterpret_cast<const char*>(data), size));
  if (CountRows(source, 65'536) != CountRows(source, 3)) std::abort();
  return 0;
}
