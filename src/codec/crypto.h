// The few primitives that age is made of, through OpenSSL: X25519 (RFC 7748), HKDF with SHA-256
// (RFC 5869), ChaCha20-Poly1305 (RFC 8439), scrypt (RFC 7914).
//
// All throw kUnsupported if OpenSSL, as it is set up on this host, does not offer the primitive.
// Functions are thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "codec/secret.h"

struct evp_cipher_ctx_st;

namespace lifeboat::codec {

constexpr std::size_t kKeyBytes = 32;  // of every key and hash here
using Key = std::array<std::uint8_t, kKeyBytes>;

// Unpredictable bytes from the operating system's generator.
Secret random_secret(std::size_t size_bytes);
void fill_random(base::MutableBytes bytes);

Secret hkdf_sha256(const Secret& input_key, base::Bytes salt, std::string_view info);

// Whether they are the same, in a time that does not tell where they differ.
bool equal_in_constant_time(base::Bytes left, base::Bytes right);

// The public key to a secret one, and what both sides of an exchange get to know. Keys are
// kKeyBytes long. The second throws kInvalid for the few public keys that make the result zero for
// everybody.
Key x25519_public_key(const Secret& secret_key);
Secret x25519_shared_secret(const Secret& secret_key, const Key& public_key);

// With r = 8, p = 1; takes scrypt_memory_bytes(). Throws kUnsupported if there is not as much.
Secret scrypt(const Secret& passphrase, base::Bytes salt, unsigned work_factor_log2);
constexpr std::uint64_t scrypt_memory_bytes(unsigned work_factor_log2) {
  return std::uint64_t{1024} << work_factor_log2;
}

// ChaCha20-Poly1305 with one key for many messages. Used by one thread at a time.
class Aead {
 public:
  static constexpr std::size_t kTagBytes = 16;
  using Nonce = std::array<std::uint8_t, 12>;

  // `key` is kKeyBytes long. No two messages under one key may have the same nonce.
  explicit Aead(const Secret& key);
  ~Aead();
  Aead(const Aead&) = delete;
  Aead& operator=(const Aead&) = delete;

  // Fills `sealed` from `plain` and a tag; it is kTagBytes longer.
  void seal(const Nonce& nonce, base::Bytes plain, base::MutableBytes sealed);

  // Fills `plain`, which is kTagBytes shorter than `sealed`. False, and `plain` wiped, if `sealed`
  // is not what seal() made with this key and nonce.
  bool open(const Nonce& nonce, base::Bytes sealed, base::MutableBytes plain);

 private:
  struct Free {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  std::unique_ptr<evp_cipher_ctx_st, Free> context_;
};

}  // namespace lifeboat::codec
