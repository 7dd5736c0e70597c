// The snapshot file: the image of a bbolt database followed by its SHA-256, as the Snapshot RPC
// streams it and `etcdctl snapshot save` stores it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/hash.h"

namespace lifeboat::etcd {

inline constexpr std::uint64_t kTrailerSizeBytes = base::Sha256::kSizeBytes;

// An image is a whole number of pages, and no page is smaller than this. So a length that leaves
// 32 when divided by it is an image with its trailer (etcd's own rule), unless there is no image.
inline constexpr std::uint64_t kImageUnitBytes = 512;

inline constexpr bool has_trailer_length(std::uint64_t size_bytes) {
  return size_bytes > kTrailerSizeBytes && size_bytes % kImageUnitBytes == kTrailerSizeBytes;
}

// Hashes a snapshot in one pass, for the file and for its trailer: the last 32 bytes are held back
// until more come, so the digest of the image is there when the stream ends.
class SnapshotHasher {
 public:
  void update(base::Bytes bytes);

  std::uint64_t size_bytes() const { return size_bytes_; }

  // Of everything, trailer included: what sha256sum prints for the file.
  base::Sha256::Digest file_digest() const;

  // True if the length is that of a snapshot with a trailer and the trailer is the SHA-256 of what
  // comes before it.
  bool trailer_matches() const;

 private:
  base::Sha256 image_;
  base::Buffer tail_;
  std::uint64_t size_bytes_ = 0;
};

// How the first pages of an image were before some tool opened the file for writing, for each
// number of times that may have happened, the likeliest first. Opening alone makes bbolt commit
// nothing but a higher txid in one of its two meta pages (`etcdutl hashkv` of 3.6 does so, and says
// nothing), so that the trailer no longer matches although no data has changed. `head` is the start
// of the file, at least two pages of it; empty if that is no explanation for what is there.
std::vector<base::Buffer> heads_before_reopening(base::Bytes head);

}  // namespace lifeboat::etcd
