#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "penstock/metadata/metadata_store.h"
#include "penstock/runtime/cache_key.h"

namespace penstock::runtime {

/// Remembers the parts of the cache keys of what ran, so that a miss can say what differs from the
/// nearest past execution: the latest one of the same task of the same pipeline. Filled from the histories of
/// the pipeline's latest runs when first asked about it. Safe from any thread.
class CacheNotes {
 public:
  explicit CacheNotes(const metadata::MetadataStore& store) : store_(store) {}

  void Remember(const std::string& pipeline, const std::string& path, const std::string& run_id,
                const KeyParts& parts);
  /// "parameter rounds was 100 and is 200 (run 1f0c…)", or why nothing can be compared.
  std::string Explain(const std::string& pipeline, const std::string& path, const std::string& run_id,
                      const KeyParts& parts);

 private:
  struct Note {
    std::string run_id;
    KeyParts parts;
  };
  void Load(const std::string& pipeline, const std::string& except_run);

  const metadata::MetadataStore& store_;  // Constant after construction.

  std::mutex mutex_;
  // Guarded by mutex_.
  std::set<std::string> loaded_;                                ///< Pipelines.
  std::map<std::pair<std::string, std::string>, Note> latest_;  ///< By pipeline and path.
};

}  // namespace penstock::runtime
