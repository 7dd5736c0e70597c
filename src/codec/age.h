// Files encrypted in the format age-encryption.org/v1, streaming: what is written here, `age -d`
// opens, and the other way round.
//
// Whoever writes needs recipients only, which are public; whoever reads needs an identity or a
// passphrase (codec/age_keys.h). Both hold one chunk of 64 KiB, twice.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/io.h"
#include "codec/age_keys.h"
#include "codec/age_payload.h"

namespace lifeboat::codec {

// Encrypts what is written, to each of `recipients`, into `next`, which is borrowed and is finished
// with it.
class AgeEncryptor : public base::Sink {
 public:
  // Writes the header. Throws kInvalid for no recipients and for too many.
  AgeEncryptor(base::Sink& next, const std::vector<Recipient>& recipients);

  void write(base::Bytes bytes) override;
  void finish() override;

 private:
  void flush(bool last);
  void seal(base::Bytes chunk, bool last);

  base::Sink& next_;
  std::unique_ptr<PayloadCipher> cipher_;
  Secret chunk_;  // not sealed yet
  base::Buffer sealed_;
  std::uint64_t index_ = 0;
};

// The content of `file`, which is borrowed.
//
// Trusts nothing: not a byte comes out of a chunk that is not as it was written. read() throws
// kCorrupt for it, and also if the file was cut off, even between chunks, or goes on behind its
// end. So only the end of the stream says that it was whole; what came before is genuine at least.
class AgeDecryptor : public base::Source {
 public:
  // Reads the header. Throws kDenied if nothing in `keyring` opens it, kUnsupported for other
  // versions of age and for armor, kCorrupt for everything else.
  AgeDecryptor(base::Source& file, const Keyring& keyring);

  std::size_t read(base::MutableBytes buffer) override;

 private:
  // Reads until `sealed_` holds `wanted` bytes, or to the end of the file.
  void fill(std::size_t wanted);
  void open_chunk();

  base::Source& file_;
  std::unique_ptr<PayloadCipher> cipher_;
  base::Buffer sealed_;  // read from the file, not opened yet
  Secret chunk_;
  base::Bytes rest_;  // of the chunk, not handed out yet
  std::uint64_t index_ = 0;
  bool ended_ = false;  // with the last chunk opened
};

}  // namespace lifeboat::codec
