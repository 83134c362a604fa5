#include "penstock/runtime/cron_expression.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

namespace penstock::runtime {

struct CronExpression::Zone {
  absl::TimeZone zone;
};

namespace {

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::string_view Stripped(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  while (!(text = Stripped(text)).empty()) {
    const size_t end = std::min(text.find_first_of(" \t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return words;
}

struct FieldBounds {
  const char* name;
  int low;
  int high;
  std::vector<std::string_view> names;  ///< Of low, low + 1, ...
};

const std::array<FieldBounds, 6>& Fields() {
  static const std::array<FieldBounds, 6> fields = {
      FieldBounds{"second", 0, 59, {}},
      {"minute", 0, 59, {}},
      {"hour", 0, 23, {}},
      {"day of month", 1, 31, {}},
      {"month", 1, 12, {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
      {"day of week", 0, 6, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}}};
  return fields;
}

bool IsAny(std::string_view field) { return field == "*" || field == "?"; }

Result<int> ParseNumber(std::string_view text, const FieldBounds& bounds) {
  const std::string lower = Lower(text);
  for (size_t i = 0; i < bounds.names.size(); ++i)
    if (bounds.names[i] == lower) return bounds.low + static_cast<int>(i);
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty() || text[0] == '-')
    return InvalidArgument("'{}' is no {}", text, bounds.name);
  return value;
}

/// "a", "a-b", "*", each with an optional "/step".
Result<uint64_t> ParseRange(std::string_view text, const FieldBounds& bounds) {
  const std::vector<std::string_view> parts = Split(text, '/');
  if (parts.size() > 2) return InvalidArgument("Two steps in the {} '{}'", bounds.name, text);
  int low = bounds.low, high = bounds.high, step = 1;
  if (!IsAny(parts[0])) {
    const std::vector<std::string_view> ends = Split(parts[0], '-');
    if (ends.size() > 2) return InvalidArgument("Too many hyphens in the {} '{}'", bounds.name, text);
    PENSTOCK_ASSIGN_OR_RETURN(low, ParseNumber(ends[0], bounds));
    if (ends.size() == 2) {
      PENSTOCK_ASSIGN_OR_RETURN(high, ParseNumber(ends[1], bounds));
    } else if (parts.size() == 1) {
      high = low;  // "5/10" goes on to the end, "5" is itself.
    }
  }
  if (parts.size() == 2) {
    PENSTOCK_ASSIGN_OR_RETURN(step, ParseNumber(parts[1], {"step", 0, 0, {}}));
    if (step < 1) return InvalidArgument("The step of the {} '{}' must be 1 or more", bounds.name, text);
  }
  if (low < bounds.low || high > bounds.high || low > high)
    return InvalidArgument("The {} '{}' is not within {} to {}", bounds.name, text, bounds.low, bounds.high);
  uint64_t bits = 0;
  for (int64_t value = low; value <= high; value += step) bits |= uint64_t{1} << value;
  return bits;
}

Result<uint64_t> ParseField(std::string_view text, const FieldBounds& bounds) {
  uint64_t bits = 0;
  for (const std::string_view part : Split(text, ',')) {
    PENSTOCK_ASSIGN_OR_RETURN(const uint64_t part_bits, ParseRange(part, bounds));
    bits |= part_bits;
  }
  return bits;
}

/// "@daily" and the like, spelled out; empty: no such name.
std::string_view Spelled(std::string_view name) {
  if (name == "@yearly" || name == "@annually") return "0 0 0 1 1 *";
  if (name == "@monthly") return "0 0 0 1 * *";
  if (name == "@weekly") return "0 0 0 * * 0";
  if (name == "@daily" || name == "@midnight") return "0 0 0 * * *";
  if (name == "@hourly") return "0 0 * * * *";
  return {};
}

constexpr int64_t kSecondsPerDay = 24 * 60 * 60;
constexpr int kMaxYears = 12;  // The longest gap between two leap days is eight.

/// The lowest bit of `bits` at or above `from`; -1: none.
int NextBit(uint64_t bits, int from) {
  if (from > 63) return -1;
  const uint64_t rest = bits >> from << from;
  return rest == 0 ? -1 : __builtin_ctzll(rest);
}

}  // namespace

Result<CronExpression> CronExpression::Parse(std::string_view text, std::string_view time_zone) {
  constexpr size_t kMaxLength = 1000;
  if (text.size() > kMaxLength) return InvalidArgument("A cron expression of {} characters", text.size());
  std::string_view rest = Stripped(text);
  std::string zone_name(time_zone.empty() ? "UTC" : time_zone);
  for (const std::string_view prefix : {"TZ=", "CRON_TZ="}) {
    if (!rest.starts_with(prefix)) continue;
    const size_t end = rest.find(' ');
    if (end == std::string_view::npos)
      return InvalidArgument("The cron expression '{}' has a time zone and nothing else", text);
    zone_name = std::string(rest.substr(prefix.size(), end - prefix.size()));
    rest = Stripped(rest.substr(end));
    break;
  }
  auto zone = std::make_shared<Zone>();
  // The zone's name becomes a path below the system's zones: no way out of there.
  if (zone_name.find("..") != std::string::npos || zone_name.starts_with("/") || zone_name.starts_with(":") ||
      !absl::LoadTimeZone(zone_name, &zone->zone))
    return InvalidArgument("There is no time zone '{}' (cron expression '{}')", zone_name, text);
  CronExpression expression;
  expression.zone_ = std::move(zone);
  if (const Status status = expression.ParseFields(rest); !status.ok())
    return Annotate(status, fmt::format("cron expression '{}'", text));
  return expression;
}

Status CronExpression::ParseFields(std::string_view text) {
  constexpr std::string_view kEvery = "@every ";
  if (text.starts_with(kEvery)) {
    absl::Duration duration;
    if (!absl::ParseDuration(std::string(text.substr(kEvery.size())), &duration) ||
        duration < absl::Seconds(1) || duration > absl::Hours(24 * 366 * 100))
      return InvalidArgument("'{}' is no duration of a second or more, such as 1h30m",
                             text.substr(kEvery.size()));
    every_seconds_ = absl::ToInt64Seconds(duration);
    return OkStatus();
  }
  if (text.starts_with("@")) {
    const std::string_view spelled = Spelled(text);
    if (spelled.empty()) return InvalidArgument("'{}' is not known (@daily, @hourly, @every 1h, ...)", text);
    text = spelled;
  }
  std::vector<std::string_view> parts = Words(text);
  if (parts.size() == 5) parts.push_back("*");
  if (parts.size() != 6)
    return InvalidArgument(
        "{} fields where 5 or 6 are wanted: second minute hour day-of-month month [day-of-week]",
        parts.size());
  const std::array<uint64_t*, 6> bits = {&seconds_, &minutes_, &hours_, &days_, &months_, &weekdays_};
  for (size_t i = 0; i < bits.size(); ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(*bits[i], ParseField(parts[i], Fields()[i]));
  }
  // As robfig/cron counts a star: also one with a step, or in a list.
  auto has_any = [](std::string_view field) {
    for (const std::string_view part : Split(field, ','))
      if (part.starts_with("*") || part.starts_with("?")) return true;
    return false;
  };
  is_any_day_ = has_any(parts[3]);
  is_any_weekday_ = has_any(parts[5]);
  return OkStatus();
}

bool CronExpression::MatchesDay(int month, int day, int weekday) const {
  if ((months_ >> month & 1) == 0) return false;
  const bool is_day = (days_ >> day & 1) != 0;
  const bool is_weekday = (weekdays_ >> weekday & 1) != 0;
  if (is_any_day_ || is_any_weekday_) return is_day && is_weekday;
  return is_day || is_weekday;
}

std::optional<int64_t> CronExpression::FirstTimeOfDay(int64_t from, int64_t end) const {
  int first_minute = static_cast<int>(from / 60 % 60);
  int first_second = static_cast<int>(from % 60);
  const int first_hour = static_cast<int>(from / 3600);
  for (int hour = NextBit(hours_, first_hour); hour >= 0; hour = NextBit(hours_, hour + 1)) {
    if (hour != first_hour) first_minute = first_second = 0;
    for (int minute = NextBit(minutes_, first_minute); minute >= 0; minute = NextBit(minutes_, minute + 1)) {
      const bool is_first = hour == first_hour && minute == from / 60 % 60;
      const int second = NextBit(seconds_, is_first ? first_second : 0);
      if (second < 0) continue;
      const int64_t found = hour * 3600 + minute * 60 + second;
      return found < end ? std::optional(found) : std::nullopt;
    }
    first_minute = first_second = 0;
  }
  return std::nullopt;
}

std::optional<int64_t> CronExpression::Next(int64_t seconds) const {
  if (every_seconds_ > 0) return seconds + every_seconds_;
  constexpr int64_t kFarthest = 250'000'000'000;  // Some thousand years: keeps the sums below in range.
  if (seconds > kFarthest || seconds < -kFarthest) return std::nullopt;
  const absl::TimeZone& zone = zone_->zone;
  const int64_t from = seconds + 1;
  absl::CivilDay day(absl::ToCivilSecond(absl::FromUnixSeconds(from), zone));
  const absl::CivilDay last = day + 366 * kMaxYears;
  for (; day < last; ++day) {
    const int weekday = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;  // Abseil's begins on Monday.
    if (!MatchesDay(day.month(), day.day(), weekday)) continue;
    // Between two changes of the clocks the day's times run evenly: look in each such stretch.
    const auto midnight = zone.At(absl::CivilSecond(day));
    const auto next_midnight = zone.At(absl::CivilSecond(day + 1));
    const bool is_skipped = midnight.kind == absl::TimeZone::TimeInfo::SKIPPED;
    const bool is_next_skipped = next_midnight.kind == absl::TimeZone::TimeInfo::SKIPPED;
    int64_t begin = std::max(from, absl::ToUnixSeconds(is_skipped ? midnight.trans : midnight.pre));
    const int64_t end = absl::ToUnixSeconds(is_next_skipped ? next_midnight.trans : next_midnight.post);
    while (begin < end) {
      absl::TimeZone::CivilTransition transition;
      int64_t stretch_end = end;
      if (zone.NextTransition(absl::FromUnixSeconds(begin), &transition))
        stretch_end = std::min(end, absl::ToUnixSeconds(zone.At(transition.to).trans));
      const absl::CivilSecond local = absl::ToCivilSecond(absl::FromUnixSeconds(begin), zone);
      if (absl::CivilDay(local) == day) {
        const int64_t time_of_day = local.hour() * 3600 + local.minute() * 60 + local.second();
        const int64_t limit = std::min(time_of_day + (stretch_end - begin), kSecondsPerDay);
        if (const auto found = FirstTimeOfDay(time_of_day, limit)) return begin + (*found - time_of_day);
      }
      if (stretch_end <= begin) break;
      begin = stretch_end;
    }
  }
  return std::nullopt;
}

std::optional<int64_t> CronExpression::LatestDue(int64_t after, int64_t until) const {
  if (every_seconds_ > 0) {
    if (until - after < every_seconds_) return std::nullopt;
    return after + (until - after) / every_seconds_ * every_seconds_;
  }
  // Look back over ever longer stretches; each step of one is at least a sixtieth of it, near enough.
  for (int64_t stretch : {int64_t{60}, int64_t{3600}, kSecondsPerDay, 40 * kSecondsPerDay, until - after}) {
    const int64_t from = std::max(after, until - stretch);
    std::optional<int64_t> latest;
    for (auto next = Next(from); next && *next <= until; next = Next(*next)) latest = next;
    if (latest.has_value()) return latest;
    if (from == after) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace penstock::runtime
