#include "penstock/server/identity_tokens.h"

#include <algorithm>
#include <array>
#include <vector>

#include <absl/strings/str_split.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "penstock/base/filesystem.h"
#include "penstock/server/base64.h"
#include "penstock/server/http_client.h"

namespace penstock::server {
namespace {

using nlohmann::json;

constexpr int64_t kLeewaySeconds = 60, kRereadSeconds = 300, kMinimumRereadSeconds = 10;
constexpr int kMinimumRsaBits = 2048;
constexpr size_t kMaxTokenBytes = 16 << 10, kMaxKeys = 100, kCoordinateBytes = 32;
constexpr std::array<std::string_view, 3> kRoles = {"viewer", "editor", "admin"};

template <class T, void (*Free)(T*)>
struct Freed {
  void operator()(T* thing) const { Free(thing); }
};
template <class T, void (*Free)(T*)>
using Owned = std::unique_ptr<T, Freed<T, Free>>;

using PublicKey = Owned<EVP_PKEY, EVP_PKEY_free>;
using KeyContext = Owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using DigestContext = Owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using ParameterBuilder = Owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using Parameters = Owned<OSSL_PARAM, OSSL_PARAM_free>;
using Number = Owned<BIGNUM, BN_free>;
using EcSignature = Owned<ECDSA_SIG, ECDSA_SIG_free>;

Status Unauthenticated(std::string_view message) {
  return Status(StatusCode::kUnauthenticated, absl::string_view(message.data(), message.size()));
}

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Number NumberOf(std::string_view bytes) {
  return Number(BN_bin2bn(Bytes(bytes), static_cast<int>(bytes.size()), nullptr));
}

Result<json> DecodeObject(std::string_view part, const char* what) {
  const auto text = DecodeBase64(part);
  const json value = text.ok() ? json::parse(*text, nullptr, false) : json(json::value_t::discarded);
  if (!value.is_object()) return Unauthenticated(fmt::format("The token's {} is no JSON object", what));
  return value;
}

std::string TextClaim(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

PublicKey MakeKey(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return PublicKey(key);
}

/// Null: not a key we take.
PublicKey RsaKey(const json& jwk) {
  const auto modulus = DecodeBase64(TextClaim(jwk, "n")), exponent = DecodeBase64(TextClaim(jwk, "e"));
  if (!modulus.ok() || !exponent.ok()) return nullptr;
  const Number n = NumberOf(*modulus), e = NumberOf(*exponent);
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  if (BN_num_bits(n.get()) < kMinimumRsaBits || builder == nullptr) return nullptr;
  if (OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
    return nullptr;
  return MakeKey("RSA", builder.get());
}

PublicKey EllipticKey(const json& jwk) {
  const auto x = DecodeBase64(TextClaim(jwk, "x")), y = DecodeBase64(TextClaim(jwk, "y"));
  if (TextClaim(jwk, "crv") != "P-256" || !x.ok() || !y.ok()) return nullptr;
  if (x->size() != kCoordinateBytes || y->size() != kCoordinateBytes) return nullptr;
  const std::string point = "\x04" + *x + *y;
  const ParameterBuilder builder(OSSL_PARAM_BLD_new());
  if (builder == nullptr ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) !=
          1)
    return nullptr;
  return MakeKey("EC", builder.get());
}

/// JWS holds the two numbers of a signature side by side, OpenSSL wants them as ASN.1.
std::string ToDer(std::string_view signature) {
  if (signature.size() != 2 * kCoordinateBytes) return "";
  const EcSignature pair(ECDSA_SIG_new());
  Number r = NumberOf(signature.substr(0, kCoordinateBytes)),
         s = NumberOf(signature.substr(kCoordinateBytes));
  if (pair == nullptr || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return "";
  r.release();
  s.release();
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &der);
  if (size <= 0) return "";
  std::string text(reinterpret_cast<const char*>(der), static_cast<size_t>(size));
  OPENSSL_free(der);
  return text;
}

bool IsSigned(EVP_PKEY* key, std::string_view signature, std::string_view text) {
  const DigestContext context(EVP_MD_CTX_new());
  return context != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(text), text.size()) == 1;
}

}  // namespace

struct IdentityTokens::Key {
  std::string algorithm;  ///< "RS256" or "ES256".
  PublicKey key;
};

IdentityTokens::IdentityTokens(IdentityOptions options, const Clock& clock, Fetch fetch)
    : options_(std::move(options)), clock_(clock), fetch_(std::move(fetch)) {}

IdentityTokens::~IdentityTokens() = default;

bool IdentityTokens::IsOne(std::string_view token) {
  return std::count(token.begin(), token.end(), '.') == 2;
}

Result<std::string> IdentityTokens::FetchPlace(const std::string& place) {
  if (!place.starts_with("http://") && !place.starts_with("https://")) return fs::ReadFile(place);
  PENSTOCK_ASSIGN_OR_RETURN(const HttpReply reply,
                            CallHttp({.url = place, .num_timeout_seconds = 10, .max_answer_bytes = 1 << 20}));
  if (reply.status == 200) return reply.body;
  return Unavailable("{} answers {}", place, reply.status);
}

Status IdentityTokens::ReadKeys() {
  std::string place = options_.keys;
  if (place.empty()) {
    const std::string slash = options_.issuer.ends_with('/') ? "" : "/";
    PENSTOCK_ASSIGN_OR_RETURN(const std::string text,
                              fetch_(options_.issuer + slash + ".well-known/openid-configuration"));
    place = TextClaim(json::parse(text, nullptr, false), "jwks_uri");
    if (place.empty()) return Unavailable("The provider {} does not say where its keys are", options_.issuer);
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::string text, fetch_(place));
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object() || !document.contains("keys") || !document["keys"].is_array())
    return Unavailable("{} holds no JSON Web Key Set", place);
  std::map<std::string, std::shared_ptr<const Key>> keys;
  for (const json& jwk : document["keys"]) {
    if (!jwk.is_object() || keys.size() >= kMaxKeys || TextClaim(jwk, "use") == "enc") continue;
    const bool is_rsa = TextClaim(jwk, "kty") == "RSA";
    if (!is_rsa && TextClaim(jwk, "kty") != "EC") continue;
    PublicKey key = is_rsa ? RsaKey(jwk) : EllipticKey(jwk);
    if (key == nullptr) continue;
    keys[TextClaim(jwk, "kid")] = std::make_shared<Key>(Key{is_rsa ? "RS256" : "ES256", std::move(key)});
  }
  keys_ = std::move(keys);
  return OkStatus();
}

