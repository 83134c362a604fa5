#include "penstock/metadata/audit_store.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/database/group_writer.h"
#include "penstock/metadata/database/schema.h"
#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/database/transaction.h"

namespace penstock::metadata {
namespace {

class DatabaseAuditStore : public AuditStore {
 public:
  DatabaseAuditStore(std::unique_ptr<database::Connection> writes,
                     std::unique_ptr<database::Connection> reads)
      : writes_(std::move(writes)), reads_(std::move(reads)), writer_(*writes_) {}

  Status Append(const AuditRecord& record) override {
    return writer_.Write([&](database::Connection& connection) {
      return connection.Run(database::sql::kInsertAudit, record.time.micros, record.server, record.caller,
                            record.peer, record.operation, record.path, record.status);
    });
  }
  Result<std::vector<AuditRecord>> ListLatest(int64_t limit) const override {
    const std::lock_guard lock(mutex_);
    return InReadTransaction(*reads_, [&]() -> Result<std::vector<AuditRecord>> {
      database::Statement row = reads_->Prepare(database::sql::kSelectAudit);
      row.Bind(limit);
      std::vector<AuditRecord> records;
      while (true) {
        PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
        if (!has_row) break;
        records.push_back({Timestamp{row.Int(0)}, row.Text(1), row.Text(2), row.Text(3), row.Text(4),
                           row.Text(5), static_cast<int>(row.Int(6))});
      }
      std::reverse(records.begin(), records.end());
      return records;
    });
  }

 private:
  const std::unique_ptr<database::Connection> writes_, reads_;  // reads_ is guarded by mutex_.
  mutable std::mutex mutex_;
  database::GroupWriter writer_;
};

}  // namespace

Result<std::unique_ptr<AuditStore>> OpenAuditStore(const std::string& place) {
  PENSTOCK_ASSIGN_OR_RETURN(auto writes, database::Connection::Open(place));
  PENSTOCK_RETURN_IF_ERROR(database::PrepareSchema(*writes));
  PENSTOCK_RETURN_IF_ERROR(writes->RunScript(database::sql::kCreateAuditTables));
  PENSTOCK_ASSIGN_OR_RETURN(auto reads, database::Connection::Open(place));
  return std::make_unique<DatabaseAuditStore>(std::move(writes), std::move(reads));
}

}  // namespace penstock::metadata
