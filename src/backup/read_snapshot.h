// Reads a snapshot file, or a bare bbolt file of etcd, and proves what can be proven without the
// cluster: the hashes of its bytes, its trailer, its pages and its records.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>

#include "base/hash.h"
#include "base/io.h"
#include "base/progress.h"
#include "etcd/inspect.h"

namespace lifeboat::backup {

// Which proofs to make. What is not asked for is not read for.
struct SnapshotChecks {
  bool hash = true;   // of all bytes: SHA-256 and trailer
  bool pages = true;  // these three share one walk over the database
  bool records = true;
  bool hash_kv = true;

  bool walks() const { return pages || records || hash_kv; }
};

inline constexpr SnapshotChecks kHashOnly{.pages = false, .records = false, .hash_kv = false};
inline constexpr SnapshotChecks kWalkOnly{.hash = false};

struct SnapshotReading {
  std::uint64_t size_bytes = 0;
  // With `hash`.
  std::string sha256;
  bool has_trailer = false;  // by its length
  bool trailer_matches = false;
  // It does not, but would if nobody had opened the file for writing since: all data is as etcd
  // sent it (etcd/snapshot.h, heads_before_reopening).
  bool was_reopened = false;
  // With `walks()`. Findings of checks that were not asked for are left out, unless there are more
  // than are kept.
  std::optional<etcd::Inspection> inspection;
};

// Of a file that has no trailer: in words, what is behind its last page, if there is something, as
// of a trailer that was cut.
std::optional<std::string> describe_end(std::uint64_t size_bytes);

// Opens the file once more; each handle is used by one thread.
using OpenFile = std::function<std::unique_ptr<base::RandomSource>()>;

// Hashes in a second thread while it walks, so that all proofs together take little longer than the
// hash alone. Damage is a finding; throws kUnsupported, kCancelled, and what the files throw.
SnapshotReading read_snapshot(const OpenFile& open, const SnapshotChecks& checks,
                              const etcd::InspectOptions& options, base::Progress& progress,
                              std::stop_token stop);

}  // namespace lifeboat::backup
