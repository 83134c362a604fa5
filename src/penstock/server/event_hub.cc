#include "penstock/server/event_hub.h"

#include <utility>

#include <fmt/format.h>

namespace penstock::server {
namespace {

constexpr size_t kMaxEvents = 10'000;
constexpr int kPollsPerSign = 150;  // Of a tenth of a second each.

class EventStream : public BodyStream {
 public:
  EventStream(const EventHub& hub, std::string run_id, int64_t sequence)
      : hub_(hub), run_id_(std::move(run_id)), sequence_(sequence) {}

  Result<Chunk> Next() override {
    Chunk chunk;
    if (!has_begun_) chunk.data = ": the events of runs\n\n";
    has_begun_ = true;
    for (const EventHub::Event& event : hub_.After(sequence_, run_id_)) {
      chunk.data += fmt::format("id: {}\ndata: {}\n\n", event.sequence, event.data);
      sequence_ = event.sequence;
    }
    if (chunk.data.empty() && ++num_quiet_polls_ >= kPollsPerSign) chunk.data = ": still here\n\n";
    if (!chunk.data.empty()) num_quiet_polls_ = 0;
    return chunk;
  }

 private:
  const EventHub& hub_;
  const std::string run_id_;
  int64_t sequence_;
  bool has_begun_ = false;
  int num_quiet_polls_ = 0;
};

}  // namespace

void EventHub::Publish(const std::string& run_id, std::string data) {
  const std::lock_guard lock(mutex_);
  events_.push_back({++last_sequence_, run_id, std::move(data)});
  if (events_.size() > kMaxEvents) events_.pop_front();
}

std::vector<EventHub::Event> EventHub::After(int64_t sequence, const std::string& run_id) const {
  const std::lock_guard lock(mutex_);
  std::vector<Event> found;
  if (events_.empty() || sequence >= last_sequence_) return found;
  const int64_t first = events_.front().sequence;
  for (size_t i = sequence < first ? 0 : static_cast<size_t>(sequence - first + 1); i < events_.size(); ++i)
    if (run_id.empty() || events_[i].run_id == run_id) found.push_back(events_[i]);
  return found;
}

int64_t EventHub::last_sequence() const {
  const std::lock_guard lock(mutex_);
  return last_sequence_;
}

std::shared_ptr<BodyStream> StreamEvents(const EventHub& hub, std::string run_id, int64_t sequence) {
  return std::make_shared<EventStream>(hub, std::move(run_id), sequence);
}

}  // namespace penstock::server
