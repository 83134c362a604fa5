#include "penstock/metadata/mlmd/metadata_service.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/database/schema.h"
#include "penstock/metadata/database/transaction.h"
#include "penstock/metadata/mlmd/service_methods.h"
#include "penstock/metadata/mlmd/statements.h"

namespace penstock::metadata::mlmd {
namespace {

using database::Connection;

struct PendingCall {
  const ServiceMethod* method = nullptr;
  std::string request;
  MetadataService::Done done;
};

/// Calls that wait for a thread. Closing lets the rest be taken.
class CallQueue {
 public:
  /// False: it is closed.
  bool Push(PendingCall& call) {
    const std::lock_guard lock(mutex_);
    if (is_closed_) return false;
    calls_.push_back(std::move(call));
    changed_.notify_one();
    return true;
  }
  /// Waits; empty when closed and all are taken.
  std::vector<PendingCall> Take(size_t limit) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return is_closed_ || !calls_.empty(); });
    std::vector<PendingCall> taken;
    while (!calls_.empty() && taken.size() < limit) {
      taken.push_back(std::move(calls_.front()));
      calls_.pop_front();
    }
    return taken;
  }
  void Close() {
    const std::lock_guard lock(mutex_);
    is_closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<PendingCall> calls_;  // Guarded by mutex_.
  bool is_closed_ = false;         // Guarded by mutex_.
};

class DatabaseMetadataService : public MetadataService {
 public:
  DatabaseMetadataService(std::unique_ptr<Connection> writer,
                          std::vector<std::unique_ptr<Connection>> readers, const Clock& clock,
                          size_t max_writes_at_once)
      : clock_(clock), writer_(std::move(writer)), readers_(std::move(readers)) {
    threads_.emplace_back([this, max_writes_at_once] { ServeWrites(max_writes_at_once); });
    for (auto& reader : readers_) threads_.emplace_back([this, &reader] { ServeReads(*reader); });
  }
  ~DatabaseMetadataService() override {
    writes_.Close();
    reads_.Close();
    for (std::thread& thread : threads_) thread.join();
  }

  void Call(std::string_view name, std::string request, Done done) override {
    const ServiceMethod* method = FindServiceMethod(name);
    if (method == nullptr)
      return done(Unimplemented("ml_metadata.MetadataStoreService has no method {}", name));
    PendingCall call{method, std::move(request), std::move(done)};
    if (!(method->is_write ? writes_ : reads_).Push(call)) {
      call.done(Unavailable("The metadata service is closing"));
    }
  }

 private:
  void ServeReads(Connection& db) {
    while (true) {
      std::vector<PendingCall> calls = reads_.Take(1);
      if (calls.empty()) return;
      PendingCall& call = calls.front();
      call.done(InReadTransaction(db, [&] { return call.method->run(db, clock_.Now(), call.request); }));
    }
  }

  void ServeWrites(size_t max_writes_at_once) {
    while (true) {
      std::vector<PendingCall> calls = writes_.Take(max_writes_at_once);
      if (calls.empty()) return;
      std::vector<Result<std::string>> responses;
      const Status status = InWriteTransaction(*writer_, [&] { return RunWrites(calls, responses); });
      for (size_t i = 0; i < calls.size(); ++i) {
        calls[i].done(status.ok() ? std::move(responses[i]) : Result<std::string>(status));
      }
    }
  }

  /// Each within a savepoint: an error undoes its own work alone.
  Status RunWrites(const std::vector<PendingCall>& calls, std::vector<Result<std::string>>& responses) {
    for (const PendingCall& call : calls) {
      PENSTOCK_RETURN_IF_ERROR(writer_->Run(sql::kBeginRequest));
      responses.push_back(call.method->run(*writer_, clock_.Now(), call.request));
      if (!responses.back().ok()) PENSTOCK_RETURN_IF_ERROR(writer_->Run(sql::kUndoRequest));
      PENSTOCK_RETURN_IF_ERROR(writer_->Run(sql::kKeepRequest));
    }
    return OkStatus();
  }

  // Constant after construction.
  const Clock& clock_;
  const std::unique_ptr<Connection> writer_;          // Used by the writing thread alone.
  std::vector<std::unique_ptr<Connection>> readers_;  // Each used by one reading thread alone.
  CallQueue writes_;
  CallQueue reads_;
  std::vector<std::thread> threads_;
};

Status PrepareService(Connection& db) {
  PENSTOCK_RETURN_IF_ERROR(database::PrepareSchema(db));
  return InWriteTransaction(db, [&]() -> Status {
    PENSTOCK_RETURN_IF_ERROR(db.RunScript(sql::kCreateEdgeIndices));
    return db.Run(sql::kInsertMissingSimpleTypes);
  });
}

}  // namespace

Result<std::unique_ptr<MetadataService>> OpenMetadataService(const std::string& path, const Clock& clock,
                                                             const MetadataService::Options& options) {
  if (options.num_readers < 1 || options.max_writes_at_once < 1) {
    return InvalidArgument("A metadata service needs a reader and a write at a time, not {} and {}",
                           options.num_readers, options.max_writes_at_once);
  }
  PENSTOCK_ASSIGN_OR_RETURN(auto writer, Connection::Open(path));
  PENSTOCK_RETURN_IF_ERROR(PrepareService(*writer));
  std::vector<std::unique_ptr<Connection>> readers;
  for (int i = 0; i < options.num_readers; ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(auto reader, Connection::Open(path));
    readers.push_back(std::move(reader));
  }
  return std::make_unique<DatabaseMetadataService>(std::move(writer), std::move(readers), clock,
                                                   static_cast<size_t>(options.max_writes_at_once));
}

}  // namespace penstock::metadata::mlmd
