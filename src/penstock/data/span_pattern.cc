#include "penstock/data/span_pattern.h"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "penstock/base/near_miss.h"

namespace penstock::data {
namespace {

/// More do not fit int64.
constexpr size_t kMaxDigits = 18;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

int64_t NumberOf(std::string_view digits) {
  int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::string ListSpans(const std::vector<int64_t>& spans) {
  constexpr size_t kMaxListed = 10;
  std::string list;
  const size_t first = spans.size() > kMaxListed ? spans.size() - kMaxListed : 0;
  if (first > 0) list = "…, ";
  for (size_t i = first; i < spans.size(); ++i) list += fmt::format("{}{}", i == first ? "" : ", ", spans[i]);
  return list;
}

/// Of rising `available` those that `range` takes.
Result<std::vector<int64_t>> ChooseSpans(const std::vector<int64_t>& available, const SpanRange& range,
                                         const std::string& pattern) {
  std::vector<int64_t> chosen;
  switch (range.kind) {
    case SpanRange::Kind::kLatest:
      chosen = {available.back()};
      break;
    case SpanRange::Kind::kStatic:
      for (const int64_t span : available)
        if (span >= range.start && span <= range.end) chosen.push_back(span);
      break;
    case SpanRange::Kind::kRolling:
      for (const int64_t span : available)
        if (span >= range.start) chosen.push_back(span);
      if (static_cast<int64_t>(chosen.size()) > range.num_spans)
        chosen.erase(chosen.begin(), chosen.end() - range.num_spans);
      break;
  }
  if (!chosen.empty()) return chosen;
  const std::string wanted = range.kind == SpanRange::Kind::kStatic
                                 ? fmt::format("from {} to {}", range.start, range.end)
                                 : fmt::format("from {} on", range.start);
  return NotFound("No span {} is there for {} (spans there: {})", wanted, pattern, ListSpans(available));
}

}  // namespace

std::optional<int64_t> DaysSinceEpoch(int64_t year, int64_t month, int64_t day) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (year < 1 || month < 1 || month > 12 || day < 1) return std::nullopt;
  if (day > kDays[month - 1] + (month == 2 && is_leap ? 1 : 0)) return std::nullopt;
  // H. Hinnant, "chrono-compatible low-level date algorithms" (2013): years begin in March.
  const int64_t shifted = month <= 2 ? year - 1 : year;
  const int64_t era = shifted / 400;
  const int64_t year_of_era = shifted - era * 400;
  const int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

struct SpanPattern::Captures {
  std::string_view span, version, year, month, day;

  std::string_view* Of(Kind kind) {
    switch (kind) {
      case Kind::kSpan:
        return &span;
      case Kind::kVersion:
        return &version;
      case Kind::kYear:
        return &year;
      case Kind::kMonth:
        return &month;
      case Kind::kDay:
        return &day;
      default:
        return nullptr;
    }
  }
};

Status SpanPattern::AddSpec(std::string_view spec) {
  const size_t colon = spec.find(':');
  const std::string name(spec.substr(0, colon));
  size_t width = 0;
  if (colon != spec.npos) {
    const std::string_view digits = spec.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), width);
    if (error != std::errc() || end != digits.data() + digits.size() || width < 1 || width > kMaxDigits)
      return InvalidArgument("The width of {{{}}} in {} has to be a number from 1 to {}", spec, text_,
                             kMaxDigits);
  }
  if (name == "SPAN") {
    tokens_.push_back({Kind::kSpan, "", width});
  } else if (name == "VERSION") {
    tokens_.push_back({Kind::kVersion, "", width});
  } else if (spec == "YYYY") {
    tokens_.push_back({Kind::kYear, "", 4});
  } else if (spec == "MM") {
    tokens_.push_back({Kind::kMonth, "", 2});
  } else if (spec == "DD") {
    tokens_.push_back({Kind::kDay, "", 2});
  } else {
    const std::vector<std::string> known = {"SPAN", "VERSION", "YYYY", "MM", "DD"};
    return InvalidArgument(
        "{{{}}} in {} is not known{} (there are {{SPAN}}, {{VERSION}} and {{YYYY}} {{MM}} {{DD}})", spec,
        text_, DidYouMean(name, known));
  }
  return OkStatus();
}

int SpanPattern::Count(Kind kind) const {
  return static_cast<int>(
      std::count_if(tokens_.begin(), tokens_.end(), [&](const Token& t) { return t.kind == kind; }));
}

Status SpanPattern::CheckSpecs() const {
  const int num_spans = Count(Kind::kSpan), num_versions = Count(Kind::kVersion);
  const int years = Count(Kind::kYear), months = Count(Kind::kMonth), days = Count(Kind::kDay);
  const bool is_dated = years + months + days > 0;
  if (num_spans > 0 && is_dated)
    return InvalidArgument("{} has both {{SPAN}} and a date: only one of them says the span", text_);
  if (num_spans > 1) return InvalidArgument("{{SPAN}} stands more than once in {}", text_);
  if (is_dated && (years != 1 || months != 1 || days != 1))
    return InvalidArgument("A date needs exactly one each of {{YYYY}}, {{MM}} and {{DD}}: {}", text_);
  if (num_versions > 0 && num_spans == 0 && !is_dated)
    return InvalidArgument("{} has {{VERSION}} but neither {{SPAN}} nor a date: a version is one of a span",
                           text_);
  if (num_versions > 1) return InvalidArgument("{{VERSION}} stands more than once in {}", text_);
  return OkStatus();
}

