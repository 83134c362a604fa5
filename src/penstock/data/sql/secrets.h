#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/base/status.h"

namespace penstock::data::sql {

/// Texts that no message may show: what a database's driver says is passed through here before anyone sees
/// it.
class Secrets {
 public:
  /// Hides `text` from now on, and its percent-encoded and decoded forms. An empty one hides nothing.
  void Add(const std::string& text);
  /// Adds the passwords and tokens of a URI: `user:PASSWORD@host`, `?password=PASSWORD`, `password=PASSWORD`.
  void AddOfUri(std::string_view uri);

  std::string Hide(std::string_view text) const;
  Status Hide(const Status& status) const;

 private:
  std::vector<std::string> texts_;  // Longest first: a part of a secret must not leave the rest behind.
};

/// Whether the text carries a password or token, as AddOfUri finds them.
bool HoldsSecret(std::string_view uri);

/// Whether an option of this name is one to hide: passwords, tokens, keys, credentials.
bool IsSecretName(std::string_view name);

/// `text` as it may stand in any part of a URI.
std::string PercentEncode(std::string_view text);

}  // namespace penstock::data::sql
