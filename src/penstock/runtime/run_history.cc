#include "penstock/runtime/run_history.h"

#include <chrono>

namespace penstock::runtime {

RunHistory::RunHistory(metadata::MetadataStore& store, const Clock& clock, std::string run_id,
                       Observer observer)
    : store_(store), clock_(clock), run_id_(std::move(run_id)), observer_(std::move(observer)) {}

Status RunHistory::Load() {
  PENSTOCK_ASSIGN_OR_RETURN(const auto lines, store_.ReadRunEvents(run_id_));
  std::lock_guard lock(mutex_);
  state_ = {};
  for (const auto& line : lines) {
    PENSTOCK_ASSIGN_OR_RETURN(const RunEvent event, DecodeEvent(line));
    state_ = Apply(std::move(state_), event);
  }
  num_events_ = static_cast<int64_t>(lines.size());
  return OkStatus();
}

Status RunHistory::Append(What what) {
  return AppendWith(std::move(what), [this](const metadata::RunEvents& events) {
    return store_.AppendRunEvents(run_id_, events);
  });
}

Status RunHistory::AppendWithState(What what, metadata::RunState state) {
  return AppendWith(std::move(what), [&](const metadata::RunEvents& events) {
    return store_.SetRunState(run_id_, state, events);
  });
}

Status RunHistory::AppendWith(What what, const std::function<Status(const metadata::RunEvents&)>& write) {
  std::lock_guard lock(mutex_);
  const RunEvent event{clock_.Now(), std::move(what)};
  const std::string line = EncodeEvent(event);
  PENSTOCK_RETURN_IF_ERROR(write({num_events_, {&line, 1}}));
  ++num_events_;
  state_ = Apply(std::move(state_), event);
  if (observer_) observer_(event, state_);
  changed_.notify_all();
  return OkStatus();
}

RunState RunHistory::state() const {
  std::lock_guard lock(mutex_);
  return state_;
}

int64_t RunHistory::WaitForMore(int64_t num_events, int64_t timeout_millis) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(timeout_millis),
                    [&] { return num_events_ > num_events; });
  return num_events_;
}

}  // namespace penstock::runtime
