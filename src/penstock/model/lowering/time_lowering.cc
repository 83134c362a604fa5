#include "penstock/model/lowering/time_lowering.h"

namespace penstock::model {
namespace {

/// Hinnant's algorithm, in which a year begins in March, on doubles that hold whole numbers.
class CalendarWriter {
 public:
  explicit CalendarWriter(TensorBuilder& builder) : builder_(builder) {}

  Tensor Part(int64_t part, const Tensor& seconds) {
    enum { kYear, kMonth, kDay, kHour, kMinute, kSecond, kDayOfWeek, kDayOfYear };
    const Tensor day = Quotient(seconds, 86'400), of_day = Rest(seconds, 86'400);
    if (part == kHour) return Quotient(of_day, 3600);
    if (part == kMinute) return Rest(Quotient(of_day, 60), 60);
    if (part == kSecond) return Rest(of_day, 60);
    if (part == kDayOfWeek) return Rest(Plus(day, 3), 7);
    const Tensor shifted = Plus(day, 719'468);
    const Tensor era = Quotient(shifted, 146'097), day_of_era = Rest(shifted, 146'097);
    Tensor years = Minus(day_of_era, Quotient(day_of_era, 1460));
    years = Minus(Add(years, Quotient(day_of_era, 36'524)), Quotient(day_of_era, 146'096));
    const Tensor year_of_era = Quotient(years, 365);
    const Tensor leap_days = Minus(Quotient(year_of_era, 4), Quotient(year_of_era, 100));
    const Tensor day_of_year = Minus(day_of_era, Add(Times(year_of_era, 365), leap_days));
    const Tensor march_month = Quotient(Plus(Times(day_of_year, 5), 2), 153);
    if (part == kDay) return Plus(Minus(day_of_year, Quotient(Plus(Times(march_month, 153), 2), 5)), 1);
    const Tensor is_late = builder_.Apply(TensorOp::kGreaterOrEqual, march_month, builder_.Number(10));
    const Tensor month = builder_.Where(is_late, Plus(march_month, -9), Plus(march_month, 3));
    if (part == kMonth) return month;
    const Tensor march_year = Add(Times(era, 400), year_of_era);
    const Tensor year = builder_.Where(is_late, Plus(march_year, 1), march_year);
    if (part == kYear) return year;
    // From the first of January, whose year began in March of the year before.
    const Tensor before = Plus(year, -1);
    Tensor first = Add(Times(before, 365), Quotient(before, 4));
    first = Add(Minus(first, Quotient(before, 100)), Quotient(before, 400));
    return Plus(Minus(shifted, first), -305);
  }

 private:
  Tensor Add(const Tensor& x, const Tensor& y) { return builder_.Apply(TensorOp::kAdd, x, y); }
  Tensor Minus(const Tensor& x, const Tensor& y) { return builder_.Apply(TensorOp::kSubtract, x, y); }
  Tensor Plus(const Tensor& x, double y) { return Add(x, builder_.Number(y)); }
  Tensor Times(const Tensor& x, double y) {
    return builder_.Apply(TensorOp::kMultiply, x, builder_.Number(y));
  }
  Tensor Quotient(const Tensor& x, double y) {
    return builder_.Apply(TensorOp::kFloor, builder_.Apply(TensorOp::kDivide, x, builder_.Number(y)));
  }
  Tensor Rest(const Tensor& x, double y) { return Minus(x, Times(Quotient(x, y), y)); }

  TensorBuilder& builder_;
};

}  // namespace

Tensor LowerTimePart(int64_t part, const Tensor& seconds, TensorBuilder& builder) {
  return CalendarWriter(builder).Part(part, seconds);
}

}  // namespace penstock::model
