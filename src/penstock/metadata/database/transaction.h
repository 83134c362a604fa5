#pragma once

#include <type_traits>

#include "penstock/base/status.h"
#include "penstock/metadata/database/connection.h"

namespace penstock::metadata::database {

namespace transaction_detail {
inline Status StatusOf(const Status& status) { return status; }
template <class T>
Status StatusOf(const Result<T>& result) {
  return result.status();
}

template <class Body>
std::invoke_result_t<Body> Run(Connection& connection, const Status& begun, Body&& body) {
  PENSTOCK_RETURN_IF_ERROR(begun);
  std::invoke_result_t<Body> result = body();
  Status status = StatusOf(result);
  if (status.ok()) status = connection.driver().Commit();
  if (status.ok()) return result;
  connection.driver().Rollback();  // The first error is the one to tell.
  return status;
}
}  // namespace transaction_detail

/// Runs `body` (-> Status or Result) as one transaction that is the only writing one from its
/// beginning: committed, and on disk, when it answers OK, otherwise as if it had not been.
template <class Body>
std::invoke_result_t<Body> InWriteTransaction(Connection& connection, Body&& body) {
  return transaction_detail::Run(connection, connection.driver().BeginWrite(), std::forward<Body>(body));
}

/// Runs `body` over one unchanging view of the store.
template <class Body>
std::invoke_result_t<Body> InReadTransaction(Connection& connection, Body&& body) {
  return transaction_detail::Run(connection, connection.driver().BeginRead(), std::forward<Body>(body));
}

}  // namespace penstock::metadata::database
