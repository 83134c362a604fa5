#include "penstock/metadata/access_store.h"

#include <mutex>
#include <utility>

#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/database/schema.h"
#include "penstock/metadata/database/statements.h"
#include "penstock/metadata/database/transaction.h"

namespace penstock::metadata {
namespace {

TokenRecord ReadRow(const database::Statement& row) {
  return {row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Int(4), row.Int(5)};
}

class DatabaseAccessStore : public AccessStore {
 public:
  explicit DatabaseAccessStore(std::unique_ptr<database::Connection> connection)
      : connection_(std::move(connection)) {}

  Status CreateToken(const TokenRecord& token) override {
    const std::lock_guard lock(mutex_);
    const Status status =
        connection_->Run(database::sql::kInsertToken, token.name, token.hash, token.role,
                         token.namespace_name, token.created_seconds, token.expires_seconds);
    return absl::IsAlreadyExists(status) ? AlreadyExists("There is a token named '{}' already", token.name)
                                         : status;
  }
  Result<std::optional<TokenRecord>> FindToken(const std::string& hash) const override {
    const std::lock_guard lock(mutex_);
    return InReadTransaction(*connection_, [&]() -> Result<std::optional<TokenRecord>> {
      database::Statement row = connection_->Prepare(database::sql::kSelectToken);
      row.Bind(hash);
      PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
      return has_row ? std::optional(ReadRow(row)) : std::nullopt;
    });
  }
  Result<std::vector<TokenRecord>> ListTokens() const override {
    const std::lock_guard lock(mutex_);
    return InReadTransaction(*connection_, [&]() -> Result<std::vector<TokenRecord>> {
      database::Statement row = connection_->Prepare(database::sql::kSelectTokens);
      std::vector<TokenRecord> tokens;
      while (true) {
        PENSTOCK_ASSIGN_OR_RETURN(const bool has_row, row.Step());
        if (!has_row) return tokens;
        tokens.push_back(ReadRow(row));
      }
    });
  }
  Status RevokeToken(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    return InWriteTransaction(*connection_, [&]() -> Status {
      PENSTOCK_RETURN_IF_ERROR(connection_->Run(database::sql::kDeleteToken, name));
      return connection_->NumChanged() > 0 ? OkStatus() : NotFound("There is no token named '{}'", name);
    });
  }

 private:
  mutable std::mutex mutex_;
  std::unique_ptr<database::Connection> connection_;  // Guarded by mutex_.
};

}  // namespace

Result<std::unique_ptr<AccessStore>> OpenAccessStore(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(auto connection, database::Connection::Open(path));
  PENSTOCK_RETURN_IF_ERROR(database::PrepareSchema(*connection));
  PENSTOCK_RETURN_IF_ERROR(connection->RunScript(database::sql::kCreateAccessTables));
  return std::make_unique<DatabaseAccessStore>(std::move(connection));
}

}  // namespace penstock::metadata
