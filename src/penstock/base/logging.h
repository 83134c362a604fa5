#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace penstock::logging {

enum class Level { kDebug, kInfo, kWarning, kError, kOff };

/// One named value of a log line.
struct Field {
  template <class T>
  Field(std::string_view name, const T& value) : name(name), value(fmt::format("{}", value)) {}
  std::string_view name;
  std::string value;
};

/// Lines below `level` are dropped. `as_json`: one JSON object a line. To stderr; call before any thread
/// logs. The default is kWarning, as text.
void Configure(Level level, bool as_json);

/// One structured line: what happened, and its values. Never pass a secret. Safe from any thread.
///   logging::Info("node finished", {{"node", id}, {"seconds", seconds}});
void Log(Level level, std::string_view event, std::initializer_list<Field> fields);
inline void Debug(std::string_view event, std::initializer_list<Field> fields = {}) {
  Log(Level::kDebug, event, fields);
}
inline void Info(std::string_view event, std::initializer_list<Field> fields = {}) {
  Log(Level::kInfo, event, fields);
}
inline void Warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  Log(Level::kWarning, event, fields);
}
inline void Error(std::string_view event, std::initializer_list<Field> fields = {}) {
  Log(Level::kError, event, fields);
}

}  // namespace penstock::logging
