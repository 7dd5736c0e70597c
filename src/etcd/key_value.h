// One record of etcd's `key` bucket: a revision as its key, a mvccpb.KeyValue as its value.
// Paper: docs/formats/keyspace.md; etcd: server/storage/mvcc/revision.go, api/mvccpb/kv.proto.
//
// Decoders are total: any bytes in, a value or Error kCorrupt out.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/bytes.h"

namespace lifeboat::etcd {

// Revisions count write transactions (main) and the changes within each (sub), from 0.
struct Revision {
  std::int64_t main = 0;
  std::int64_t sub = 0;

  auto operator<=>(const Revision&) const = default;  // NOLINT(modernize-use-nullptr): its bug
  std::string text() const;                           // "352.2"
};

// No cluster comes as far, and no restore may: more is a bit of the highest byte that has turned.
inline constexpr std::int64_t kRevisionLimit = std::int64_t{1} << 56;

struct RevisionKey {
  Revision revision;
  bool tombstone = false;
};

inline constexpr std::size_t kRevisionSizeBytes = 17;  // 18 with a tombstone's mark

// Refuses a revision beyond the limit.
RevisionKey decode_revision_key(base::Bytes key);

// Encodes what decode_revision_key reads.
base::Buffer encode_revision_key(const RevisionKey& key);

// Borrows from the bytes it was decoded from. A field that is absent has its zero value.
struct KeyValue {
  base::Bytes key;
  std::int64_t create_revision = 0;  // main revision of the put that made the key live
  std::int64_t mod_revision = 0;     // main revision of this record
  std::int64_t version = 0;          // 1 for that first put, then one more for each
  base::Bytes value;
  std::int64_t lease = 0;  // 0: none
};

// Unknown fields are passed over.
KeyValue decode_key_value(base::Bytes bytes);

// One entry of the `lease` bucket (leasepb.Lease).
struct Lease {
  std::int64_t id = 0;
  std::int64_t ttl_seconds = 0;
  std::int64_t remaining_ttl_seconds = 0;  // 0: not stored
};

Lease decode_lease(base::Bytes bytes);

}  // namespace lifeboat::etcd
