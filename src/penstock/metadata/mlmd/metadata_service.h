#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"

namespace penstock::metadata::mlmd {

/// ML Metadata's service (ml_metadata.MetadataStoreService) over one SQLite file, which its own client and
/// Penstock's MetadataStore may have open at the same time.
///
/// Writes that arrive together share one transaction and one sync; each is still all or nothing by itself,
/// and answered only when it is on disk. Reads run beside them, each over one unchanging view, and see every
/// write that was answered before they were called. Safe from any thread.
class MetadataService {
 public:
  struct Options {
    int num_readers = 2;           ///< Reads at a time.
    int max_writes_at_once = 256;  ///< In one transaction.
  };
  /// Takes the serialized response, or the error. Called once, from any thread; must not block.
  using Done = std::function<void(Result<std::string> response)>;

  virtual ~MetadataService() = default;

  /// Serves one RPC ("PutArtifacts") with its serialized request. kUnimplemented: no such RPC. kUnavailable:
  /// another process keeps the file locked for ten seconds, or the service is closing.
  virtual void Call(std::string_view method, std::string request, Done done) = 0;
};

/// Opens or makes the file as OpenStore does. Destroying the service finishes the calls it has taken.
Result<std::unique_ptr<MetadataService>> OpenMetadataService(const std::string& path, const Clock& clock,
                                                             const MetadataService::Options& options = {});

}  // namespace penstock::metadata::mlmd
