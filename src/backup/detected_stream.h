// The plain content of a stream that has no name to say how it is encoded: what a snapshot is
// wrapped in is told by the bytes that it begins with, and again by those of what is inside.
#pragma once

#include <memory>
#include <vector>

#include "base/io.h"
#include "codec/age_keys.h"

namespace lifeboat::backup {

class DetectedStream : public base::Source {
 public:
  // Borrows both. Reads nothing yet.
  DetectedStream(base::Source& stored, const codec::Keyring& keyring)
      : stored_(stored), keyring_(keyring) {}
  ~DetectedStream() override;

  // Of what comes encrypted with age, compressed with zstd, or as both in this order, the content;
  // of anything else what comes. Throws kDenied if nothing opens it, kUnsupported for what another
  // program has to unpack, kCorrupt, and what the stream throws.
  std::size_t read(base::MutableBytes buffer) override;

 private:
  void begin();

  base::Source& stored_;
  const codec::Keyring& keyring_;
  std::vector<std::unique_ptr<base::Source>> stages_;  // each reads from the one before
};

}  // namespace lifeboat::backup
