#include "penstock/runtime/task_backend.h"

#include <fmt/format.h>

namespace penstock::runtime {
namespace {

std::string OnOneLine(std::string_view text) {
  std::string line;
  for (char c : text) {
    if (c == '\n') {
      line += "\\n";
    } else if (c == '\\') {
      line += "\\\\";
    } else {
      line += c;
    }
  }
  return line;
}

}  // namespace

std::string EncodeProgressReport(double fraction, std::string_view message) {
  return fmt::format("progress {:.4f} {}\n", fraction, OnOneLine(message));
}

std::string EncodeErrorReport(const Status& status) {
  return fmt::format("error {} {}\n", static_cast<int>(status.code()),
                     OnOneLine(std::string(status.message())));
}

}  // namespace penstock::runtime
