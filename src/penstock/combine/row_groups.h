#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "penstock/combine/combiner.h"
#include "penstock/combine/state_codec.h"

namespace penstock::combine {

/// One value of some features: {} is all examples, {payment_type: Cash} those paid in cash.
struct SliceKey {
  /// Feature name and value text, in the order of the slicing. Integers in decimal, floats in their
  /// shortest exact form, booleans as true/false, text and bytes as they are.
  std::vector<std::pair<std::string, std::string>> features;

  /// "payment_type:Cash|trip_start_hour:12", or "Overall".
  std::string ToString() const;
  bool IsOverall() const { return features.empty(); }
  auto operator<=>(const SliceKey&) const = default;

  void Encode(StateWriter& writer) const;
  static Result<SliceKey> Decode(StateReader& reader);
};

/// The rows of a batch that belong to one slice, rising.
struct RowGroup {
  SliceKey key;
  std::vector<int64_t> rows;
};

/// The rows of `batch` by the values of `columns` (crossed where several), in order of first
/// appearance. A row with a null in one of them is in no group; a row with several values (a list column) is
/// in the group of each. More than `max_groups` groups, or an unknown column (near miss told), are
/// kInvalidArgument. No columns: one group of all rows. Linear in rows.
Result<std::vector<RowGroup>> GroupRows(const Batch& batch, std::span<const std::string> columns,
                                        int64_t max_groups);

/// The batch of those rows (a copy).
Result<Batch> TakeRows(const Batch& batch, std::span<const int64_t> rows);

/// A combiner that can add some rows of a batch without a copy of them; KeyedFold and WindowedFold use it.
template <class C>
concept GroupedCombiner = Combiner<C> &&
    requires(const C& combiner, const Batch& batch, std::span<const int64_t> rows, typename C::State& into) {
  { combiner.AddRows(batch, rows, into) } -> std::same_as<Status>;
};

/// Adds those rows, by AddRows where the combiner has it.
template <Combiner C>
Status AddSomeRows(const C& combiner, const Batch& batch, std::span<const int64_t> rows,
                   typename C::State& into) {
  if (static_cast<int64_t>(rows.size()) == batch->num_rows()) return combiner.Add(batch, into);
  if constexpr (GroupedCombiner<C>) {
    return combiner.AddRows(batch, rows, into);
  } else {
    PENSTOCK_ASSIGN_OR_RETURN(Batch part, TakeRows(batch, rows));
    return combiner.Add(part, into);
  }
}

/// The state at `key`, made new where there is none.
template <Combiner C, class Key>
typename C::State& StateAt(const C& combiner, const Key& key, std::map<Key, typename C::State>& states) {
  const auto at = states.lower_bound(key);
  if (at != states.end() && at->first == key) return at->second;
  return states.emplace_hint(at, key, combiner.NewState())->second;
}

}  // namespace penstock::combine
