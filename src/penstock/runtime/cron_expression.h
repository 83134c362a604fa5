#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "penstock/base/status.h"

namespace penstock::runtime {

/// A cron expression as Kubeflow Pipelines takes it (robfig/cron v1): five or six fields,
///   second minute hour day-of-month month [day-of-week]
/// of *, ?, numbers, names (JAN, MON), ranges, lists and steps; or @yearly, @annually, @monthly,
/// @weekly, @daily, @midnight, @hourly, @every 1h30m. "TZ=Europe/Berlin " before it sets the
/// time zone. Where both day fields are restricted, a day that satisfies either counts.
///
/// A time is due where the clock on the wall shows it: a time that a change of the clocks
/// leaves out is not due that day, one that comes twice is due twice. Immutable; safe from any thread.
class CronExpression {
 public:
  /// kInvalidArgument names the field, what stands there and what may. `time_zone`: for an
  /// expression without one; empty: UTC.
  static Result<CronExpression> Parse(std::string_view text, std::string_view time_zone = "");

  /// The first time after `seconds` (since the epoch); empty: none within twelve years. Pure.
  std::optional<int64_t> Next(int64_t seconds) const;
  /// The last time due in (after, until]; empty: none. Pure; a few dozen steps however long ago `after` is.
  std::optional<int64_t> LatestDue(int64_t after, int64_t until) const;

 private:
  struct Zone;
  CronExpression() = default;
  Status ParseFields(std::string_view text);
  bool MatchesDay(int month, int day, int weekday) const;
  std::optional<int64_t> FirstTimeOfDay(int64_t from_second_of_day, int64_t end_second_of_day) const;

  // Bit n: the value n.
  uint64_t seconds_ = 0, minutes_ = 0, hours_ = 0, days_ = 0, months_ = 0, weekdays_ = 0;
  bool is_any_day_ = false, is_any_weekday_ = false;
  int64_t every_seconds_ = 0;  ///< Not 0: @every, and nothing else counts.
  std::shared_ptr<const Zone> zone_;
};

}  // namespace penstock::runtime
