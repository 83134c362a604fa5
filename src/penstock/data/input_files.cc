#include "penstock/data/input_files.h"

#include <algorithm>

#include "penstock/base/filesystem.h"
#include "penstock/base/near_miss.h"
#include "penstock/data/declared_features.h"

namespace penstock::data {
namespace {

/// What lies where `pattern` first differs from the disk, to end a message with.
std::string Neighbours(const std::string& folder, const SpanPattern& pattern) {
  std::string at = folder;
  const std::string glob = pattern.Glob();
  for (size_t begin = 0; begin < glob.size();) {
    const size_t end = std::min(glob.find('/', begin), glob.size());
    const std::string name = glob.substr(begin, end - begin);
    const auto next = fs::Exists(fs::Join(at, name));
    if (!next.ok() || !*next) {
      const auto entries = fs::List(at);
      if (!entries.ok() || entries->empty()) return fmt::format(": {} is empty", at);
      std::vector<std::string> names, shown;
      for (const auto& entry : *entries) {
        names.push_back(fs::BaseName(entry.path));
        shown.push_back(names.back() + (entry.is_directory ? "/" : ""));
      }
      return fmt::format("{} (in {} there are: {})", DidYouMean(name, names), at, ReadableList(shown));
    }
    at = fs::Join(at, name);
    begin = end + 1;
  }
  return fmt::format(": {} is a folder, end the pattern in /*", at);
}

Result<std::vector<std::string>> MatchingFiles(const std::string& folder, const InputSplit& split,
                                               const SpanPattern& pattern) {
  const std::string glob = fs::Join(folder, pattern.Glob());
  const auto found = fs::Glob(glob);
  if (!found.ok() && found.status().code() != StatusCode::kNotFound) return found.status();
  const bool takes_markers = fs::BaseName(pattern.text()).starts_with('_');
  std::vector<std::string> files;
  if (found.ok())
    for (const std::string& file : *found)
      if (takes_markers || !fs::BaseName(file).starts_with('_'))
        files.push_back(file.substr(fs::Join(folder, "x").size() - 1));
  if (files.empty())
    return NotFound("Input split '{}': no file matches {} below {}{}", split.name, split.pattern, folder,
                    Neighbours(folder, pattern));
  return files;
}

std::string Describe(const std::vector<SpanVersion>& spans) {
  if (spans.empty()) return "no span";
  std::vector<std::string> names;
  for (const auto& [span, version] : spans)
    names.push_back(version ? fmt::format("{} (version {})", span, *version) : fmt::format("{}", span));
  return "span " + ReadableList(names);
}

std::vector<std::vector<std::string>> BySpan(const std::vector<std::string>& files,
                                             const std::vector<size_t>& num_files) {
  if (num_files.empty()) return {files};
  std::vector<std::vector<std::string>> by_span;
  auto next = files.begin();
  for (const size_t num : num_files) {
    by_span.emplace_back(next, next + static_cast<std::ptrdiff_t>(num));
    next += static_cast<std::ptrdiff_t>(num);
  }
  return by_span;
}

}  // namespace

Result<InputFiles> FindInputFiles(const std::string& folder, std::span<const InputSplit> splits,
                                  const SpanRange& range) {
  PENSTOCK_ASSIGN_OR_RETURN(const bool is_folder, fs::IsDirectory(folder));
  if (!is_folder)
    return NotFound("The patterns of input_splits need a folder as input; there is none: {}", folder);
  InputFiles input;
  for (const InputSplit& split : splits) {
    PENSTOCK_ASSIGN_OR_RETURN(const SpanPattern pattern, SpanPattern::Parse(split.pattern));
    if (range.kind != SpanRange::Kind::kLatest && !pattern.has_span())
      return InvalidArgument("Input split '{}': a range is given, but {} has neither {{SPAN}} nor a date",
                             split.name, split.pattern);
    PENSTOCK_ASSIGN_OR_RETURN(const auto files, MatchingFiles(folder, split, pattern));
    auto selected = SelectSpans(pattern, files, range);
    if (!selected.ok()) return Annotate(selected.status(), fmt::format("Input split '{}'", split.name));
    if (input.files.empty()) {
      input.spans = selected->spans;
    } else if (input.spans != selected->spans) {
      return InvalidArgument("The input splits have different spans: '{}' has {}, '{}' has {}",
                             splits[0].name, Describe(input.spans), split.name, Describe(selected->spans));
    }
    std::vector<std::string> paths;
    for (const std::string& file : selected->files) paths.push_back(fs::Join(folder, file));
    input.files.push_back(BySpan(paths, selected->num_files));
  }
  return input;
}

}  // namespace penstock::data
