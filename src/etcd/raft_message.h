// The raft messages that a member's WAL and .snap files are made of (raftpb, proto2).
// Paper: docs/formats/data-dir.md; etcd: raft/raftpb/raft.proto.
//
// Written as etcd 3.4 to 3.6 write them, with every number, zeros too; 3.7 leaves out what was not
// set, and every version reads both. Decoders are total: any bytes in, a value or Error kCorrupt
// out; unknown fields are passed over. What is decoded borrows from the bytes that it came from.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace lifeboat::etcd {

enum class EntryType : std::uint64_t { kNormal = 0, kConfChange = 1, kConfChangeV2 = 2 };

// One entry of the raft log.
struct Entry {
  EntryType type = EntryType::kNormal;
  std::uint64_t term = 0;
  std::uint64_t index = 0;
  base::Bytes data;

  bool operator==(const Entry& other) const;
};

base::Buffer encode_entry(const Entry& entry);
Entry decode_entry(base::Bytes bytes);

// What a member must not forget between two elections.
struct HardState {
  std::uint64_t term = 0;
  std::uint64_t vote = 0;    // the member that got this one's vote in `term`
  std::uint64_t commit = 0;  // index of the last entry known to be committed

  bool operator==(const HardState&) const = default;
};

base::Buffer encode_hard_state(const HardState& state);
HardState decode_hard_state(base::Bytes bytes);

// Who votes, by member id. All but the voters are empty outside a change of two steps.
struct ConfState {
  std::vector<std::uint64_t> voters;
  std::vector<std::uint64_t> learners;
  std::vector<std::uint64_t> voters_outgoing;
  std::vector<std::uint64_t> learners_next;
  bool auto_leave = false;

  bool operator==(const ConfState&) const = default;
};

base::Buffer encode_conf_state(const ConfState& state);
ConfState decode_conf_state(base::Bytes bytes);

enum class ConfChangeType : std::uint64_t {
  kAddNode = 0,
  kRemoveNode = 1,
  kUpdateNode = 2,
  kAddLearnerNode = 3,
};

// What an entry of type kConfChange holds.
struct ConfChange {
  std::uint64_t id = 0;  // of the request that asked for it
  ConfChangeType type = ConfChangeType::kAddNode;
  std::uint64_t node_id = 0;
  base::Bytes context;  // the member as JSON

  bool operator==(const ConfChange& other) const;
};

base::Buffer encode_conf_change(const ConfChange& change);
ConfChange decode_conf_change(base::Bytes bytes);

}  // namespace lifeboat::etcd
