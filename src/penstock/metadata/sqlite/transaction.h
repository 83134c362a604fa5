#pragma once

#include <type_traits>

#include "penstock/base/status.h"
#include "penstock/metadata/sqlite/connection.h"
#include "penstock/metadata/sqlite/statements.h"

namespace penstock::metadata::sqlite {

namespace transaction_detail {
inline Status StatusOf(const Status& status) { return status; }
template <class T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}

template <class Body>
std::invoke_result_t<Body> Run(Connection& connection, std::string_view begin, Body&& body) {
  PENSTOCK_RETURN_IF_ERROR(connection.Run(begin));
  std::invoke_result_t<Body> result = body();
  Status status = StatusOf(result);
  if (status.ok()) status = connection.Run(sql::kCommit);
  if (status.ok()) return result;
  // SQLite rolls back by itself after some errors (a full disk); then there is nothing left
  // to roll back and the first error is the one to tell.
  connection.Run(sql::kRollback).IgnoreError();
  return status;
}
}  // namespace transaction_detail

/// Runs `body` (-> Status or Result) as one transaction that holds the write lock from its
/// beginning: committed, and on disk, when it answers OK, otherwise as if it had not been.
template <class Body>
std::invoke_result_t<Body> InWriteTransaction(Connection& connection, Body&& body) {
  return transaction_detail::Run(connection, sql::kBeginWrite, std::forward<Body>(body));
}

/// Runs `body` over one unchanging view of the store.
template <class Body>
std::invoke_result_t<Body> InReadTransaction(Connection& connection, Body&& body) {
  return transaction_detail::Run(connection, sql::kBeginRead, std::forward<Body>(body));
}

}  // namespace penstock::metadata::sqlite
