// fuzz-libraries: penstock_combine
// Decodes any bytes as the state of each combiner; what decodes must merge, finish and encode.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "penstock/combine/column_combiners.h"
#include "penstock/combine/combiner_set.h"
#include "penstock/combine/keyed_fold.h"
#include "penstock/combine/windowed_fold.h"

namespace {

using namespace penstock::combine;  // NOLINT: one file, one room.

template <Combiner C>
void DecodeAndUse(const C& combiner, std::string_view bytes) {
  auto state = combiner.Decode(bytes);
  if (!state.ok()) return;
  auto total = combiner.NewState();
  if (!combiner.Merge(*state, total).ok()) return;
  (void)combiner.Merge(*state, total);
  (void)combiner.Finish(total);
  (void)combiner.Decode(combiner.Encode(total));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const ColumnMoments moments("x");
  switch (data[0] % 7) {
    case 0:
      DecodeAndUse(moments, bytes);
      break;
    case 1:
      DecodeAndUse(WeightedColumnMoments("x", "w"), bytes);
      break;
    case 2:
      DecodeAndUse(ColumnQuantiles("x", 0.1), bytes);
      break;
    case 3:
      DecodeAndUse(ColumnFrequencies("x", 5, {.max_distinct = 4}), bytes);
      break;
    case 4:
      DecodeAndUse(ColumnHistogram("x", 0, 1, 4), bytes);
      break;
    case 5:
      DecodeAndUse(KeyedFold(moments, {{"k"}}), bytes);
      break;
    case 6:
      DecodeAndUse(WindowedFold(moments, {.time_column = "t", .pane_micros = 1, .panes_per_window = 2}),
                   bytes);
      break;
  }
  return 0;
}
