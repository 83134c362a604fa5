#include "penstock/combine/windowed_fold.h"

#include <arrow/array.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>

#include "penstock/combine/column_numbers.h"

namespace penstock::combine {
namespace {

int64_t FloorDivide(int64_t value, int64_t divisor) {
  const int64_t quotient = value / divisor;
  return value % divisor < 0 ? quotient - 1 : quotient;
}

// Microseconds of one unit, or 0 for nanoseconds, of which there are 1000 in a microsecond.
int64_t MicrosPerUnit(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1'000'000;
    case arrow::TimeUnit::MILLI:
      return 1'000;
    case arrow::TimeUnit::MICRO:
      return 1;
    case arrow::TimeUnit::NANO:
      return 0;
  }
  return 1;
}

}  // namespace

Result<std::map<int64_t, std::vector<int64_t>>> GroupRowsByPane(const Batch& batch,
                                                                const std::string& time_column,
                                                                int64_t pane_micros) {
  if (pane_micros <= 0)
    return InvalidArgument("The length of a pane must be above 0 microseconds, not {}", pane_micros);
  PENSTOCK_ASSIGN_OR_RETURN(const std::shared_ptr<arrow::Array> times, FindColumn(batch, time_column));
  int64_t micros_per_unit = 1;
  if (times->type_id() == arrow::Type::TIMESTAMP) {
    micros_per_unit = MicrosPerUnit(static_cast<const arrow::TimestampType&>(*times->type()).unit());
  } else if (times->type_id() != arrow::Type::INT64) {
    return InvalidArgument(
        "Event time column '{}' is of type {}; it must be int64 (microseconds) or a timestamp", time_column,
        times->type()->ToString());
  }
  // An int64 array and a timestamp array hold the same words.
  const int64_t* units = times->data()->GetValues<int64_t>(1);
  std::map<int64_t, std::vector<int64_t>> panes;
  for (int64_t row = 0; row < times->length(); ++row) {
    if (times->IsNull(row))
      return InvalidArgument("Event time column '{}' has no value in row {}", time_column, row + 1);
    int64_t micros = 0;
    if (micros_per_unit == 0) {
      micros = FloorDivide(units[row], 1000);
    } else if (__builtin_mul_overflow(units[row], micros_per_unit, &micros)) {
      return InvalidArgument("Event time column '{}' holds a time beyond all calendars in row {}",
                             time_column, row + 1);
    }
    panes[FloorDivide(micros, pane_micros)].push_back(row);
  }
  return panes;
}

}  // namespace penstock::combine
