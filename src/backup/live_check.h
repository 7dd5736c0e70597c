// Compares a snapshot with the living cluster: HashKV at the snapshot's revision, asked of every
// member, against the hash that was computed from the file.
//
// Members that compacted since the snapshot was taken hash fewer records; the computed hash is then
// taken for the same compaction, so that both sides speak of the same records.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "etcd/cluster.h"
#include "etcd/keyspace.h"

namespace lifeboat::backup {

struct LiveMember {
  etcd::Endpoint* endpoint = nullptr;  // borrowed
  std::uint64_t member_id = 0;
};

// What one member answered, or why it did not.
struct LiveAnswer {
  std::string member;  // "member 8e9e05c52164694d at https://10.0.0.5:2379"
  std::optional<etcd::HashKv> hash;
  std::string reason;  // set when `hash` is not
};

// Asks a member that has come to the revision of `snapshot` for its hash there. The plain question
// for a revision that it has compacted to gets no answer, or an old one, as its version has it.
// Throws as Endpoint::hash_kv does.
etcd::HashKv ask_for_hash(etcd::Endpoint& endpoint, const etcd::KeyspaceBounds& snapshot,
                          const std::stop_token& stop);

// Asks all members at once, one thread each, for their hash at the revision of `snapshot`. A member
// that has not come as far yet is waited for a few seconds. Throws kCancelled on `stop`.
std::vector<LiveAnswer> ask_for_hashes(const std::vector<LiveMember>& members,
                                       const etcd::KeyspaceBounds& snapshot, std::stop_token stop);

// The compactions that the answers speak of, each once.
std::vector<std::int64_t> compactions_of(const std::vector<LiveAnswer>& answers);

struct LiveVerdict {
  // "equal": at least one member answered, and all that did agree with the snapshot; "different":
  // one does not; "unchecked": none could be compared.
  std::string live;
  std::size_t agreeing = 0;  // members
  // Of what was compared first: what the catalog records.
  std::optional<etcd::HashKv> compared;
  // Every member that differs or could not be compared, by name.
  std::vector<std::string> warnings;
};

// A pure function. `computed` holds the snapshot's hash for each compaction of the answers, where
// the snapshot is not itself compacted further.
LiveVerdict judge_hashes(const std::vector<LiveAnswer>& answers,
                         const std::vector<etcd::HashKv>& computed);

}  // namespace lifeboat::backup
