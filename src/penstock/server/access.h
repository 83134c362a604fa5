#pragma once

#include <string>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"
#include "penstock/metadata/access_store.h"
#include "penstock/server/http_message.h"
#include "penstock/server/identity_tokens.h"
#include "penstock/server/router.h"

namespace penstock::server {

/// Who asks, once that is known.
struct Caller {
  std::string name;            ///< Of the token; "" where nobody is asked for one.
  std::string namespace_name;  ///< Empty: all.
};

/// Lets requests in by their bearer tokens. Safe from any thread.
class AccessControl {
 public:
  /// `store` null: tokens of our own are not known; `identities` null: those of a provider are not. Both
  /// null: whoever reaches the server may do everything (it listens on this machine alone).
  AccessControl(const metadata::AccessStore* store, const Clock& clock, IdentityTokens* identities = nullptr)
      : store_(store), clock_(clock), identities_(identities) {}

  /// kUnauthenticated: no token, or one that is not known or has expired. kPermissionDenied: its role does
  /// not go so far.
  Result<Caller> Admit(const HttpRequest& request, Permission needed) const;
  bool is_open() const { return store_ == nullptr && identities_ == nullptr; }

 private:
  Result<metadata::TokenRecord> FindToken(const std::string& text) const;

  const metadata::AccessStore* store_;
  const Clock& clock_;
  IdentityTokens* identities_;
};

/// A new token for `name`: what its owner keeps, and what is stored of it.
struct NewToken {
  std::string text;  ///< "penstock_...": 256 random bits. Shown once.
  metadata::TokenRecord record;
};
/// kInvalidArgument: no such role, or no name.
Result<NewToken> MakeToken(const std::string& name, const std::string& role,
                           const std::string& namespace_name, int64_t now_seconds, int64_t num_valid_days);

/// SHA-256 in hex: for secrets (base/digest.h is not meant against an adversary).
std::string Sha256Hex(std::string_view text);

}  // namespace penstock::server
