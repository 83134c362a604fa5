#include "penstock/server/access.h"

#include <array>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "penstock/base/near_miss.h"
#include "penstock/server/base64.h"

namespace penstock::server {
namespace {

const std::array<std::string, 3> kRoles = {"viewer", "editor", "admin"};

Permission PermissionOf(const std::string& role) {
  if (role == "admin") return Permission::kAdminister;
  return role == "editor" ? Permission::kWrite : Permission::kRead;
}

Status Unauthenticated(const char* message) { return Status(StatusCode::kUnauthenticated, message); }

}  // namespace

std::string Sha256Hex(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), hash.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) hex += fmt::format("{:02x}", hash[i]);
  return hex;
}

Result<metadata::TokenRecord> AccessControl::FindToken(const std::string& text) const {
  if (identities_ != nullptr && IdentityTokens::IsOne(text)) {
    PENSTOCK_ASSIGN_OR_RETURN(const Identity identity, identities_->Verify(text));
    return metadata::TokenRecord{
        .name = identity.name, .role = identity.role, .namespace_name = identity.namespace_name};
  }
  if (store_ == nullptr) return Unauthenticated("This server wants a token of its identity provider");
  PENSTOCK_ASSIGN_OR_RETURN(const auto token, store_->FindToken(Sha256Hex(text)));
  if (!token.has_value()) return Unauthenticated("The bearer token is not known here, or was revoked");
  if (token->expires_seconds != 0 && clock_.Now().micros / 1'000'000 >= token->expires_seconds)
    return Unauthenticated("The bearer token has expired");
  return *token;
}

Result<Caller> AccessControl::Admit(const HttpRequest& request, Permission needed) const {
  if (is_open() || needed == Permission::kNone) return Caller{};
  const std::string& header = request.Header("authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (header.size() <= kBearer.size() || !header.starts_with(kBearer))
    return Unauthenticated("This server wants a bearer token: Authorization: Bearer penstock_...");
  PENSTOCK_ASSIGN_OR_RETURN(const metadata::TokenRecord token, FindToken(header.substr(kBearer.size())));
  if (PermissionOf(token.role) < needed)
    return PermissionDenied("The token '{}' is a {}'s, which does not go so far", token.name, token.role);
  return Caller{token.name, token.namespace_name};
}

Result<NewToken> MakeToken(const std::string& name, const std::string& role,
                           const std::string& namespace_name, int64_t now_seconds, int64_t num_valid_days) {
  if (name.empty()) return InvalidArgument("A token needs a name: who has it");
  if (std::find(kRoles.begin(), kRoles.end(), role) == kRoles.end())
    return InvalidArgument("There is no role '{}'{} (viewer, editor, admin)", role, DidYouMean(role, kRoles));
  std::array<unsigned char, 32> secret{};
  if (RAND_bytes(secret.data(), static_cast<int>(secret.size())) != 1)
    return Unavailable("The system has no random numbers");
  std::string text =
      EncodeBase64(std::string_view(reinterpret_cast<const char*>(secret.data()), secret.size()));
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with("=")) text.pop_back();
  constexpr int64_t kSecondsPerDay = 86400;
  NewToken token{"penstock_" + text, {name, "", role, namespace_name, now_seconds, 0}};
  token.record.hash = Sha256Hex(token.text);
  if (num_valid_days > 0) token.record.expires_seconds = now_seconds + num_valid_days * kSecondsPerDay;
  return token;
}

}  // namespace penstock::server
