#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "penstock/transform/kernels.h"

namespace penstock::transform {
namespace {

constexpr int64_t kSecondsADay = 86'400;

/// Floored, so that what is before 1970 falls into its own day.
int64_t DayOf(int64_t seconds) {
  const int64_t day = seconds / kSecondsADay;
  return seconds % kSecondsADay < 0 ? day - 1 : day;
}

/// A date of the proleptic Gregorian calendar and a time of day, in UTC.
struct CivilTime {
  int64_t year = 1970;
  int64_t month = 1;
  int64_t day = 1;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
};

/// Days from 1970-01-01 by Hinnant's algorithm, in which a year begins in March.
int64_t DaysFromCivil(int64_t year, int64_t month, int64_t day) {
  const int64_t shifted = year - (month <= 2 ? 1 : 0);
  const int64_t era = (shifted >= 0 ? shifted : shifted - 399) / 400;
  const int64_t year_of_era = shifted - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719'468;
}

CivilTime CivilOf(int64_t seconds) {
  CivilTime time;
  const int64_t day = DayOf(seconds);
  const int64_t of_day = seconds - day * kSecondsADay;
  const int64_t shifted = day + 719'468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146'096) / 146'097;
  const int64_t day_of_era = shifted - era * 146'097;
  const int64_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month = (5 * day_of_year + 2) / 153;
  time.day = day_of_year - (153 * month + 2) / 5 + 1;
  time.month = month < 10 ? month + 3 : month - 9;
  time.year = year_of_era + era * 400 + (time.month <= 2 ? 1 : 0);
  time.hour = of_day / 3600;
  time.minute = of_day / 60 % 60;
  time.second = of_day % 60;
  return time;
}

/// Node::integer of kTimePart. Stored as numbers: never reorder.
enum TimePart : int64_t { kYear, kMonth, kDay, kHour, kMinute, kSecond, kDayOfWeek, kDayOfYear };

/// Beyond these a year is no longer one of four digits.
constexpr int64_t kMaxSeconds = 253'402'300'799;
constexpr int64_t kMinSeconds = -62'167'219'200;

int64_t PartOf(TimePart part, int64_t seconds) {
  const CivilTime time = CivilOf(seconds);
  switch (part) {
    case kYear:
      return time.year;
    case kMonth:
      return time.month;
    case kDay:
      return time.day;
    case kHour:
      return time.hour;
    case kMinute:
      return time.minute;
    case kSecond:
      return time.second;
    case kDayOfWeek: {
      // 1970-01-01 was a Thursday; Monday is 0.
      const int64_t day = (DayOf(seconds) + 3) % 7;
      return day < 0 ? day + 7 : day;
    }
    case kDayOfYear:
      return DayOf(seconds) - DaysFromCivil(time.year, 1, 1) + 1;
  }
  return 0;
}

bool TakeNumber(std::string_view& text, size_t most_digits, int64_t& number) {
  size_t size = 0;
  while (size < text.size() && size < most_digits && text[size] >= '0' && text[size] <= '9') ++size;
  if (size == 0) return false;
  std::from_chars(text.data(), text.data() + size, number);
  text.remove_prefix(size);
  return true;
}

bool TakeMonthName(std::string_view& text, int64_t& month) {
  constexpr std::string_view kNames = "janfebmaraprmayjunjulaugsepoctnovdec";
  if (text.size() < 3) return false;
  std::string word(text.substr(0, 3));
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const size_t at = kNames.find(word);
  if (at == std::string_view::npos || at % 3 != 0) return false;
  month = static_cast<int64_t>(at / 3) + 1;
  text.remove_prefix(3);
  return true;
}

/// "Z" or +01:00, in seconds.
bool TakeOffset(std::string_view& text, int64_t& seconds) {
  if (!text.empty() && text[0] == 'Z') return text.remove_prefix(1), true;
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return false;
  const int64_t sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  int64_t hours = 0;
  int64_t minutes = 0;
  if (!TakeNumber(text, 2, hours)) return false;
  if (!text.empty() && text[0] == ':') text.remove_prefix(1);
  if (!TakeNumber(text, 2, minutes)) return false;
  seconds = sign * (hours * 3600 + minutes * 60);
  return true;
}

/// One directive of strptime; false where the text does not go on like that.
bool TakeDirective(char directive, std::string_view& text, CivilTime& time, int64_t& offset) {
  int64_t fraction = 0;
  switch (directive) {
    case 'Y':
      return TakeNumber(text, 4, time.year);
    case 'm':
      return TakeNumber(text, 2, time.month);
    case 'd':
      return TakeNumber(text, 2, time.day);
    case 'H':
      return TakeNumber(text, 2, time.hour);
    case 'M':
      return TakeNumber(text, 2, time.minute);
    case 'S':
      return TakeNumber(text, 2, time.second);
    case 'f':
      return TakeNumber(text, 9, fraction);
    case 'b':
      return TakeMonthName(text, time.month);
    case 'z':
      return TakeOffset(text, offset);
    case '%':
      return !text.empty() && text[0] == '%' ? (text.remove_prefix(1), true) : false;
    default:
      return false;
  }
}

bool ParseTime(std::string_view format, std::string_view text, int64_t& seconds) {
  CivilTime time;
  int64_t offset = 0;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      if (!TakeDirective(format[++i], text, time, offset)) return false;
    } else {
      if (text.empty() || text[0] != format[i]) return false;
      text.remove_prefix(1);
    }
  }
  const bool is_time = text.empty() && time.month >= 1 && time.month <= 12 && time.day >= 1 &&
                       time.day <= 31 && time.hour <= 23 && time.minute <= 59 && time.second <= 60;
  if (!is_time) return false;
  const int64_t day = DaysFromCivil(time.year, time.month, time.day);
  // The 31st of a month of 30 days is none.
  if (CivilOf(day * kSecondsADay).day != time.day) return false;
  seconds = day * kSecondsADay + time.hour * 3600 + time.minute * 60 + time.second - offset;
  return true;
}

