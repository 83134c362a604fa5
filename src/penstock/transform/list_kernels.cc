#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "penstock/transform/for_type.h"
#include "penstock/transform/kernels.h"
#include "penstock/transform/list_builder.h"

namespace penstock::transform {
namespace {

using TextLists = ListBuilder<std::string_view>;

size_t CharacterBytes(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end - at;
}

/// How kSplit cuts: Node::integers[0].
enum SplitMode : int64_t {
  kBySeparator,
  kByWhitespace,
  kByAnyOf,
  kIntoBytes,
  kIntoCharacters,
  kByWhitespaceAndRest,
  kByAnyOfKeepingEmpty
};

void SplitBySeparator(std::string_view text, std::string_view separator, int64_t most, TextLists& into) {
  for (int64_t cuts = 0; most < 0 || cuts < most; ++cuts) {
    const size_t at = text.find(separator);
    if (at == std::string_view::npos) break;
    into.Add(text.substr(0, at));
    text.remove_prefix(at + separator.size());
  }
  into.Add(text);
}

/// At any of `separators`, without empty pieces.
void SplitByAnyOf(std::string_view text, std::string_view separators, int64_t most, TextLists& into) {
  for (int64_t cuts = 0;; ++cuts) {
    const size_t begin = text.find_first_not_of(separators);
    if (begin == std::string_view::npos) return;
    text.remove_prefix(begin);
    const size_t end = most >= 0 && cuts >= most ? std::string_view::npos : text.find_first_of(separators);
    into.Add(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end);
  }
}

/// At each of `separators`; nothing of an empty text.
void SplitAtEachOf(std::string_view text, std::string_view separators, TextLists& into) {
  while (!text.empty()) {
    const size_t end = text.find_first_of(separators);
    into.Add(text.substr(0, end));
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
    if (text.empty()) into.Add(text);
  }
}

/// As tf.strings.split with maxsplit: after so many pieces comes what is left, even where that is nothing.
void SplitByWhitespaceAndRest(std::string_view text, int64_t most, TextLists& into) {
  constexpr std::string_view kWhitespace = " \t\r\n\f\v";
  const auto skip = [&] { text.remove_prefix(std::min(text.size(), text.find_first_not_of(kWhitespace))); };
  skip();
  for (int64_t pieces = 0; !text.empty() && pieces < most; ++pieces) {
    const std::string_view piece = text.substr(0, text.find_first_of(kWhitespace));
    into.Add(piece);
    text.remove_prefix(piece.size());
    skip();
    if (pieces + 1 == most) into.Add(text);
  }
}

Result<Column> Split(const Node& node, const Column& x) {
  TextLists lists(ValueType::kText, x.size());
  for (int64_t row = 0; row < x.size(); ++row) {
    const std::string_view text = x.IsPresent(row) ? x.texts()[row] : std::string_view();
    const int64_t mode = node.integers[0];
    if (!x.IsPresent(row)) {
      // No text, no pieces.
    } else if (mode == kBySeparator && !node.text.empty()) {
      SplitBySeparator(text, node.text, node.integers[1], lists);
    } else if (mode == kByAnyOf && !node.text.empty()) {
      SplitByAnyOf(text, node.text, -1, lists);
    } else if (mode == kByAnyOfKeepingEmpty) {
      SplitAtEachOf(text, node.text, lists);
    } else if (mode == kByWhitespaceAndRest) {
      SplitByWhitespaceAndRest(text, node.integers[1], lists);
    } else if (mode == kByWhitespace) {
      SplitByAnyOf(text, " \t\r\n\f\v", node.integers[1], lists);
    } else {
      for (size_t at = 0; at < text.size();) {
        const size_t size = mode == kIntoCharacters ? CharacterBytes(text, at) : 1;
        lists.Add(text.substr(at, size));
        at += size;
      }
    }
    lists.EndRow();
  }
  PENSTOCK_ASSIGN_OR_RETURN(Column column, lists.Finish());
  column.KeepAliveAllOf(x);
  return column;
}

/// Runs of `least` to `most` tokens, by where they begin, the short ones first, as tft.ngrams has them.
Result<Column> Ngrams(const Node& node, const Column& x) {
  auto kept = std::make_shared<std::vector<std::unique_ptr<std::string>>>();
  TextLists lists(ValueType::kText, x.num_rows());
  const int64_t least = node.integers[0];
  const int64_t most = node.integers[1];
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const ValueRange range = RangeOf(x, row);
    for (int64_t begin = range.begin; begin < range.end; ++begin) {
      std::string joined;
      for (int64_t size = 1; size <= most && begin + size <= range.end; ++size) {
        if (size > 1) joined += node.second_text;
        joined += x.texts()[begin + size - 1];
        if (size < least) continue;
        kept->push_back(std::make_unique<std::string>(joined));
        lists.Add(*kept->back());
      }
    }
    lists.EndRow();
  }
  PENSTOCK_ASSIGN_OR_RETURN(Column column, lists.Finish());
  column.KeepAlive(std::move(kept));
  return column;
}

/// Of each list what `fill(range, builder)` puts into the new one.
template <class Fill>
Result<Column> MapLists(const Column& x, Fill&& fill) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, ForType(x.type(), [&](auto zero) -> Result<Column> {
                              using T = decltype(zero);
                              ListBuilder<T> lists(x.type(), x.num_rows());
                              for (int64_t row = 0; row < x.num_rows(); ++row) {
                                fill(RangeOf(x, row), x.Values<T>(), lists);
                                lists.EndRow();
                              }
                              return lists.Finish();
                            }));
  column.KeepAliveAllOf(x);
  return column;
}

