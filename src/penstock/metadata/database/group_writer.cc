#include "penstock/metadata/database/group_writer.h"

#include <utility>

#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/database/transaction.h"

namespace penstock::metadata::database {

Status GroupWriter::Write(const std::function<Status(Connection&)>& body) {
  Waiting mine{&body, OkStatus()};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&mine);
  changed_.wait(lock, [&] { return mine.is_done || !has_leader_; });
  if (mine.is_done) return mine.status;
  has_leader_ = true;
  std::vector<Waiting*> group = std::exchange(waiting_, {});
  lock.unlock();
  WriteAll(group);
  lock.lock();
  for (Waiting* member : group) member->is_done = true;
  has_leader_ = false;
  changed_.notify_all();
  return mine.status;
}

void GroupWriter::WriteAll(std::vector<Waiting*>& group) {
  const Status status = WriteGroup(group);
  if (status.ok()) return;
  // What could not be committed together did not happen: none of it is on disk.
  for (Waiting* member : group)
    if (member->status.ok()) member->status = status;
}

Status GroupWriter::WriteGroup(std::vector<Waiting*>& group) {
  if (group.size() == 1) {
    return InWriteTransaction(connection_, [&] { return group[0]->status = (*group[0]->body)(connection_); });
  }
  return InWriteTransaction(connection_, [&]() -> Status {
    for (Waiting* member : group) PENSTOCK_RETURN_IF_ERROR(WritePart(*member));
    return OkStatus();
  });
}

Status GroupWriter::WritePart(Waiting& waiting) {
  PENSTOCK_RETURN_IF_ERROR(connection_.Run(sql::kBeginPart));
  waiting.status = (*waiting.body)(connection_);
  if (!waiting.status.ok()) {
    // A full disk ends the whole transaction; then this fails too, and with it the group.
    PENSTOCK_RETURN_IF_ERROR(connection_.Run(sql::kRollbackPart));
  }
  return connection_.Run(sql::kReleasePart);
}

}  // namespace penstock::metadata::database
