#pragma once

#include <string>

#include "penstock/base/status.h"
#include "penstock/metadata/service_records.h"
#include "penstock/runtime/run_snapshot.h"

namespace penstock::server {

/// What the service asks of whoever runs pipelines. Safe from any thread.
class RunControl {
 public:
  virtual ~RunControl() = default;
  /// kInvalidArgument: the pipeline cannot be run, or not with these parameters.
  virtual Status Check(const metadata::ServiceRunRecord& run) = 0;
  /// Starts a run that is stored, some moment later.
  virtual void Start(const std::string& run_id) = 0;
  /// As runtime::RunEngine has them.
  virtual Status Terminate(const std::string& run_id) = 0;
  virtual Status Retry(const std::string& run_id) = 0;
  virtual Status Forget(const std::string& run_id) = 0;
  virtual Result<runtime::RunSnapshot> Snapshot(const std::string& run_id, bool with_values) = 0;
};

}  // namespace penstock::server
