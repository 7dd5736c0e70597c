// etcd's HashKV (Maintenance.HashKV), computed from the records of a keyspace.
//
// It is the CRC-32C of "key" and of key and value of every record up to a revision, in order, but
// for the records that a compaction removes, or would have removed had it come to its end. So it is
// the same before, during and after the physical compaction. Paper: docs/formats/keyspace.md; etcd:
// server/storage/mvcc/hash.go.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "etcd/key_value.h"

namespace lifeboat::etcd {

// Answer of Maintenance.HashKV, or what it would be.
struct HashKv {
  std::int64_t revision = 0;           // the newest that was hashed
  std::int64_t compact_revision = -1;  // -1 before the first compaction
  std::uint32_t hash = 0;

  bool operator==(const HashKv&) const = default;
};

// Takes the records from the last to the first, because only then it is known at each whether a
// newer one of the same key follows.
class HashKvAccumulator {
 public:
  // `compact_revision` is -1 for none.
  explicit HashKvAccumulator(std::int64_t compact_revision) : compact_revision_(compact_revision) {}

  std::int64_t compact_revision() const { return compact_revision_; }

  // `newest`: no later record of this key came before. `crc` and `size_bytes` are of the record's
  // key and value together.
  void add(const RevisionKey& key, bool newest, std::uint32_t crc, std::uint64_t size_bytes);

  std::uint32_t hash() const;

 private:
  const std::int64_t compact_revision_;
  bool any_live_ = false;
  base::ReverseCrc32c kept_;
  // etcd compacts nothing away while no key is live: what the hash is in that case.
  base::ReverseCrc32c all_;
};

}  // namespace lifeboat::etcd
