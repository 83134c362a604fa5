#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"

namespace penstock::metadata::database {

/// Writes of many threads in few transactions: whoever comes while a sync is under way shares
/// the next one. Each write is all or nothing by itself (a savepoint of its own), and answers when
/// it is on disk. Safe from any thread; the connection is the writer's alone.
class GroupWriter {
 public:
  explicit GroupWriter(Connection& connection) : connection_(connection) {}

  Status Write(const std::function<Status(Connection&)>& body);

 private:
  struct Waiting {
    const std::function<Status(Connection&)>* body;
    Status status;
    bool is_done = false;
  };
  void WriteAll(std::vector<Waiting*>& group);
  Status WriteGroup(std::vector<Waiting*>& group);
  Status WritePart(Waiting& waiting);

  Connection& connection_;  // Of the one thread that leads.
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<Waiting*> waiting_;
  bool has_leader_ = false;
};

}  // namespace penstock::metadata::database
