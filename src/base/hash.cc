#include "base/hash.h"

#include <openssl/evp.h>

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

Sha1Digest sha1(Bytes bytes) {
  Sha1Digest digest;
  LIFEBOAT_CHECK(
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha1(), nullptr) == 1);
  return digest;
}

}  // namespace lifeboat::base
