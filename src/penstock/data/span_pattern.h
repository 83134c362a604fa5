#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::data {

/// Which delivery of the data a file belongs to: the day or number of the span, and its version.
struct SpanVersion {
  int64_t span = 0;
  std::optional<int64_t> version;  ///< Where the pattern has {VERSION}.
  auto operator<=>(const SpanVersion&) const = default;
};

/// The pattern of an input split, as TFX's ExampleGen has it: a glob (* ? [..] within one path component)
/// that may hold one {SPAN} or one each of {YYYY} {MM} {DD}, and then one {VERSION}. {SPAN} and {VERSION}
/// stand for digits; {SPAN:3} for exactly three. A date is the span of that many days since 1970-01-01 (UTC).
/// A value; no disk is touched.
class SpanPattern {
 public:
  /// kInvalidArgument names what TFX forbids as well: {SPAN} beside a date, an incomplete date, a spec twice,
  /// {VERSION} alone, a width that is no positive number, and a spec that does not exist (with the nearest
  /// one).
  static Result<SpanPattern> Parse(std::string pattern);

  bool has_span() const { return has_span_; }
  bool has_version() const { return has_version_; }
  const std::string& text() const { return text_; }
  /// With * for every spec: what to look for on the disk.
  std::string Glob() const;
  /// The delivery `path` (relative like the pattern) belongs to. kInvalidArgument when it has no number where
  /// a spec is, or a date that no calendar has.
  Result<SpanVersion> Match(std::string_view path) const;

 private:
  enum class Kind { kLiteral, kAnyOne, kAnyRun, kClass, kSpan, kVersion, kYear, kMonth, kDay };
  struct Token {
    Kind kind = Kind::kLiteral;
    std::string text;  // Literal or class.
    size_t width = 0;  // Of a number; 0: any.
  };
  struct Captures;

  Status AddSpec(std::string_view spec);
  Status CheckSpecs() const;
  int Count(Kind kind) const;
  bool MatchFrom(size_t token, std::string_view path, Captures& captures) const;

  std::string text_;
  std::vector<Token> tokens_;
  bool has_span_ = false;
  bool has_version_ = false;
};

/// Which spans to take of those that are there; of each its latest version. The latest span by default.
struct SpanRange {
  enum class Kind { kLatest, kStatic, kRolling };
  Kind kind = Kind::kLatest;
  int64_t start = 0;      ///< kStatic: the first span. kRolling: earlier ones are passed over.
  int64_t end = 0;        ///< kStatic: the last span, itself included.
  int64_t num_spans = 1;  ///< kRolling: the latest so many of those that are there.
};

/// The files of the spans that were chosen.
struct SpanFiles {
  std::vector<SpanVersion> spans;  ///< Rising; empty where the pattern has no span.
  std::vector<std::string> files;  ///< By span, then as they were given.
  std::vector<size_t> num_files;   ///< Of each span.
};

/// Chooses among `files` (paths relative as the pattern is), all of which match pattern.Glob(). kNotFound
/// when the range holds none of the spans that are there, which the message lists.
Result<SpanFiles> SelectSpans(const SpanPattern& pattern, std::span<const std::string> files,
                              const SpanRange& range);

/// Days from 1970-01-01 to the date (proleptic Gregorian), or nothing where no calendar has it.
std::optional<int64_t> DaysSinceEpoch(int64_t year, int64_t month, int64_t day);

}  // namespace penstock::data
