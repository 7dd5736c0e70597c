// Proves an etcd database, page by page and record by record, in one walk over its file.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "base/io.h"
#include "etcd/finding.h"
#include "etcd/hash_kv.h"
#include "etcd/keyspace.h"

namespace lifeboat::etcd {

struct InspectOptions {
  // Compute the hash for these compactions too: those of servers to compare with that have
  // compacted further since. Those below the file's own compaction are passed over.
  std::vector<std::int64_t> further_compact_revisions;
};

// What the database holds and what is wrong with it. Numbers are as good as the walk got: with
// findings they are what could be read.
struct Inspection {
  std::uint64_t image_size_bytes = 0;  // without trailer and without what lies beyond its pages
  std::uint32_t page_size_bytes = 0;
  std::string storage_version;  // "3.5": whose schema it has
  std::int64_t revision = 0;
  std::int64_t compact_revision = -1;
  std::uint64_t keys = 0;
  std::uint64_t records = 0;
  std::uint64_t leases = 0;
  // For the file's own compaction first, then for the further ones.
  std::vector<HashKv> hashes;
  KubernetesSummary kubernetes;
  std::vector<std::string> notes;
  Findings findings;  // checks "pages" and "records"
};

// Where the store stands, by reading a handful of pages. Throws kCorrupt, kUnsupported.
KeyspaceBounds read_bounds(base::RandomSource& source);

// Reads `source` once, backwards. Memory: a megabyte, 28 bytes a key at most, one bit a page.
// Damage is a finding; throws kUnsupported (byte order, version), kCancelled, and what the source
// throws.
Inspection inspect_database(base::RandomSource& source, const InspectOptions& options,
                            std::stop_token stop);

}  // namespace lifeboat::etcd
