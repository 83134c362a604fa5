#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "penstock/base/status.h"
#include "penstock/metadata/database/server_url.h"
#include "penstock/metadata/mysql/libmariadb.h"

namespace penstock::metadata::mysql {

/// A connection to one MySQL or MariaDB database, made again after it was lost. Not for concurrent use.
class Session {
 public:
  static Result<std::unique_ptr<Session>> Open(const database::ServerUrl& url);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session();

  /// Connects again where the connection was lost; statements prepared before are gone then.
  Status Restore();
  /// One statement without parameters; its rows are dropped but for the first one's first column.
  Status Run(std::string_view text, std::string* first = nullptr);
  /// What `number` of the server or the library means.
  Status ErrorOf(unsigned number, std::string_view text);
  /// Raised by each new connection.
  int64_t generation() const { return generation_; }

  const Libmariadb& library() const { return library_; }
  MYSQL* connection() const { return connection_; }
  const std::string& name() const { return name_; }
  int64_t num_changed = 0;     ///< By the last statement.
  int64_t last_insert_id = 0;  ///< Of the last INSERT.

 private:
  Session(const Libmariadb& library, database::ServerUrl url)
      : library_(library), url_(std::move(url)), name_(url_.Shown()) {}
  Status Connect();

  const Libmariadb& library_;
  const database::ServerUrl url_;
  const std::string name_;
  MYSQL* connection_ = nullptr;
  bool is_lost_ = false;
  int64_t generation_ = 0;
};

}  // namespace penstock::metadata::mysql
