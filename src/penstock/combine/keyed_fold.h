#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "penstock/combine/row_groups.h"

namespace penstock::combine {

/// One state per slice: `combiner` folded over all examples, by feature, by crossed features, all in
/// one pass. Itself a Combiner, so slices merge, encode and window like anything else.
/// Memory: one inner state per slice seen, at most `max_slices`.
template <Combiner C>
class KeyedFold {
 public:
  using State = std::map<SliceKey, typename C::State>;
  /// In order of the keys; the slice of all examples ({}) first.
  using Output = std::vector<std::pair<SliceKey, typename C::Output>>;
  static constexpr int64_t kDefaultMaxSlices = 100'000;

  /// `slicings`: the columns of each way to slice; an empty one is the slice of all examples.
  KeyedFold(C combiner, std::vector<std::vector<std::string>> slicings,
            int64_t max_slices = kDefaultMaxSlices)
      : combiner_(std::move(combiner)), slicings_(std::move(slicings)), max_slices_(max_slices) {}

  const C& combiner() const { return combiner_; }

  State NewState() const { return {}; }

  Status Add(const Batch& batch, State& state) const {
    for (const std::vector<std::string>& columns : slicings_) {
      PENSTOCK_ASSIGN_OR_RETURN(std::vector<RowGroup> groups, GroupRows(batch, columns, max_slices_));
      for (const RowGroup& group : groups) {
        PENSTOCK_RETURN_IF_ERROR(
            AddSomeRows(combiner_, batch, group.rows, StateAt(combiner_, group.key, state)));
      }
      PENSTOCK_RETURN_IF_ERROR(CheckNumSlices(state, columns));
    }
    return OkStatus();
  }

  Status Merge(const State& from, State& into) const {
    for (const auto& [key, slice] : from) {
      PENSTOCK_RETURN_IF_ERROR(combiner_.Merge(slice, StateAt(combiner_, key, into)));
    }
    return CheckNumSlices(into, {});
  }

  Result<Output> Finish(const State& state) const {
    Output output;
    output.reserve(state.size());
    for (const auto& [key, slice] : state) {
      auto finished = combiner_.Finish(slice);
      if (!finished.ok()) return Annotate(finished.status(), "Slice " + key.ToString());
      output.emplace_back(key, *std::move(finished));
    }
    return output;
  }

  Bytes Encode(const State& state) const {
    StateWriter writer;
    writer.Version(1).Varint(state.size());
    for (const auto& [key, slice] : state) {
      key.Encode(writer);
      writer.Text(combiner_.Encode(slice));
    }
    return std::move(writer).Take();
  }

  Result<State> Decode(std::string_view bytes) const {
    StateReader reader(bytes, "keyed fold");
    reader.Version(1);
    State state;
    for (uint64_t left = reader.Count(2); left > 0; --left) {
      PENSTOCK_ASSIGN_OR_RETURN(SliceKey key, SliceKey::Decode(reader));
      const std::string_view slice_bytes = reader.Text();
      PENSTOCK_RETURN_IF_ERROR(reader.status());
      PENSTOCK_ASSIGN_OR_RETURN(typename C::State slice, combiner_.Decode(slice_bytes));
      if (!state.try_emplace(std::move(key), std::move(slice)).second) reader.Fail("a slice is there twice");
    }
    PENSTOCK_RETURN_IF_ERROR(reader.Finish());
    return state;
  }

  Digest Fingerprint() const {
    DigestBuilder digest;
    digest.Add("keyed-fold/1").Add(combiner_.Fingerprint()).Add(max_slices_);
    for (const std::vector<std::string>& columns : slicings_) {
      digest.Add(static_cast<int64_t>(columns.size()));
      for (const std::string& column : columns) digest.Add(std::string_view(column));
    }
    return digest.Finish();
  }

 private:
  Status CheckNumSlices(const State& state, const std::vector<std::string>& columns) const {
    if (static_cast<int64_t>(state.size()) <= max_slices_) return OkStatus();
    return InvalidArgument(
        "Slicing{} gives more than {} slices; slice by columns with fewer values, or bucketize them first",
        columns.empty() ? "" : fmt::format(" by {}", fmt::join(columns, " x ")), max_slices_);
  }

  C combiner_;
  std::vector<std::vector<std::string>> slicings_;
  int64_t max_slices_;
};

}  // namespace penstock::combine
