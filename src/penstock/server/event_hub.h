#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "penstock/server/http_message.h"

namespace penstock::server {

/// The latest changes of runs and tasks, for whoever follows them. Safe from any thread; keeps
/// so many and forgets the oldest.
class EventHub {
 public:
  struct Event {
    int64_t sequence = 0;  ///< From 1.
    std::string run_id;
    std::string data;  ///< One line of JSON.
  };

  void Publish(const std::string& run_id, std::string data);
  /// Those behind `sequence`, of one run (or of all where `run_id` is empty).
  std::vector<Event> After(int64_t sequence, const std::string& run_id) const;
  int64_t last_sequence() const;

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::deque<Event> events_;
  int64_t last_sequence_ = 0;
};

/// Server-sent events of the hub from behind `sequence` on. Says something every quarter of a minute, so
/// that a broken connection is noticed.
std::shared_ptr<BodyStream> StreamEvents(const EventHub& hub, std::string run_id, int64_t sequence);

}  // namespace penstock::server
