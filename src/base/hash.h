// SHA-256 and SHA-1 (FIPS 180-4), HMAC (FIPS 198-1) and MD5 (RFC 1321), through OpenSSL's EVP,
// which uses the processor's SHA instructions.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace lifeboat::base {

class Sha256 {
 public:
  static constexpr std::size_t kSizeBytes = 32;
  using Digest = std::array<std::uint8_t, kSizeBytes>;

  Sha256();
  ~Sha256();
  // Copies carry the state on, so that the digest of a prefix costs no second pass.
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256& other) = delete;

  void update(Bytes bytes);

  // The digest of everything so far. Further updates continue the same stream.
  Digest digest() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The SHA-256 of `bytes`, where all of them are at hand.
Sha256::Digest sha256(Bytes bytes);

// The SHA-1 of `bytes`. For identifiers that others have defined by it (etcd's member and cluster
// ids) and for nothing else: it protects against no one.
using Sha1Digest = std::array<std::uint8_t, 20>;
Sha1Digest sha1(Bytes bytes);

// HMAC with SHA-256.
Sha256::Digest hmac_sha256(Bytes key, Bytes message);

// The MD5 of `bytes`. For headers that others have defined by it (Content-MD5) and for nothing
// else. Throws kUnsupported where this system's OpenSSL has been told to do without it.
using Md5Digest = std::array<std::uint8_t, 16>;
Md5Digest md5(Bytes bytes);

}  // namespace lifeboat::base
