#include "penstock/apps/span_arguments.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "penstock/base/filesystem.h"
#include "penstock/data/input_files.h"

namespace penstock::apps {
namespace {

bool ParseNumber(std::string_view text, int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 0;
}

Result<data::SpanRange> ParseRange(const std::string& text) {
  data::SpanRange range;
  if (text.empty()) return range;
  const size_t dash = text.find('-');
  if (dash == std::string::npos) {
    range.kind = data::SpanRange::Kind::kRolling;
    if (ParseNumber(text, range.num_spans) && range.num_spans > 0) return range;
  } else {
    range.kind = data::SpanRange::Kind::kStatic;
    if (ParseNumber(std::string_view(text).substr(0, dash), range.start) &&
        ParseNumber(std::string_view(text).substr(dash + 1), range.end) && range.start <= range.end)
      return range;
  }
  return InvalidArgument("--spans is '{}'; write 30 for the latest 30, or 5-20 for the spans 5 to 20", text);
}

Result<std::vector<statistics::Span>> OfPattern(const std::string& argument, const data::SpanRange& range) {
  const size_t brace = argument.find('{');
  const size_t slash = argument.rfind('/', brace);
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : argument.substr(0, slash);
  const std::string text = slash == std::string::npos ? argument : argument.substr(slash + 1);
  const std::vector<data::InputSplit> splits = {{"data", text}};
  PENSTOCK_ASSIGN_OR_RETURN(const auto found, data::FindInputFiles(folder, splits, range));
  std::vector<statistics::Span> spans;
  for (size_t i = 0; i < found.spans.size(); ++i) {
    const auto& [number, version] = found.spans[i];
    spans.push_back({fmt::format("span {}", number) + (version ? fmt::format(" version {}", *version) : ""),
                     found.files[0][i]});
  }
  return spans;
}

}  // namespace

bool NamesSpans(const std::vector<std::string>& data) {
  return std::any_of(data.begin(), data.end(), [](const std::string& argument) {
    return argument.find("{SPAN") != std::string::npos || argument.find("{YYYY}") != std::string::npos;
  });
}

Result<std::vector<statistics::Span>> SpansOf(const std::vector<std::string>& data,
                                              const std::string& range) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto chosen, ParseRange(range));
  if (NamesSpans(data)) {
    if (data.size() != 1)
      return InvalidArgument("A pattern with {{SPAN}} has to be the only argument, but there are {}",
                             data.size());
    return OfPattern(data[0], chosen);
  }
  if (!range.empty())
    return InvalidArgument(
        "--spans needs data with {{SPAN}} or {{YYYY}}, {{MM}}, {{DD}} in the name, not '{}'", data[0]);
  std::vector<statistics::Span> spans;
  for (const std::string& argument : data) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto files, fs::Glob(argument));
    for (const std::string& file : files) spans.push_back({file, {file}});
  }
  return spans;
}

}  // namespace penstock::apps