Result<SpanPattern> SpanPattern::Parse(std::string pattern) {
  SpanPattern parsed;
  parsed.text_ = std::move(pattern);
  const std::string_view text = parsed.text_;
  if (text.empty())
    return InvalidArgument("The pattern of an input split is empty: write for example train/*");
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '{') {
      const size_t end = text.find('}', at);
      if (end == text.npos) return InvalidArgument("A {{ is never closed in {}", text);
      PENSTOCK_RETURN_IF_ERROR(parsed.AddSpec(text.substr(at + 1, end - at - 1)));
      at = end + 1;
      continue;
    }
    const size_t class_end = text[at] == '[' ? text.find(']', at + 2) : text.npos;
    const size_t size = class_end == text.npos ? 1 : class_end + 1 - at;
    const Kind kind = size > 1          ? Kind::kClass
                      : text[at] == '*' ? Kind::kAnyRun
                      : text[at] == '?' ? Kind::kAnyOne
                                        : Kind::kLiteral;
    parsed.tokens_.push_back({kind, std::string(text.substr(at, size)), 0});
    at += size;
  }
  PENSTOCK_RETURN_IF_ERROR(parsed.CheckSpecs());
  parsed.has_span_ = parsed.Count(Kind::kSpan) + parsed.Count(Kind::kYear) > 0;
  parsed.has_version_ = parsed.Count(Kind::kVersion) > 0;
  return parsed;
}

std::string SpanPattern::Glob() const {
  std::string glob;
  for (const Token& token : tokens_) glob += Captures().Of(token.kind) != nullptr ? "*" : token.text;
  return glob;
}

bool SpanPattern::MatchFrom(size_t index, std::string_view path, Captures& captures) const {
  if (index == tokens_.size()) return path.empty();
  const Token& token = tokens_[index];
  size_t longest = 0, shortest = 1;
  if (std::string_view* const capture = captures.Of(token.kind)) {
    while (longest < std::min(path.size(), token.width > 0 ? token.width : kMaxDigits) &&
           IsDigit(path[longest]))
      ++longest;
    if (token.width > 0) shortest = token.width;
    for (size_t size = longest; size >= shortest; --size) {
      *capture = path.substr(0, size);
      if (MatchFrom(index + 1, path.substr(size), captures)) return true;
    }
    return false;
  }
  if (token.kind == Kind::kAnyRun) {
    while (longest < path.size() && path[longest] != '/') ++longest;
    for (size_t size = longest + 1; size-- > 0;)
      if (MatchFrom(index + 1, path.substr(size), captures)) return true;
    return false;
  }
  if (path.empty()) return false;
  const std::string first(1, path[0]);
  const bool fits = token.kind == Kind::kLiteral ? first == token.text
                    : token.kind == Kind::kAnyOne
                        ? first != "/"
                        : ::fnmatch(token.text.c_str(), first.c_str(), FNM_PATHNAME) == 0;
  return fits && MatchFrom(index + 1, path.substr(1), captures);
}

Result<SpanVersion> SpanPattern::Match(std::string_view path) const {
  Captures captures;
  if (!MatchFrom(0, path, captures))
    return InvalidArgument(
        "{} has no number where {} asks for one (move it away, or make the pattern narrower)", path, text_);
  SpanVersion found;
  if (!captures.span.empty()) found.span = NumberOf(captures.span);
  if (!captures.year.empty()) {
    const auto days =
        DaysSinceEpoch(NumberOf(captures.year), NumberOf(captures.month), NumberOf(captures.day));
    if (!days)
      return InvalidArgument("There is no such date as {}-{}-{}: {}", captures.year, captures.month,
                             captures.day, path);
    found.span = *days;
  }
  if (!captures.version.empty()) found.version = NumberOf(captures.version);
  return found;
}

Result<SpanFiles> SelectSpans(const SpanPattern& pattern, std::span<const std::string> files,
                              const SpanRange& range) {
  if (!pattern.has_span()) return SpanFiles{{}, {files.begin(), files.end()}, {}};
  std::map<int64_t, std::map<std::optional<int64_t>, std::vector<std::string>>> by_span;
  for (const std::string& file : files) {
    PENSTOCK_ASSIGN_OR_RETURN(const SpanVersion found, pattern.Match(file));
    by_span[found.span][found.version].push_back(file);
  }
  if (by_span.empty()) return NotFound("No file matches {}", pattern.text());
  std::vector<int64_t> available;
  for (const auto& [span, versions] : by_span) available.push_back(span);
  PENSTOCK_ASSIGN_OR_RETURN(const auto chosen, ChooseSpans(available, range, pattern.text()));
  SpanFiles selected;
  for (const int64_t span : chosen) {
    const auto& [version, latest] = *by_span[span].rbegin();
    selected.spans.push_back({span, version});
    selected.files.insert(selected.files.end(), latest.begin(), latest.end());
    selected.num_files.push_back(latest.size());
  }
  return selected;
}

}  // namespace penstock::data