Result<std::shared_ptr<const IdentityTokens::Key>> IdentityTokens::FindKey(const std::string& id,
                                                                           const std::string& algorithm) {
  const std::lock_guard lock(mutex_);
  const int64_t now = clock_.Now().micros / 1'000'000, age = now - read_seconds_;
  const bool is_known = keys_.contains(id);
  if (age >= kRereadSeconds || (!is_known && age >= kMinimumRereadSeconds)) {
    const Status read = ReadKeys();
    // Keys that were good a moment ago outlive a provider that is away.
    if (!read.ok() && !is_known) return read;
    if (read.ok()) read_seconds_ = now;
  }
  const auto found = keys_.find(id);
  if (found == keys_.end() || found->second->algorithm != algorithm)
    return Unauthenticated("The token is signed with a key that its issuer does not have");
  return found->second;
}

Result<Identity> IdentityTokens::Verify(std::string_view token) {
  if (token.size() > kMaxTokenBytes || !IsOne(token)) return Unauthenticated("This is no JSON Web Token");
  const size_t first = token.find('.'), second = token.rfind('.');
  PENSTOCK_ASSIGN_OR_RETURN(const json header, DecodeObject(token.substr(0, first), "header"));
  const std::string algorithm = TextClaim(header, "alg");
  if (algorithm != "RS256" && algorithm != "ES256")
    return Unauthenticated("The token is signed in a way that is not taken here: RS256 or ES256");
  if (header.contains("crit")) return Unauthenticated("The token asks for what is not known here: crit");
  PENSTOCK_ASSIGN_OR_RETURN(const auto key, FindKey(TextClaim(header, "kid"), algorithm));
  PENSTOCK_ASSIGN_OR_RETURN(std::string signature, DecodeBase64(token.substr(second + 1)));
  if (algorithm == "ES256") signature = ToDer(signature);
  if (signature.empty() || !IsSigned(key->key.get(), signature, token.substr(0, second)))
    return Unauthenticated("The token's signature is wrong");
  PENSTOCK_ASSIGN_OR_RETURN(const json claims,
                            DecodeObject(token.substr(first + 1, second - first - 1), "body"));
  return ReadClaims(claims);
}

Result<Identity> IdentityTokens::ReadClaims(const json& claims) const {
  const int64_t now = clock_.Now().micros / 1'000'000;
  const auto expires = claims.find("exp"), begins = claims.find("nbf"), audience = claims.find("aud");
  if (expires == claims.end() || !expires->is_number() || now >= expires->get<double>() + kLeewaySeconds)
    return Unauthenticated("The token has expired");
  if (begins != claims.end() && (!begins->is_number() || now < begins->get<double>() - kLeewaySeconds))
    return Unauthenticated("The token is not valid yet");
  if (TextClaim(claims, "iss") != options_.issuer) return Unauthenticated("The token is of another issuer");
  const json audiences = audience == claims.end() ? json::array()
                         : audience->is_array()   ? *audience
                                                  : json{*audience};
  if (std::find(audiences.begin(), audiences.end(), json(options_.audience)) == audiences.end())
    return Unauthenticated("The token is for another audience");
  Identity identity;
  identity.name = TextClaim(claims, "email").empty() ? TextClaim(claims, "sub") : TextClaim(claims, "email");
  if (identity.name.empty()) return Unauthenticated("The token does not say who it speaks of");
  identity.role = options_.default_role;
  const auto role = claims.find(options_.role_claim);
  const json roles = role == claims.end() ? json::array() : role->is_array() ? *role : json{*role};
  for (const std::string_view known : kRoles)  // The highest comes last.
    if (std::find(roles.begin(), roles.end(), json(known)) != roles.end()) identity.role = known;
  if (identity.role.empty())
    return PermissionDenied("{} has no role here (the claim {})", identity.name, options_.role_claim);
  identity.namespace_name = TextClaim(claims, options_.namespace_claim.c_str());
  return identity;
}

}  // namespace penstock::server
