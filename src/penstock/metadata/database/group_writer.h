#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/database/write_rhythm.h"

namespace penstock::metadata::database {

/// Writes of many threads in few transactions: whoever comes while a sync is under way shares
/// the next one, which waits a moment for those whom the last one answered (WriteRhythm). Each write is all
/// or nothing by itself (a savepoint of its own), and answers when it is on disk. Safe from any thread; the
/// connection is the writer's alone.
class GroupWriter {
 public:
  explicit GroupWriter(Connection& connection) : connection_(connection) {}

  Status Write(const std::function<Status(Connection&)>& body);

 private:
  struct Waiting {
    const std::function<Status(Connection&)>* body;
    Status status;
    bool is_done = false, is_leader = false;
    std::condition_variable changed;  ///< Its own: nobody else is woken for it.
  };
  std::vector<Waiting*> Gather(std::unique_lock<std::mutex>& lock);
  void WriteAll(std::vector<Waiting*>& group);
  Status WriteGroup(std::vector<Waiting*>& group);
  Status WritePart(Waiting& waiting);

  Connection& connection_;  // Of the one thread that leads.
  std::mutex mutex_;
  std::condition_variable arrived_;  ///< For the leader that gathers.
  // Guarded by mutex_.
  std::vector<Waiting*> waiting_;
  bool has_leader_ = false, is_gathering_ = false;
  WriteRhythm rhythm_;
};

}  // namespace penstock::metadata::database
