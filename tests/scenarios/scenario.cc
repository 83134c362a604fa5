#include "scenarios/scenario.h"

#include "penstock/base/near_miss.h"

namespace penstock::scenarios {
namespace {

const std::vector<std::string>& Verbs() {
  static const std::vector<std::string> verbs = {"write",        "copy",
                                                 "move",         "remove",
                                                 "replace in",   "run",
                                                 "exit",         "stdout contains",
                                                 "stdout lacks", "stderr contains",
                                                 "stderr lacks", "stderr is empty",
                                                 "json",         "json count",
                                                 "remember",     "file exists",
                                                 "file absent",  "file contains",
                                                 "same content", "other content"};
  return verbs;
}

/// Reads lines one by one.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  bool Next(std::string& line) {
    if (text_.empty()) return false;
    const size_t end = std::min(text_.find('\n'), text_.size());
    line = text_.substr(0, end);
    text_.remove_prefix(std::min(end + 1, text_.size()));
    ++number_;
    return true;
  }
  int number() const { return number_; }

 private:
  std::string_view text_;
  int number_ = 0;
};

/// The longest verb that `line` starts with, followed by ':', a blank or nothing.
std::string VerbOf(const std::string& line) {
  std::string found;
  for (const auto& verb : Verbs()) {
    const bool is_whole =
        line.size() == verb.size() ||
        (line.size() > verb.size() && (line[verb.size()] == ':' || line[verb.size()] == ' '));
    if (line.starts_with(verb) && is_whole && verb.size() > found.size()) found = verb;
  }
  return found;
}

}  // namespace

Result<std::vector<Step>> ParseScenario(std::string_view text) {
  std::vector<Step> steps;
  Lines lines(text);
  std::string line;
  while (lines.Next(line)) {
    if (line.empty() || line[0] == '#') continue;
    Step step{.line = lines.number(), .verb = VerbOf(line), .argument = "", .body = ""};
    if (step.verb.empty()) {
      const std::string word = line.substr(0, line.find(':'));
      return InvalidArgument("line {}: '{}' is no step{}", lines.number(), word, DidYouMean(word, Verbs()));
    }
    size_t start = step.verb.size();
    while (start < line.size() && (line[start] == ':' || line[start] == ' ')) ++start;
    step.argument = line.substr(start);
    if (step.verb == "write") {
      const size_t mark = step.argument.find(" <<END");
      if (mark == std::string::npos)
        return InvalidArgument("line {}: write needs the form: write FILE <<END", lines.number());
      step.argument.resize(mark);
      bool is_closed = false;
      while (!is_closed && lines.Next(line)) {
        is_closed = line == "END";
        if (!is_closed) step.body += line + "\n";
      }
      if (!is_closed) return InvalidArgument("line {}: the END of this write is missing", step.line);
    } else if (step.argument.empty() && step.verb != "stderr is empty") {
      return InvalidArgument("line {}: '{}' needs something behind it", step.line, step.verb);
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

Result<std::pair<std::string, std::string>> SplitAround(const std::string& text, std::string_view separator) {
  const std::string with_blanks = fmt::format(" {} ", separator);
  const size_t at = text.find(with_blanks);
  if (at == std::string::npos) return InvalidArgument("'{}' is missing: {}", separator, text);
  return std::pair(text.substr(0, at), text.substr(at + with_blanks.size()));
}

std::vector<std::string> SplitWords(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  bool is_quoted = false, is_word = false;
  for (const char c : line) {
    if (c == '\'') {
      is_quoted = !is_quoted;
      is_word = true;
    } else if (c == ' ' && !is_quoted) {
      if (is_word) words.push_back(word);
      word.clear();
      is_word = false;
    } else {
      word += c;
      is_word = true;
    }
  }
  if (is_word) words.push_back(word);
  return words;
}

}  // namespace penstock::scenarios
