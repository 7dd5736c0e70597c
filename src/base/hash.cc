#include "base/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/error.h"

namespace lifeboat::base {

struct Sha256::State {
  State() : context(EVP_MD_CTX_new()) { LIFEBOAT_CHECK(context != nullptr); }
  ~State() { EVP_MD_CTX_free(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  EVP_MD_CTX* context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  LIFEBOAT_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

Sha256::Sha256(const Sha256& other) : state_(std::make_unique<State>()) {
  LIFEBOAT_CHECK(EVP_MD_CTX_copy_ex(state_->context, other.state_->context) == 1);
}

void Sha256::update(Bytes bytes) {
  LIFEBOAT_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

Sha256::Digest Sha256::digest() const {
  const Sha256 copy(*this);
  Digest digest;
  LIFEBOAT_CHECK(EVP_DigestFinal_ex(copy.state_->context, digest.data(), nullptr) == 1);
  return digest;
}

Sha256::Digest sha256(Bytes bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.digest();
}

Sha1Digest sha1(Bytes bytes) {
  Sha1Digest digest;
  LIFEBOAT_CHECK(
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1);
  return digest;
}

Sha256::Digest hmac_sha256(Bytes key, Bytes message) {
  Sha256::Digest digest;
  // OpenSSL takes an empty key for none if its pointer is null.
  const std::uint8_t none = 0;
  LIFEBOAT_CHECK(HMAC(EVP_sha256(), key.empty() ? &none : key.data(), static_cast<int>(key.size()),
                      message.data(), message.size(), digest.data(), nullptr) != nullptr);
  return digest;
}

Md5Digest md5(Bytes bytes) {
  Md5Digest digest;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_md5(), nullptr) != 1) {
    throw Error(Code::kUnsupported, "this system's OpenSSL computes no MD5",
                "it may run in FIPS mode; do without what needs Content-MD5 (Object Lock)");
  }
  return digest;
}

}  // namespace lifeboat::base
