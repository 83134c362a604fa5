// fuzz-libraries: penstock_statistics
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <arrow/type.h>

#include "penstock/statistics/dataset_statistics.h"

// A cached state may be damaged: decoding it must say so, or give a state that merges and finishes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t num_bytes) {
  using penstock::statistics::DatasetStatistics;
  const auto schema =
      arrow::schema({arrow::field("number", arrow::float64()), arrow::field("text", arrow::utf8()),
                     arrow::field("list", arrow::list(arrow::int64()))});
  const auto combiner = DatasetStatistics::Make(*schema, {});
  if (!combiner.ok()) return 0;
  const auto decoded = combiner->Decode({reinterpret_cast<const char*>(bytes), num_bytes});
  if (!decoded.ok()) return 0;
  auto into = combiner->NewState();
  if (combiner->Merge(*decoded, into).ok()) (void)combiner->Finish(into);
  return 0;
}
