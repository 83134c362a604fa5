#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "penstock/base/clock.h"
#include "penstock/base/status.h"

namespace penstock::server {

/// An OpenID Connect provider whose users are let in.
struct IdentityOptions {
  std::string issuer;    ///< What the claim "iss" must be.
  std::string audience;  ///< What "aud" must be, or have among it.
  std::string keys;      ///< URL or file of its JWKS; empty: the one that its openid-configuration names.
  std::string role_claim = "penstock_role";            ///< A role or a list of them; the highest counts.
  std::string namespace_claim = "penstock_namespace";  ///< Absent or empty: all namespaces.
  std::string default_role;                            ///< Of who has no role; empty: they are not let in.
};

/// Who a token speaks of.
struct Identity {
  std::string name;  ///< The claim "email", or "sub".
  std::string role;  ///< "viewer", "editor" or "admin".
  std::string namespace_name;
};

/// Checks JSON Web Tokens against the provider's keys: RS256 (of 2,048 bits at least) and ES256, nothing
/// else; "exp" is a must, "nbf" is kept, both with a minute's leeway. Keys are read again when a token names
/// one that is not known (a rotation), at most every ten seconds, and every five minutes. Safe from any
/// thread.
class IdentityTokens {
 public:
  /// Gives the text at a URL or in a file.
  using Fetch = std::function<Result<std::string>(const std::string& place)>;
  IdentityTokens(IdentityOptions options, const Clock& clock, Fetch fetch);
  ~IdentityTokens();

  /// kUnauthenticated: not a token of this provider for this audience, or it has expired. kPermissionDenied:
  /// its user has no role here. kUnavailable: the keys cannot be read.
  Result<Identity> Verify(std::string_view token);

  /// "a.b.c": a JSON Web Token, as no token of our own is written.
  static bool IsOne(std::string_view token);
  /// By HTTP, or of a file.
  static Result<std::string> FetchPlace(const std::string& place);

 private:
  struct Key;
  Result<std::shared_ptr<const Key>> FindKey(const std::string& id, const std::string& algorithm);
  Status ReadKeys();
  Result<Identity> ReadClaims(const nlohmann::json& claims) const;

  const IdentityOptions options_;
  const Clock& clock_;
  const Fetch fetch_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, std::shared_ptr<const Key>> keys_;  ///< By "kid".
  int64_t read_seconds_ = 0;
};

}  // namespace penstock::server
