#include "penstock/base/logging.h"

#include <atomic>
#include <memory>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace penstock::logging {
namespace {

std::atomic<bool> log_as_json{false};

spdlog::level::level_enum ToSpdlog(Level level) {
  switch (level) {
    case Level::kDebug: return spdlog::level::debug;
    case Level::kInfo: return spdlog::level::info;
    case Level::kWarning: return spdlog::level::warn;
    case Level::kError: return spdlog::level::err;
    case Level::kOff: return spdlog::level::off;
  }
  return spdlog::level::err;
}

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("penstock", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::warn);
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %L %v", spdlog::pattern_time_type::utc);
    return made;
  }();
  return *logger;
}

/// With what JSON asks to be escaped; control characters also in plain text, so that one event is one line.
std::string Escaped(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<int>(c));
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void Configure(Level level, bool as_json) {
  log_as_json = as_json;
  Logger().set_level(ToSpdlog(level));
  if (as_json)
    Logger().set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc);
}

void Log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (!Logger().should_log(ToSpdlog(level))) return;
  std::string line;
  if (log_as_json) {
    line = fmt::format("\"event\":\"{}\"", Escaped(event));
    for (const auto& field : fields) line += fmt::format(",\"{}\":\"{}\"", Escaped(field.name), Escaped(field.value));
  } else {
    line = Escaped(event);
    for (const auto& field : fields) line += fmt::format(" {}=\"{}\"", field.name, Escaped(field.value));
  }
  Logger().log(ToSpdlog(level), line);
}

}  // namespace penstock::logging