/// The first of equal ones stays.
Result<Column> Deduplicate(const Column& x) {
  return MapLists(x, [&](ValueRange range, const auto* values, auto& lists) {
    std::unordered_set<std::decay_t<decltype(*values)>> seen;
    for (int64_t i = range.begin; i < range.end; ++i) {
      if (x.IsPresent(i) && seen.insert(values[i]).second) lists.Add(values[i]);
    }
  });
}

/// Without its first value, whose place stays empty.
Result<Column> DropFirst(const Column& x) {
  return MapLists(x, [&](ValueRange range, const auto* values, auto& lists) {
    for (int64_t i = range.begin; i < range.end; ++i) lists.Add(values[i], i > range.begin && x.IsPresent(i));
  });
}

/// Without empty places.
Result<Column> LeftAlign(const Column& x) {
  return MapLists(x, [&](ValueRange range, const auto* values, auto& lists) {
    for (int64_t i = range.begin; i < range.end; ++i) {
      if (x.IsPresent(i)) lists.Add(values[i]);
    }
  });
}

/// 0, 1, 2 ... in every list.
Result<Column> Position(const Column& x) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, x.size()));
  auto* const to = column.MutableValues<int64_t>();
  if (!x.is_list()) {
    std::fill_n(to, x.size(), 0);
    PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> offsets, AllocateOffsets(x.size()));
    auto* const ends = reinterpret_cast<int64_t*>(offsets->mutable_data());
    for (int64_t i = 0; i <= x.size(); ++i) ends[i] = i;
    column.SetOffsets(std::move(offsets), x.size());
    return column;
  }
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    for (int64_t i = x.offsets()[row]; i < x.offsets()[row + 1]; ++i) to[i] = i - x.offsets()[row];
  }
  column.SetOffsets(x.offsets_buffer(), x.num_rows());
  return column;
}

template <class T>
Result<Column> PadLists(int64_t size, const Column& x, const Column& filler) {
  ListBuilder<T> lists(x.type(), x.num_rows());
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const ValueRange range = RangeOf(x, row);
    const ValueRange filling = RangeOf(filler, row);
    const bool has_filler = filling.begin < filling.end && filler.IsPresent(filling.begin);
    for (int64_t i = range.begin; i < range.begin + size; ++i) {
      if (i < range.end && x.IsPresent(i)) {
        lists.Add(x.Values<T>()[i]);
      } else if (has_filler) {
        lists.Add(filler.Values<T>()[filling.begin]);
      } else {
        lists.Add(T{}, false);
      }
    }
    lists.EndRow();
  }
  return lists.Finish();
}

/// The first `size` places of each list, with a filler where there is nothing.
Result<Column> Pad(const Node& node, const Column& x, const Column& filler) {
  for (int64_t row = 0; row < x.num_rows(); ++row) {
    const ValueRange range = RangeOf(x, row);
    if (range.end - range.begin <= node.integer) continue;
    return InvalidArgument("A list is to be padded to {} values, but example {} of a batch has {}",
                           node.integer, row + 1, range.end - range.begin);
  }
  PENSTOCK_ASSIGN_OR_RETURN(Column column, ForType(x.type(), [&](auto zero) -> Result<Column> {
                              return PadLists<decltype(zero)>(node.integer, x, filler);
                            }));
  column.KeepAliveAllOf(x);
  column.KeepAliveAllOf(filler);
  return column;
}

/// One list of each example: a value of each input, or all values of each, in their order.
Result<Column> JoinLists(Inputs inputs, bool keeps_missing) {
  const Column& first = *inputs[0];
  PENSTOCK_ASSIGN_OR_RETURN(Column column, ForType(first.type(), [&](auto zero) -> Result<Column> {
                              using T = decltype(zero);
                              ListBuilder<T> lists(first.type(), first.num_rows());
                              for (int64_t row = 0; row < first.num_rows(); ++row) {
                                for (const Column* input : inputs) {
                                  ValueRange range = RangeOf(*input, row);
                                  if (keeps_missing && !input->is_list()) range.end = row + 1;
                                  for (int64_t i = range.begin; i < range.end; ++i)
                                    lists.Add(input->template Values<T>()[i], input->IsPresent(i));
                                }
                                lists.EndRow();
                              }
                              return lists.Finish();
                            }));
  for (const Column* input : inputs) column.KeepAliveAllOf(*input);
  return column;
}

