#include "penstock/transform/expression.h"

#include <algorithm>

namespace penstock::transform {
namespace {

constexpr size_t kMaxShownBytes = 120;

bool IsContinuationByte(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

/// One line of text with a mark under bytes [begin, end) of it.
std::string Underline(std::string_view line, size_t begin, size_t end) {
  // A generated expression can be very long: show the part around the fault.
  size_t from = begin > kMaxShownBytes / 2 ? begin - kMaxShownBytes / 2 : 0;
  while (from < line.size() && IsContinuationByte(line[from])) ++from;
  size_t until = std::min(line.size(), from + kMaxShownBytes);
  while (until < line.size() && IsContinuationByte(line[until])) ++until;
  std::string shown = from > 0 ? "  ..." : "  ";
  std::string marks(shown.size(), ' ');
  for (size_t i = from; i < until; ++i) {
    shown += line[i] == '\t' || line[i] == '\r' ? ' ' : line[i];
    if (!IsContinuationByte(line[i])) marks += i >= begin && i < end ? '^' : ' ';
  }
  if (until < line.size()) shown += "...";
  if (begin >= until) marks += '^';
  marks.erase(marks.find_last_not_of(' ') + 1);
  return shown + "\n" + marks;
}

}  // namespace

ExpressionSource::ExpressionSource(std::string file_name, std::string what, std::string text,
                                   std::vector<Position> positions)
    : file_name_(std::move(file_name)),
      what_(std::move(what)),
      text_(std::move(text)),
      positions_(std::move(positions)) {}

ExpressionSource ExpressionSource::OnOneLine(std::string file_name, std::string what, std::string text,
                                             Position start) {
  std::vector<Position> positions;
  positions.reserve(text.size() + 1);
  Position position = start;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i > 0 && (i == text.size() || !IsContinuationByte(text[i]))) ++position.column;
    positions.push_back(position);
  }
  return ExpressionSource(std::move(file_name), std::move(what), std::move(text), std::move(positions));
}

ExpressionSource::Position ExpressionSource::PositionOf(size_t offset) const {
  if (positions_.empty()) return {};
  return positions_[std::min(offset, positions_.size() - 1)];
}

Status ExpressionSource::ErrorAt(size_t begin, size_t end, std::string_view sentence) const {
  begin = std::min(begin, text_.size());
  end = std::clamp(end, begin, text_.size());
  const Position position = PositionOf(begin);
  const size_t line_break = begin == 0 ? std::string::npos : text_.rfind('\n', begin - 1);
  const size_t line_begin = line_break == std::string::npos ? 0 : line_break + 1;
  const size_t line_end = std::min(text_.find('\n', begin), text_.size());
  const std::string_view line = std::string_view(text_).substr(line_begin, line_end - line_begin);
  return InvalidArgument("{}:{}:{}: {}: {}\n{}", file_name_, position.line, position.column, what_, sentence,
                         Underline(line, begin - line_begin, std::min(end, line_end) - line_begin));
}

}  // namespace penstock::transform
