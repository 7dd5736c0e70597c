#include "codec/age.h"

#include <algorithm>

#include "base/error.h"
#include "base/fill.h"
#include "base/text.h"
#include "codec/age_stanzas.h"

namespace lifeboat::codec {
namespace {

using base::Code;
using base::Error;

constexpr std::size_t kReadBytes = 4096;  // while it is not known where the header ends

}  // namespace

// ---- AgeEncryptor -----------------------------------------------------------------------------

AgeEncryptor::AgeEncryptor(base::Sink& next, const std::vector<Recipient>& recipients)
    : next_(next) {
  const Secret file_key = random_secret(kFileKeyBytes);
  const std::string header = encode_header(wrap_file_key(file_key, recipients));
  std::array<std::uint8_t, kPayloadNonceBytes> nonce;
  fill_random(nonce);
  cipher_ = std::make_unique<PayloadCipher>(file_key, nonce);
  chunk_.reserve(kPlainChunkBytes);
  sealed_.reserve(kSealedChunkBytes);
  next_.write(base::as_bytes(header));
  next_.write(nonce);
}

// A full chunk waits for the byte after it: it may be the last. One that has it already is sealed
// where it is.
void AgeEncryptor::write(base::Bytes bytes) {
  while (!bytes.empty()) {
    if (chunk_.size() == kPlainChunkBytes) flush(false);
    if (chunk_.empty() && bytes.size() > kPlainChunkBytes) {
      seal(bytes.first(kPlainChunkBytes), false);
      bytes = bytes.subspan(kPlainChunkBytes);
      continue;
    }
    bytes = base::fill_up(&chunk_, kPlainChunkBytes, bytes);
  }
}

void AgeEncryptor::finish() {
  flush(true);
  next_.finish();
}

void AgeEncryptor::flush(bool last) {
  seal(chunk_, last);
  chunk_.clear();
}

void AgeEncryptor::seal(base::Bytes chunk, bool last) {
  sealed_.resize(chunk.size() + Aead::kTagBytes);
  cipher_->seal({index_++, last}, chunk, sealed_);
  next_.write(sealed_);
}

// ---- AgeDecryptor -----------------------------------------------------------------------------

AgeDecryptor::AgeDecryptor(base::Source& file, const Keyring& keyring) : file_(file) {
  auto header_bytes = find_header_end(sealed_);
  while (!header_bytes) {
    const std::size_t before = sealed_.size();
    fill(before + kReadBytes);
    header_bytes = find_header_end(sealed_);
    if (!header_bytes && sealed_.size() < before + kReadBytes) {
      throw Error(Code::kCorrupt, sealed_.empty() ? "empty, and so no age file"
                                                  : "an age file cut off in its header");
    }
  }
  const AgeHeader header = decode_header(base::Bytes(sealed_).first(*header_bytes));
  const Secret file_key = unwrap_file_key(header, keyring);
  const std::size_t payload_at = *header_bytes + kPayloadNonceBytes;
  if (sealed_.size() < payload_at) fill(payload_at);
  if (sealed_.size() < payload_at) {
    throw Error(Code::kCorrupt, "an age file cut off behind its header");
  }
  cipher_ = std::make_unique<PayloadCipher>(
      file_key, base::Bytes(sealed_).subspan(*header_bytes, kPayloadNonceBytes));
  sealed_.erase(sealed_.begin(), sealed_.begin() + static_cast<std::ptrdiff_t>(payload_at));
}

std::size_t AgeDecryptor::read(base::MutableBytes buffer) {
  while (rest_.empty() && !ended_) open_chunk();
  const std::size_t count = std::min(rest_.size(), buffer.size());
  std::copy_n(rest_.begin(), count, buffer.begin());
  rest_ = rest_.subspan(count);
  return count;
}

void AgeDecryptor::fill(std::size_t wanted) {
  std::size_t count = sealed_.size();
  sealed_.resize(std::max(count, wanted));
  while (count < wanted) {
    const std::size_t more = file_.read(base::MutableBytes(sealed_).subspan(count));
    if (more == 0) break;
    count += more;
  }
  sealed_.resize(count);
}

// One byte is read ahead: whether a chunk is the last one shows in whether anything follows it.
void AgeDecryptor::open_chunk() {
  if (sealed_.size() <= kSealedChunkBytes) fill(kSealedChunkBytes + 1);
  const bool last = sealed_.size() <= kSealedChunkBytes;
  const base::Bytes sealed =
      base::Bytes(sealed_).first(std::min(sealed_.size(), kSealedChunkBytes));
  const bool empty = sealed.size() == Aead::kTagBytes;  // stands for content of no bytes only
  chunk_.resize(sealed.size() - std::min(sealed.size(), Aead::kTagBytes));
  if (sealed.size() < Aead::kTagBytes || (empty && index_ > 0) ||
      !cipher_->open({index_, last}, sealed, chunk_)) {
    throw Error(
        Code::kCorrupt,
        base::cat(last ? "an age file that is cut off or damaged" : "a damaged age file",
                  " in the 64 KiB of its content that begin at byte ", index_ * kPlainChunkBytes));
  }
  rest_ = chunk_;
  ended_ = last;
  ++index_;
  sealed_.erase(sealed_.begin(), sealed_.begin() + static_cast<std::ptrdiff_t>(sealed.size()));
}

}  // namespace lifeboat::codec
