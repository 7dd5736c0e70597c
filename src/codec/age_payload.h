// What follows the header of an age file: a nonce, then the content in chunks, each sealed by
// itself. Format: age-encryption.org/v1, "Payload".
//
// A chunk's nonce is its index and whether it is the last, so that any chunk opens without those
// before it, and none can be moved, left out or put last.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "codec/crypto.h"

namespace lifeboat::codec {

constexpr std::size_t kPayloadNonceBytes = 16;
constexpr std::size_t kPlainChunkBytes = std::size_t{64} * 1024;  // all but the last have as many
constexpr std::size_t kSealedChunkBytes = kPlainChunkBytes + Aead::kTagBytes;

// Where a chunk stands.
struct ChunkPlace {
  std::uint64_t index = 0;
  bool last = false;
};

// Used by one thread at a time.
class PayloadCipher {
 public:
  // `nonce` is kPayloadNonceBytes long, and random.
  PayloadCipher(const Secret& file_key, base::Bytes nonce);

  // As Aead does. Each place is sealed once.
  void seal(ChunkPlace place, base::Bytes plain, base::MutableBytes sealed);
  bool open(ChunkPlace place, base::Bytes sealed, base::MutableBytes plain);

 private:
  Aead aead_;
};

}  // namespace lifeboat::codec
