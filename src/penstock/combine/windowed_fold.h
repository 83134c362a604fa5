#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "penstock/combine/row_groups.h"

namespace penstock::combine {

/// Rows of a batch by pane of event time: floor(micros / pane_micros). The column is int64
/// (microseconds since the epoch) or an Arrow timestamp. kInvalidArgument where it is missing, of another
/// type, or null.
Result<std::map<int64_t, std::vector<int64_t>>> GroupRowsByPane(const Batch& batch,
                                                                const std::string& time_column,
                                                                int64_t pane_micros);

/// Where the panes of a WindowedFold lie.
struct WindowOptions {
  std::string time_column;
  int64_t pane_micros = 1;
  int64_t panes_per_window = 1;  ///< 1: tumbling windows; more: windows that slide by one pane.
  int64_t max_panes = 1'000'000;
};

/// Keeps one state per pane of event time and merges panes into (sliding) windows, so that no
/// combiner needs an inverse of Add. Itself a Combiner: late and shuffled examples, shards and
/// checkpoints all end in the same panes.
template <Combiner C>
class WindowedFold {
 public:
  using State = std::map<int64_t, typename C::State>;  // Keyed by event time / pane_micros.
  /// Every window that holds an example, keyed by its last pane.
  using Output = std::map<int64_t, typename C::Output>;

  /// Needs pane_micros and panes_per_window above 0.
  WindowedFold(C combiner, WindowOptions options)
      : combiner_(std::move(combiner)), options_(std::move(options)) {}

  State NewState() const { return {}; }

  Status Add(const Batch& batch, State& state) const {
    PENSTOCK_ASSIGN_OR_RETURN(auto panes, GroupRowsByPane(batch, options_.time_column, options_.pane_micros));
    for (const auto& [pane, rows] : panes) {
      PENSTOCK_RETURN_IF_ERROR(AddSomeRows(combiner_, batch, rows, StateAt(combiner_, pane, state)));
    }
    return CheckNumPanes(state);
  }

  Status Merge(const State& from, State& into) const {
    for (const auto& [pane, part] : from) {
      PENSTOCK_RETURN_IF_ERROR(combiner_.Merge(part, StateAt(combiner_, pane, into)));
    }
    return CheckNumPanes(into);
  }

  /// The value of the window whose last pane is `last_pane`. May be asked early and again.
  Result<typename C::Output> WindowEndingAt(const State& state, int64_t last_pane) const {
    typename C::State window = combiner_.NewState();
    const auto first = state.lower_bound(last_pane - options_.panes_per_window + 1);
    for (auto pane = first; pane != state.end() && pane->first <= last_pane; ++pane) {
      PENSTOCK_RETURN_IF_ERROR(combiner_.Merge(pane->second, window));
    }
    return combiner_.Finish(window);
  }

  Result<Output> Finish(const State& state) const {
    Output output;
    for (const auto& [pane, part] : state) {
      for (int64_t last = pane; last < pane + options_.panes_per_window; ++last) {
        if (output.count(last) != 0) continue;
        PENSTOCK_ASSIGN_OR_RETURN(auto finished, WindowEndingAt(state, last));
        output.emplace(last, std::move(finished));
      }
    }
    return output;
  }

  /// Forgets panes that no window from `first_pane` on needs: for streams that never end.
  void DropPanesBefore(int64_t first_pane, State& state) const {
    state.erase(state.begin(), state.lower_bound(first_pane));
  }

  Bytes Encode(const State& state) const {
    StateWriter writer;
    writer.Version(1).Varint(state.size());
    for (const auto& [pane, part] : state) writer.Signed(pane).Text(combiner_.Encode(part));
    return std::move(writer).Take();
  }

  Result<State> Decode(std::string_view bytes) const {
    StateReader reader(bytes, "windowed fold");
    reader.Version(1);
    State state;
    for (uint64_t left = reader.Count(2); left > 0; --left) {
      const int64_t pane = reader.Signed();
      const std::string_view part_bytes = reader.Text();
      PENSTOCK_RETURN_IF_ERROR(reader.status());
      PENSTOCK_ASSIGN_OR_RETURN(typename C::State part, combiner_.Decode(part_bytes));
      if (pane > kMaxPane || pane < -kMaxPane) reader.Fail("a pane is out of range");
      if (!state.try_emplace(pane, std::move(part)).second) reader.Fail("a pane is there twice");
    }
    PENSTOCK_RETURN_IF_ERROR(reader.Finish());
    return state;
  }

  Digest Fingerprint() const {
    DigestBuilder digest;
    digest.Add("windowed-fold/1").Add(combiner_.Fingerprint()).Add(std::string_view(options_.time_column));
    digest.Add(options_.pane_micros).Add(options_.panes_per_window).Add(options_.max_panes);
    return digest.Finish();
  }

 private:
  // Far beyond any time in microseconds, and far from where adding a window's length overflows.
  static constexpr int64_t kMaxPane = int64_t{1} << 62;

  Status CheckNumPanes(const State& state) const {
    if (static_cast<int64_t>(state.size()) <= options_.max_panes) return OkStatus();
    return InvalidArgument(
        "Event times of column '{}' spread over more than {} panes of {} microseconds; use longer panes",
        options_.time_column, options_.max_panes, options_.pane_micros);
  }

  C combiner_;
  WindowOptions options_;
};

}  // namespace penstock::combine
