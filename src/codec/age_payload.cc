#include "codec/age_payload.h"

namespace lifeboat::codec {
namespace {

// Eleven bytes of a counter, of which eight are enough, and one that marks the last.
Aead::Nonce nonce_of(ChunkPlace place) {
  Aead::Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[10 - i] = static_cast<std::uint8_t>(place.index >> (8 * i));
  }
  nonce[11] = place.last ? 1 : 0;
  return nonce;
}

}  // namespace

PayloadCipher::PayloadCipher(const Secret& file_key, base::Bytes nonce)
    : aead_(hkdf_sha256(file_key, nonce, "payload")) {}

void PayloadCipher::seal(ChunkPlace place, base::Bytes plain, base::MutableBytes sealed) {
  aead_.seal(nonce_of(place), plain, sealed);
}

bool PayloadCipher::open(ChunkPlace place, base::Bytes sealed, base::MutableBytes plain) {
  return aead_.open(nonce_of(place), sealed, plain);
}

}  // namespace lifeboat::codec
