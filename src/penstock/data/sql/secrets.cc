#include "penstock/data/sql/secrets.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace penstock::data::sql {
namespace {

bool IsPlain(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' || c == '~';
}

std::string PercentDecode(std::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size()) {
      const auto [end, error] = std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16);
      if (error == std::errc() && end == text.data() + i + 3) {
        decoded += static_cast<char>(value);
        i += 2;
        continue;
      }
    }
    decoded += text[i];
  }
  return decoded;
}

/// What stands between the first ':' after the user's name and the last '@' before the host.
std::string_view UserPassword(std::string_view uri) {
  const size_t scheme = uri.find("://");
  std::string_view rest = scheme == uri.npos ? uri : uri.substr(scheme + 3);
  // A password may hold anything, a slash too where nobody encoded it: the last '@' ends it, unless that
  // stands among the parameters after the path.
  const size_t query = rest.find('?');
  if (query != rest.npos && rest.find('@') < query && rest.find('/', rest.find('@')) < query)
    rest = rest.substr(0, query);
  // "host:5432/db?user=me@corp": what stands before the '@' is a path and its parameters.
  if (query != rest.npos && rest.find('@') > query && rest.find('/') < query &&
      rest.substr(query).find('=') != rest.npos)
    return {};
  const size_t at = rest.rfind('@');
  if (at == rest.npos) return {};
  rest = rest.substr(0, at);
  // "snowflake:user:password@account": the driver's own name comes before the first colon.
  if (scheme == uri.npos)
    if (const size_t driver = rest.find(':'); driver != rest.npos) rest = rest.substr(driver + 1);
  const size_t colon = rest.find(':');
  return colon == rest.npos ? std::string_view() : rest.substr(colon + 1);
}

/// The values of NAME=VALUE parts whose name is a secret's, whatever separates them.
std::vector<std::string_view> NamedSecrets(std::string_view uri) {
  std::vector<std::string_view> found;
  for (size_t begin = 0; begin < uri.size();) {
    const size_t end = std::min(uri.find_first_of("?&; ", begin), uri.size());
    const std::string_view part = uri.substr(begin, end - begin);
    const size_t equals = part.find('=');
    if (equals != part.npos && equals + 1 < part.size() && IsSecretName(part.substr(0, equals)))
      found.push_back(part.substr(equals + 1));
    begin = end + 1;
  }
  return found;
}

}  // namespace

void Secrets::Add(const std::string& text) {
  for (const std::string& form : {text, PercentEncode(text), PercentDecode(text)}) {
    if (form.empty() || std::find(texts_.begin(), texts_.end(), form) != texts_.end()) continue;
    texts_.push_back(form);
  }
  std::stable_sort(texts_.begin(), texts_.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

void Secrets::AddOfUri(std::string_view uri) {
  Add(std::string(UserPassword(uri)));
  for (const std::string_view secret : NamedSecrets(uri)) Add(std::string(secret));
}

std::string Secrets::Hide(std::string_view text) const {
  std::string hidden(text);
  for (const std::string& secret : texts_)
    for (size_t at = hidden.find(secret); at != hidden.npos; at = hidden.find(secret, at + 3))
      hidden.replace(at, secret.size(), "***");
  return hidden;
}

Status Secrets::Hide(const Status& status) const {
  if (status.ok() || texts_.empty()) return status;
  return Status(status.code(), Hide(std::string_view(status.message().data(), status.message().size())));
}

bool HoldsSecret(std::string_view uri) { return !UserPassword(uri).empty() || !NamedSecrets(uri).empty(); }

bool IsSecretName(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  static constexpr std::array<std::string_view, 8> kWords = {
      "password", "passwd", "passphrase", "secret", "token", "credential", "private_key", "authorization"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return lower.find(word) != lower.npos; });
}

std::string PercentEncode(std::string_view text) {
  std::string encoded;
  for (const char c : text)
    encoded += IsPlain(c) ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return encoded;
}

}  // namespace penstock::data::sql
