#include "codec/crypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"

namespace lifeboat::codec {
namespace {

void require(bool done, std::string_view what) {
  if (done) return;
  ERR_clear_error();
  throw base::Error(base::Code::kUnsupported, base::cat("OpenSSL can't do ", what, " here"),
                    "its configuration on this host may allow only some algorithms (FIPS)");
}

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using KeyHandle = std::unique_ptr<EVP_PKEY, FreeKey>;

struct FreeExchange {
  void operator()(EVP_PKEY_CTX* exchange) const { EVP_PKEY_CTX_free(exchange); }
};

KeyHandle load_secret_key(const Secret& key) {
  LIFEBOAT_CHECK(key.size() == kKeyBytes);
  KeyHandle handle(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, key.data(), key.size()));
  require(handle != nullptr, "X25519");
  return handle;
}

// OpenSSL takes lengths as int; what is sealed and opened here are chunks and keys.
int to_int(std::size_t size_bytes) {
  LIFEBOAT_CHECK(size_bytes <= 1U << 30);
  return static_cast<int>(size_bytes);
}

}  // namespace

void wipe(base::MutableBytes bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

void fill_random(base::MutableBytes bytes) {
  require(RAND_bytes(bytes.data(), to_int(bytes.size())) == 1, "random numbers");
}

Secret random_secret(std::size_t size_bytes) {
  Secret secret(size_bytes);
  require(RAND_priv_bytes(secret.data(), to_int(size_bytes)) == 1, "random numbers");
  return secret;
}

// One block of output is one hash, so that expanding is a single step.
Secret hkdf_sha256(const Secret& input_key, base::Bytes salt, std::string_view info) {
  Key extracted = base::hmac_sha256(salt, input_key);
  base::Buffer block(info.begin(), info.end());
  block.push_back(1);
  Key expanded = base::hmac_sha256(extracted, block);
  Secret result(expanded.begin(), expanded.end());
  wipe(extracted);
  wipe(expanded);
  return result;
}

bool equal_in_constant_time(base::Bytes left, base::Bytes right) {
  return left.size() == right.size() && CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

Key x25519_public_key(const Secret& secret_key) {
  const KeyHandle handle = load_secret_key(secret_key);
  Key result;
  std::size_t size_bytes = result.size();
  require(EVP_PKEY_get_raw_public_key(handle.get(), result.data(), &size_bytes) == 1 &&
              size_bytes == result.size(),
          "X25519");
  return result;
}

Secret x25519_shared_secret(const Secret& secret_key, const Key& public_key) {
  const KeyHandle own = load_secret_key(secret_key);
  const KeyHandle peer(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, public_key.data(), public_key.size()));
  require(peer != nullptr, "X25519");
  const std::unique_ptr<EVP_PKEY_CTX, FreeExchange> exchange(EVP_PKEY_CTX_new(own.get(), nullptr));
  require(exchange != nullptr && EVP_PKEY_derive_init(exchange.get()) == 1 &&
              EVP_PKEY_derive_set_peer(exchange.get(), peer.get()) == 1,
          "X25519");
  Secret result(kKeyBytes);
  std::size_t size_bytes = result.size();
  // The result of points of low order is zero, which OpenSSL refuses.
  if (EVP_PKEY_derive(exchange.get(), result.data(), &size_bytes) != 1) {
    ERR_clear_error();
    throw base::Error(base::Code::kInvalid, "a public key of low order, which protects nothing");
  }
  return result;
}

Secret scrypt(const Secret& passphrase, base::Bytes salt, unsigned work_factor_log2) {
  LIFEBOAT_CHECK(work_factor_log2 >= 1 && work_factor_log2 <= 30);
  constexpr std::uint64_t kBlockSize = 8;
  constexpr std::uint64_t kParallel = 1;
  constexpr std::uint64_t kSlackBytes = 1 << 20;  // OpenSSL counts a few blocks on top
  Secret result(kKeyBytes);
  const int done = EVP_PBE_scrypt(
      reinterpret_cast<const char*>(passphrase.data()), passphrase.size(), salt.data(), salt.size(),
      std::uint64_t{1} << work_factor_log2, kBlockSize, kParallel,
      scrypt_memory_bytes(work_factor_log2) + kSlackBytes, result.data(), result.size());
  if (done == 1) return result;
  ERR_clear_error();
  throw base::Error(base::Code::kUnsupported,
                    base::cat("no ", scrypt_memory_bytes(work_factor_log2) >> 20,
                              " MiB of memory to derive a key from the passphrase"),
                    "do it where there is as much, or encrypt to a recipient (age1...) instead");
}

// ---- Aead -------------------------------------------------------------------------------------

void Aead::Free::operator()(evp_cipher_ctx_st* context) const { EVP_CIPHER_CTX_free(context); }

Aead::Aead(const Secret& key) : context_(EVP_CIPHER_CTX_new()) {
  LIFEBOAT_CHECK(key.size() == kKeyBytes);
  require(context_ != nullptr && EVP_CipherInit_ex(context_.get(), EVP_chacha20_poly1305(), nullptr,
                                                   key.data(), nullptr, 1) == 1,
          "ChaCha20-Poly1305");
}

Aead::~Aead() = default;

void Aead::seal(const Nonce& nonce, base::Bytes plain, base::MutableBytes sealed) {
  LIFEBOAT_CHECK(sealed.size() == plain.size() + kTagBytes);
  auto* context = context_.get();
  int written = 0;
  int rest = 0;
  const bool done = EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce.data(), 1) == 1 &&
                    (plain.empty() || EVP_CipherUpdate(context, sealed.data(), &written,
                                                       plain.data(), to_int(plain.size())) == 1) &&
                    EVP_CipherFinal_ex(context, sealed.data() + written, &rest) == 1 &&
                    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                                        sealed.data() + plain.size()) == 1;
  require(done, "ChaCha20-Poly1305");
}

bool Aead::open(const Nonce& nonce, base::Bytes sealed, base::MutableBytes plain) {
  LIFEBOAT_CHECK(sealed.size() == plain.size() + kTagBytes);
  auto* context = context_.get();
  std::array<std::uint8_t, kTagBytes> tag;
  std::copy_n(sealed.end() - kTagBytes, kTagBytes, tag.begin());
  std::array<std::uint8_t, 1> nowhere{};  // OpenSSL wants an address even for nothing
  std::uint8_t* target = plain.empty() ? nowhere.data() : plain.data();
  int written = 0;
  int rest = 0;
  require(EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, nonce.data(), 0) == 1 &&
              EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1,
          "ChaCha20-Poly1305");
  const bool genuine = (plain.empty() || EVP_CipherUpdate(context, target, &written, sealed.data(),
                                                          to_int(plain.size())) == 1) &&
                       EVP_CipherFinal_ex(context, target + written, &rest) == 1;
  if (genuine) return true;
  ERR_clear_error();
  wipe(plain);
  return false;
}

}  // namespace lifeboat::codec
