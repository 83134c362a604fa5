#include "penstock/statistics/time_format.h"

#include <algorithm>
#include <array>
#include <span>

namespace penstock::statistics {

namespace {

constexpr std::array<std::string_view, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

/// The lengths that a field may take at the start of a text; at most six.
struct Lengths {
  std::array<size_t, 6> length{};
  size_t count = 0;
  void Add(size_t value) { length[count++] = value; }
};

size_t NumLeadingDigits(std::string_view text, size_t most) {
  size_t count = 0;
  while (count < most && count < text.size() && IsDigit(text[count])) ++count;
  return count;
}

Lengths Digits(std::string_view text, size_t least, size_t most) {
  Lengths lengths;
  const size_t count = NumLeadingDigits(text, most);
  for (size_t length = count; length >= least && length > 0; --length) lengths.Add(length);
  return lengths;
}

/// One or two digits: two up to `max`, one from `min_single`.
Lengths UpTo(std::string_view text, int max, int min_single, int min_double) {
  Lengths lengths;
  const size_t count = NumLeadingDigits(text, 2);
  if (count == 2) {
    const int value = (text[0] - '0') * 10 + (text[1] - '0');
    if (value >= min_double && value <= max) lengths.Add(2);
  }
  if (count >= 1 && text[0] - '0' >= min_single) lengths.Add(1);
  return lengths;
}

Lengths DayOfMonth(std::string_view text) {
  Lengths lengths = UpTo(text, 31, 1, 1);
  if (text.size() >= 2 && text[0] == ' ' && text[1] >= '1' && text[1] <= '9') lengths.Add(2);
  return lengths;
}

/// 60 and 61 are leap seconds; "60" as Python has it, with a third digit: 60[0-1].
Lengths Seconds(std::string_view text) {
  Lengths lengths;
  if (text.size() >= 3 && text[0] == '6' && text[1] == '0' && (text[2] == '0' || text[2] == '1'))
    lengths.Add(3);
  const Lengths ordinary = UpTo(text, 59, 0, 0);
  for (size_t i = 0; i < ordinary.count; ++i) lengths.Add(ordinary.length[i]);
  return lengths;
}

Lengths Names(std::string_view text, std::span<const std::string_view> names, size_t num_letters) {
  Lengths lengths;
  for (const std::string_view name : names) {
    const std::string_view shown = name.substr(0, num_letters);
    if (text.starts_with(shown)) {
      lengths.Add(shown.size());
      break;
    }
  }
  return lengths;
}

Lengths LengthsOf(char directive, std::string_view text) {
  switch (directive) {
    case 'a':
      return Names(text, kDays, 3);
    case 'b':
      return Names(text, kMonths, 3);
    case 'B':
      return Names(text, kMonths, std::string_view::npos);
    case 'f':
      return Digits(text, 1, 6);
    case 'y':
      return Digits(text, 2, 2);
    case 'Y':
      return Digits(text, 4, 4);
    case 'd':
      return DayOfMonth(text);
    case 'm':
      return UpTo(text, 12, 1, 1);
    case 'H':
      return UpTo(text, 23, 0, 0);
    case 'M':
      return UpTo(text, 59, 0, 0);
    case 'S':
      return Seconds(text);
    default:
      return {};
  }
}

}  // namespace

std::vector<std::string> TextTimeFormats() {
  const std::array<std::string, 17> dates = {"%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%y-%m-%d", "%y/%m/%d",
                                             "%m-%d-%Y", "%m/%d/%Y", "%m%d%Y", "%m-%d-%y", "%m/%d/%y",
                                             "%d-%m-%Y", "%d/%m/%Y", "%d%m%Y", "%d-%B-%Y", "%d-%m-%y",
                                             "%d/%m/%y", "%d-%B-%y"};
  const std::array<std::string, 3> times = {"%H:%M", "%H:%M:%S", "%H:%M:%S.%f"};
  std::vector<std::string> formats(dates.begin(), dates.end());
  formats.insert(formats.end(), times.begin(), times.end());
  formats.emplace_back("%a %b %d %H:%M:%S %Y");
  for (const std::string& date : dates) {
    for (const std::string& time : times) {
      formats.push_back(date + "T" + time);
      formats.push_back(date + " " + time);
    }
  }
  return formats;
}

bool MatchesTimeFormat(std::string_view text, std::string_view format) {
  while (!format.empty() && format[0] != '%') {
    // The point of "%S.%f" is any character in TFDV's regular expression.
    const bool matches = !text.empty() && (text[0] == format[0] || (format[0] == '.' && text[0] != '\n'));
    if (!matches) return false;
    text.remove_prefix(1);
    format.remove_prefix(1);
  }
  if (format.empty()) return text.empty() || text == "\n";
  const Lengths lengths = LengthsOf(format[1], text);
  for (size_t i = 0; i < lengths.count; ++i) {
    if (MatchesTimeFormat(text.substr(lengths.length[i]), format.substr(2))) return true;
  }
  return false;
}

}  // namespace penstock::statistics
