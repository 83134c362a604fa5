#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "penstock/base/status.h"
#include "penstock/metadata/database/server_url.h"
#include "penstock/metadata/postgresql/libpq.h"

namespace penstock::metadata::postgresql {

/// A result that clears itself.
class QueryResult {
 public:
  QueryResult(const Libpq& pq, PGresult* result) : pq_(&pq), result_(result) {}
  QueryResult(QueryResult&& other) noexcept
      : pq_(other.pq_), result_(std::exchange(other.result_, nullptr)) {}
  QueryResult(const QueryResult&) = delete;
  QueryResult& operator=(const QueryResult&) = delete;
  QueryResult& operator=(QueryResult&&) = delete;
  ~QueryResult() {
    if (result_ != nullptr) pq_->clear(result_);
  }
  PGresult* get() const { return result_; }

 private:
  const Libpq* pq_;
  PGresult* result_;
};

/// A connection to one PostgreSQL database, made again after it was lost. Not for concurrent use.
class Session {
 public:
  static Result<std::unique_ptr<Session>> Open(const database::ServerUrl& url);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// Connects again where the connection is lost; statements prepared before are gone then.
  Status Restore();
  /// Several statements in one go.
  Status Run(const char* text);
  /// OK, or what the server said.
  Status StatusOf(const QueryResult& result) const;
  bool IsInTransaction() const;
  /// Raised by each new connection.
  int64_t generation() const { return generation_; }

  const Libpq& pq() const { return pq_; }
  PGconn* connection() const { return connection_; }
  const std::string& name() const { return name_; }
  int64_t num_changed = 0;  ///< By the last statement.

 private:
  Session(const Libpq& pq, database::ServerUrl url) : pq_(pq), url_(std::move(url)), name_(url_.Shown()) {}
  Status Connect();
  Status ErrorOf(std::string_view state, std::string_view text) const;
  std::string WithoutPassword(std::string text) const;

  const Libpq& pq_;
  const database::ServerUrl url_;
  const std::string name_;
  PGconn* connection_ = nullptr;
  int64_t generation_ = 0;
};

}  // namespace penstock::metadata::postgresql
