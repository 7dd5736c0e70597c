// The .snap file: a raft snapshot, in which etcd keeps its old v2 store; since version 3 all that
// is in there is the list of members. etcd 3.4 and 3.5 take their membership from it at a start.
// Paper: docs/formats/data-dir.md; etcd: server/etcdserver/api/snap/, api/v2store/.
#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "etcd/membership.h"
#include "etcd/raft_message.h"

namespace lifeboat::etcd {

struct RaftSnap {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  ConfState conf_state;
  base::Bytes data;  // the v2 store as JSON; borrowed
};

base::Buffer encode_raft_snap(const RaftSnap& snap);

// Total: any bytes in, a snapshot or Error kCorrupt out. Checks the checksum.
RaftSnap decode_raft_snap(base::Bytes file);

// The v2 store after nothing happened but that each member was added in turn, to the byte as etcd
// 3.4 and 3.5 write it.
std::string restored_store_json(const RestoredCluster& cluster);

// The .snap file of a restored cluster, the same for all members.
base::Buffer restored_raft_snap(const RestoredCluster& cluster);

}  // namespace lifeboat::etcd
