#pragma once

#include <string>
#include <vector>

#include "penstock/apps/service_client.h"

namespace penstock::apps {

/// Options of `penstock runs` against a server.
struct RemoteRunOptions : ClientOptions {
  std::string run, node, file, pipeline, version, name, experiment, state;
  std::vector<std::string> parameters;
  int limit = 20;
  int timeout_seconds = 0;  ///< 0: none.
  bool follows = false, waits = false;
};

/// Each answers the exit code: 0; 1 where a run that was waited for did not succeed.
Result<int> SubmitRun(const Application& application, const RemoteRunOptions& options);
Result<int> ListRemoteRuns(const RemoteRunOptions& options);
Result<int> ShowRemoteRun(const RemoteRunOptions& options);
Result<int> WaitForRun(const Application& application, const RemoteRunOptions& options);
Result<int> ShowRemoteLogs(const RemoteRunOptions& options);
/// `verb`: ":terminate", ":retry", ":archive", ":unarchive".
Result<int> ChangeRun(const RemoteRunOptions& options, const char* verb);
Result<int> DeleteRun(const RemoteRunOptions& options);

}  // namespace penstock::apps