void FormatTime(std::string_view format, int64_t seconds, std::string& text) {
  const CivilTime time = CivilOf(seconds);
  const auto append = [&](int width, int64_t number) { text += fmt::format("{:0{}}", number, width); };
  for (size_t i = 0; i < format.size(); ++i) {
    const char directive = format[i] == '%' && i + 1 < format.size() ? format[++i] : '\0';
    switch (directive) {
      case 'Y':
        append(4, time.year);
        break;
      case 'm':
        append(2, time.month);
        break;
      case 'd':
        append(2, time.day);
        break;
      case 'H':
        append(2, time.hour);
        break;
      case 'M':
        append(2, time.minute);
        break;
      case 'S':
        append(2, time.second);
        break;
      default:
        text += format[i];
        break;
    }
  }
}

}  // namespace

Result<Column> ComputeTime(const Node& node, Inputs inputs) {
  const Column& x = *inputs[0];
  const bool is_text = node.op == Operator::kFormatTime;
  PENSTOCK_ASSIGN_OR_RETURN(Column column,
                            Column::Allocate(is_text ? ValueType::kText : ValueType::kInteger, x.size()));
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(1));
  auto kept = std::make_shared<std::vector<std::string>>(static_cast<size_t>(is_text ? x.size() : 0));
  for (int64_t i = 0; i < x.size(); ++i) {
    if (node.op == Operator::kParseTime) {
      int64_t& to = column.MutableValues<int64_t>()[i];
      to = 0;
      presence[i] = x.IsPresent(i) && ParseTime(node.text, x.texts()[i], to) ? 1 : 0;
      continue;
    }
    const int64_t seconds = x.IsPresent(i) ? x.integers()[i] : INT64_MIN;
    presence[i] = seconds >= kMinSeconds && seconds <= kMaxSeconds ? 1 : 0;
    if (is_text) {
      std::string& text = (*kept)[static_cast<size_t>(i)];
      if (presence[i] != 0) FormatTime(node.text, seconds, text);
      column.MutableValues<std::string_view>()[i] = text;
    } else {
      column.MutableValues<int64_t>()[i] =
          presence[i] != 0 ? PartOf(static_cast<TimePart>(node.integer), seconds) : 0;
    }
  }
  if (is_text) column.KeepAlive(std::move(kept));
  return column;
}

}  // namespace penstock::transform