/// One of the values at places[k] for each k.
Result<Column> Gather(const Column& x, const std::vector<int64_t>& places) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(x.type(), static_cast<int64_t>(places.size())));
  ForType(x.type(), [&](auto zero) {
    using T = decltype(zero);
    for (size_t i = 0; i < places.size(); ++i) column.MutableValues<T>()[i] = x.Values<T>()[places[i]];
  });
  column.KeepAliveAllOf(x);
  if (!x.has_missing()) return column;
  PENSTOCK_ASSIGN_OR_RETURN(uint8_t* const presence, column.AllocatePresence(1));
  for (size_t i = 0; i < places.size(); ++i) presence[i] = x.IsPresent(places[i]) ? 1 : 0;
  return column;
}

/// How far into a run of equal values each row of the batch is, from 0, as tft.segment_indices.
Result<Column> Segment(const Column& x) {
  PENSTOCK_ASSIGN_OR_RETURN(Column column, Column::Allocate(ValueType::kInteger, x.size()));
  auto* const to = column.MutableValues<int64_t>();
  for (int64_t i = 0; i < x.size(); ++i)
    to[i] = i > 0 && x.integers()[i] == x.integers()[i - 1] ? to[i - 1] + 1 : 0;
  column.SetPresence(x.presence_buffer());
  return column;
}

}  // namespace

bool HaveEqualLengths(const Column& x, const Column& y) {
  return std::equal(x.offsets(), x.offsets() + x.num_rows() + 1, y.offsets());
}

Result<Column> SpreadOverLists(const Column& x, const Column& lists, std::string_view who) {
  const int64_t num_rows = lists.num_rows();
  if (x.is_list() && HaveEqualLengths(lists, x)) {
    Column flat = x;
    flat.SetOffsets(nullptr, 0);
    return flat;
  }
  std::vector<int64_t> places;
  places.reserve(static_cast<size_t>(lists.size()));
  for (int64_t row = 0; row < num_rows; ++row) {
    const int64_t size = lists.offsets()[row + 1] - lists.offsets()[row];
    const int64_t begin = x.is_list() ? x.offsets()[row] : row;
    const int64_t own_size = x.is_list() ? x.offsets()[row + 1] - begin : 1;
    if (own_size != size && (own_size != 1 || (x.is_list() && size == 0))) {
      return InvalidArgument("{} takes lists of the same length, but example {} of a batch has {} and {}",
                             who, row + 1, size, own_size);
    }
    for (int64_t i = 0; i < size; ++i) places.push_back(own_size == 1 ? begin : begin + i);
  }
  return Gather(x, places);
}

Result<Column> LongestLists(Inputs inputs) {
  const Column* first = nullptr;
  bool are_alike = true;
  for (const Column* input : inputs) {
    if (!input->is_list()) continue;
    if (first == nullptr) first = input;
    are_alike = are_alike && HaveEqualLengths(*first, *input);
  }
  if (first == nullptr) return Internal("There is no list");
  if (are_alike) return *first;
  const int64_t num_rows = first->num_rows();
  PENSTOCK_ASSIGN_OR_RETURN(std::shared_ptr<arrow::Buffer> offsets, AllocateOffsets(num_rows));
  auto* const ends = reinterpret_cast<int64_t*>(offsets->mutable_data());
  for (int64_t row = 0; row < num_rows; ++row) {
    int64_t longest = 0;
    for (const Column* input : inputs) {
      if (input->is_list()) longest = std::max(longest, input->offsets()[row + 1] - input->offsets()[row]);
    }
    ends[row + 1] = ends[row] + longest;
  }
  Column lists(ValueType::kNumber, ends[num_rows], nullptr);
  lists.SetOffsets(std::move(offsets), num_rows);
  return lists;
}

Result<Column> ComputeNumbers(const Node& node, int64_t num_rows) {
  ListBuilder<double> lists(ValueType::kNumber, num_rows);
  for (int64_t row = 0; row < num_rows; ++row) {
    for (const double number : node.numbers) lists.Add(number);
    lists.EndRow();
  }
  return lists.Finish();
}

Result<Column> ComputeLists(const Node& node, Inputs inputs) {
  const Column& x = *inputs[0];
  switch (node.op) {
    case Operator::kSplit:
      return Split(node, x);
    case Operator::kConcatenate:
      return JoinLists(inputs, false);
    case Operator::kStack:
      return JoinLists(inputs, true);
    case Operator::kNgrams:
      return Ngrams(node, x);
    case Operator::kDeduplicate:
      return Deduplicate(x);
    case Operator::kPosition:
      return Position(x);
    case Operator::kSegment:
      return Segment(x);
    case Operator::kPad:
      return Pad(node, x, *inputs[1]);
    case Operator::kDropFirst:
      return DropFirst(x);
    case Operator::kLeftAlign:
      return LeftAlign(x);
    default:
      return ReduceLists(node, inputs);
  }
}

}  // namespace penstock::transform
