#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::metadata {

/// A bearer token as it is stored: never itself, only its hash.
struct TokenRecord {
  std::string name;            ///< Unique: who has it.
  std::string hash;            ///< SHA-256 in hex.
  std::string role;            ///< "viewer", "editor" or "admin".
  std::string namespace_name;  ///< Empty: all.
  int64_t created_seconds = 0;
  int64_t expires_seconds = 0;  ///< 0: never.
};

/// The tokens that a server lets in. Safe from any thread; what another process changed is seen at once.
class AccessStore {
 public:
  virtual ~AccessStore() = default;
  /// kAlreadyExists: the name is taken.
  virtual Status CreateToken(const TokenRecord& token) = 0;
  virtual Result<std::optional<TokenRecord>> FindToken(const std::string& hash) const = 0;
  virtual Result<std::vector<TokenRecord>> ListTokens() const = 0;
  /// kNotFound.
  virtual Status RevokeToken(const std::string& name) = 0;
};

/// In the SQLite file of a MetadataStore. Errors as OpenStore.
Result<std::unique_ptr<AccessStore>> OpenAccessStore(const std::string& path);

}  // namespace penstock::metadata
