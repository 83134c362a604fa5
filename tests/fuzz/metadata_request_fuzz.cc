// fuzz-libraries: penstock_metadata
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "penstock/metadata/database/connection.h"
#include "penstock/metadata/database/schema.h"
#include "penstock/metadata/database/transaction.h"
#include "penstock/metadata/mlmd/service_methods.h"

namespace {

using penstock::metadata::database::Connection;

/// One empty store for all inputs: every call is undone.
Connection& Store() {
  static Connection* const store = [] {
    auto opened = Connection::Open(":memory:");
    if (!opened.ok() || !penstock::metadata::database::PrepareSchema(**opened).ok()) std::abort();
    return opened->release();
  }();
  return *store;
}

}  // namespace

/// The first byte is the RPC, the rest its request: no request may do more than fail.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const auto methods = penstock::metadata::mlmd::ServiceMethods();
  const auto& method = methods[data[0] % methods.size()];
  const std::string_view request(reinterpret_cast<const char*>(data) + 1, size - 1);
  penstock::metadata::database::InWriteTransaction(Store(), [&]() -> penstock::Status {
    const auto response = method.run(Store(), penstock::Timestamp{1'700'000'000'000'000}, request);
    if (!response.ok() && response.status().code() == penstock::StatusCode::kDataLoss) __builtin_trap();
    return penstock::Aborted("Undone");
  }).IgnoreError();
  return 0;
}
