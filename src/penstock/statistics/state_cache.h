#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <arrow/type.h>

#include "penstock/base/digest.h"
#include "penstock/base/status.h"
#include "penstock/combine/combiner.h"

namespace penstock::statistics {

/// Encoded states of combiners in a folder (local path or URI), by the content they are of. An entry says in
/// itself what it is of: one that is damaged, cut short, of another version or of something else is not
/// there, and `why` says so. Entries are written whole or not at all; several programs may share a folder.
/// Nothing is ever removed: what is old may be deleted at any time.
class StateCache {
 public:
  explicit StateCache(std::string folder) : folder_(std::move(folder)) {}

  /// The columns of the data whose files and reading options have this digest; null where they are not known.
  std::shared_ptr<arrow::Schema> FindSchema(const Digest& data) const;
  Status PutSchema(const Digest& data, const arrow::Schema& schema) const;

  /// The state of the combiner with this fingerprint over those data.
  std::optional<combine::Bytes> FindState(const Digest& data, const Digest& combiner, std::string& why) const;
  Status PutState(const Digest& data, const Digest& combiner, std::string_view state) const;

 private:
  std::string folder_;
};

}  // namespace penstock::statistics
