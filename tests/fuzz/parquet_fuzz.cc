// fuzz-libraries: penstock_data
// Any bytes as a Parquet file.
#include <cstdint>
#include <string>

#include "penstock/data/parquet/parquet_dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace penstock;
  const std::string content(reinterpret_cast<const char*>(data), size);
  const auto source = data::FileSource::FromMemory("fuzz.parquet", content);
  const auto dataset = data::parquet_format::OpenParquetDataset({source}, {}, {.num_threads = 1});
  if (!dataset.ok()) return 0;
  const auto reader = data::ReadSequentially(**dataset);
  for (auto batch = reader->Next(); batch.ok() && *batch; batch = reader->Next()) {
  }
  return 0;
}
