#include "penstock/metadata/database/group_writer.h"

#include <utility>

#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/database/transaction.h"

namespace penstock::metadata::database {

Status GroupWriter::Write(const std::function<Status(Connection&)>& body) {
  Waiting mine{.body = &body};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&mine);
  if (is_gathering_) arrived_.notify_one();
  if (has_leader_) {
    mine.changed.wait(lock, [&] { return mine.is_done || mine.is_leader; });
    if (mine.is_done) return mine.status;
  }
  has_leader_ = true;
  std::vector<Waiting*> group = Gather(lock);
  lock.unlock();
  const auto begin = std::chrono::steady_clock::now();
  WriteAll(group);
  const auto end = std::chrono::steady_clock::now();
  lock.lock();
  rhythm_.Note(group.size(), waiting_.size(), end - begin);
  for (Waiting* member : group) {
    member->is_done = true;
    // Under the lock, without which the member cannot go away with its condition.
    if (member != &mine) member->changed.notify_one();
  }
  has_leader_ = !waiting_.empty();
  if (has_leader_) {
    waiting_.front()->is_leader = true;
    waiting_.front()->changed.notify_one();
  }
  return mine.status;
}

std::vector<GroupWriter::Waiting*> GroupWriter::Gather(std::unique_lock<std::mutex>& lock) {
  if (waiting_.size() < rhythm_.num_expected()) {
    is_gathering_ = true;
    arrived_.wait_for(lock, rhythm_.Patience(), [&] { return waiting_.size() >= rhythm_.num_expected(); });
    is_gathering_ = false;
  }
  return std::exchange(waiting_, {});
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
