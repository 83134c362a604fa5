#include "penstock/base/logging.h"

#include <algorithm>
#include <atomic>
#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "penstock/base/utf8.h"

namespace penstock::logging {
namespace {

constexpr char kTextPattern[] = "%Y-%m-%dT%H:%M:%S.%eZ %L %v";
constexpr char kJsonPattern[] = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";

std::atomic<bool> log_as_json{false};

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug:
      return spdlog::level::debug;
    case Level::kInfo:
      return spdlog::level::info;
    case Level::kWarning:
      return spdlog::level::warn;
    case Level::kError:
      return spdlog::level::err;
    case Level::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::err;
}

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made =
        std::make_shared<spdlog::logger>("penstock", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::warn);
    made->set_pattern(kTextPattern, spdlog::pattern_time_type::utc);
    return made;
  }();
  return *logger;
}

/// With what JSON asks to be escaped, also in plain text, so that one event is one line; bytes that are no
/// UTF-8 become U+FFFD.
std::string Escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = Utf8CharacterLength(text);
    const char c = text.front();
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

}  // namespace

void Configure(Level level, bool as_json) {
  log_as_json = as_json;
  Logger().set_level(ToSpdlog(level));
  Logger().set_pattern(as_json ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc);
}

void Log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!Logger().should_log(ToSpdlog(level))) return;
  std::string line;
  if (log_as_json) {
    line = fmt::format("\"event\":\"{}\"", Escaped(event));
    for (const auto& field : fields)
      line += fmt::format(",\"{}\":\"{}\"", Escaped(field.name), Escaped(field.value));
  } else {
    line = Escaped(event);
    for (const auto& field : fields) line += fmt::format(" {}=\"{}\"", field.name, Escaped(field.value));
  }
  Logger().log(ToSpdlog(level), line);
}

}  // namespace penstock::logging
