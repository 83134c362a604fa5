#pragma once

#include <string_view>

#include <arrow-adbc/adbc.h>

#include "penstock/base/status.h"

namespace penstock::data::sql {

/// Owns what a driver says of a failed call. Only for this folder's own .cc files: it includes adbc.h.
class AdbcErrorHolder {
 public:
  AdbcErrorHolder() = default;
  AdbcErrorHolder(const AdbcErrorHolder&) = delete;
  AdbcErrorHolder& operator=(const AdbcErrorHolder&) = delete;
  ~AdbcErrorHolder() { Release(); }

  /// To pass to a call; what an earlier one said is gone.
  AdbcError* get() {
    Release();
    return &error_;
  }
  /// OK for ADBC_STATUS_OK, else "context: what the driver says".
  Status ToStatus(AdbcStatusCode code, std::string_view context) const;

 private:
  void Release();

  AdbcError error_ = ADBC_ERROR_INIT;
};

}  // namespace penstock::data::sql
