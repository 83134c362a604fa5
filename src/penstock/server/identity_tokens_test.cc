#include "penstock/server/identity_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "penstock/server/base64.h"

namespace penstock::server {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string Url64(std::string_view bytes) {
  std::string text = EncodeBase64(bytes);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  while (text.ends_with("=")) text.pop_back();
  return text;
}

/// A provider with one key of its own.
class Provider {
 public:
  Provider(bool is_rsa, std::string id)
      : is_rsa_(is_rsa),
        id_(std::move(id)),
        key_(is_rsa ? EVP_RSA_gen(2048) : EVP_EC_gen("P-256"), EVP_PKEY_free) {}

  json Jwk() const {
    json jwk = {{"kid", id_}, {"use", "sig"}, {"kty", is_rsa_ ? "RSA" : "EC"}};
    for (const auto& [name, parameter] :
         is_rsa_
             ? std::map<std::string, const char*>{{"n", OSSL_PKEY_PARAM_RSA_N}, {"e", OSSL_PKEY_PARAM_RSA_E}}
             : std::map<std::string, const char*>{{"x", OSSL_PKEY_PARAM_EC_PUB_X},
                                                  {"y", OSSL_PKEY_PARAM_EC_PUB_Y}}) {
      BIGNUM* number = nullptr;
      EVP_PKEY_get_bn_param(key_.get(), parameter, &number);
      std::string bytes(is_rsa_ ? static_cast<size_t>(BN_num_bytes(number)) : 32, '\0');
      BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
      BN_free(number);
      jwk[name] = Url64(bytes);
    }
    if (!is_rsa_) jwk["crv"] = "P-256";
    return jwk;
  }

  std::string Sign(const json& claims, const std::string& algorithm = "") const {
    const json header = {{"alg", algorithm.empty() ? (is_rsa_ ? "RS256" : "ES256") : algorithm},
                         {"kid", id_}};
    const std::string text = Url64(header.dump()) + "." + Url64(claims.dump());
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key_.get());
    size_t size = 1024;
    std::string signature(size, '\0');
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    signature.resize(size);
    if (!is_rsa_) {
      const auto* der = reinterpret_cast<const unsigned char*>(signature.data());
      ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &der, static_cast<long>(size));  // NOLINT: the library's type.
      std::string both(64, '\0');
      BN_bn2binpad(ECDSA_SIG_get0_r(pair), reinterpret_cast<unsigned char*>(both.data()), 32);
      BN_bn2binpad(ECDSA_SIG_get0_s(pair), reinterpret_cast<unsigned char*>(both.data()) + 32, 32);
      ECDSA_SIG_free(pair);
      signature = both;
    }
    return text + "." + Url64(signature);
  }

 private:
  const bool is_rsa_;
  const std::string id_;
  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
};

class IdentityTokensTest : public testing::Test {
 protected:
  json Claims() const {
    return {{"iss", "https://login"},
            {"aud", {"penstock", "other"}},
            {"sub", "u1"},
            {"email", "ann@x"},
            {"exp", clock_.Now().micros / 1'000'000 + 600},
            {"penstock_role", {"viewer", "editor"}},
            {"penstock_namespace", "team-a"}};
  }
  Status Refusal(const std::string& token) { return tokens_.Verify(token).status(); }

  FakeClock clock_{Timestamp{1'800'000'000'000'000}};
  Provider rsa_{true, "r1"}, elliptic_{false, "e1"};
  json keys_ = {{"keys", {rsa_.Jwk(), elliptic_.Jwk()}}};
  int num_reads_ = 0;
  IdentityTokens tokens_{{.issuer = "https://login", .audience = "penstock", .keys = "keys.json"},
                         clock_,
                         [this](const std::string&) -> Result<std::string> {
                           ++num_reads_;
                           return keys_.dump();
                         }};
};

TEST_F(IdentityTokensTest, TakesBothKindsOfSignature) {
  for (const Provider* provider : {&rsa_, &elliptic_}) {
    const auto identity = tokens_.Verify(provider->Sign(Claims()));
    ASSERT_TRUE(identity.ok()) << identity.status();
    EXPECT_EQ(identity->name, "ann@x");
    EXPECT_EQ(identity->role, "editor");
    EXPECT_EQ(identity->namespace_name, "team-a");
  }
  EXPECT_EQ(num_reads_, 1);
}

TEST_F(IdentityTokensTest, RefusesWhatIsNotMeantForUs) {
  const auto with = [&](const char* name, const json& value) {
    json claims = Claims();
    claims[name] = value;
    return rsa_.Sign(claims);
  };
  const int64_t now = clock_.Now().micros / 1'000'000;
  EXPECT_THAT(std::string(Refusal(with("exp", now - 61)).message()), HasSubstr("expired"));
  EXPECT_TRUE(tokens_.Verify(with("exp", now - 30)).ok());
  EXPECT_THAT(std::string(Refusal(with("exp", nullptr)).message()), HasSubstr("expired"));
  EXPECT_THAT(std::string(Refusal(with("nbf", now + 100)).message()), HasSubstr("not valid yet"));
  EXPECT_THAT(std::string(Refusal(with("iss", "https://evil")).message()), HasSubstr("issuer"));
  EXPECT_THAT(std::string(Refusal(with("aud", "other")).message()), HasSubstr("audience"));
  EXPECT_EQ(Refusal(with("penstock_role", "root")).code(), StatusCode::kPermissionDenied);
}

TEST_F(IdentityTokensTest, RefusesForgeries) {
  const std::string good = rsa_.Sign(Claims());
  std::string changed = good;
  changed[good.find('.') + 5] ^= 1;
  EXPECT_EQ(Refusal(changed).code(), StatusCode::kUnauthenticated);
  for (const char* algorithm : {"none", "HS256", "RS512", "ES256"})
    EXPECT_EQ(Refusal(rsa_.Sign(Claims(), algorithm)).code(), StatusCode::kUnauthenticated) << algorithm;
  EXPECT_EQ(Refusal(Provider(true, "r1").Sign(Claims())).code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(Refusal(good.substr(0, good.rfind('.') + 1)).code(), StatusCode::kUnauthenticated);
  for (const char* nonsense : {"..", "a.b.c", "penstock_x", ""})
    EXPECT_EQ(Refusal(nonsense).code(), StatusCode::kUnauthenticated) << nonsense;
}

TEST_F(IdentityTokensTest, ReadsTheKeysAgainWhenTheyChange) {
  ASSERT_TRUE(tokens_.Verify(rsa_.Sign(Claims())).ok());
  const Provider next(true, "r2");
  keys_ = {{"keys", {next.Jwk()}}};
  EXPECT_FALSE(tokens_.Verify(next.Sign(Claims())).ok()) << "read a moment ago";
  clock_.Advance(20'000'000);
  EXPECT_TRUE(tokens_.Verify(next.Sign(Claims())).ok());
  EXPECT_FALSE(tokens_.Verify(rsa_.Sign(Claims())).ok()) << "the old key is gone";
  EXPECT_EQ(num_reads_, 2);
}

}  // namespace
}  // namespace penstock::server
