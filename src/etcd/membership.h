// The members of a restored cluster, and the ids that follow from them.
// Paper: docs/formats/data-dir.md; etcd: server/etcdserver/api/membership/, client/pkg/types/.
//
// Ids depend on peer URLs and token alone, so that members restored apart from each other agree.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "etcd/raft_message.h"

namespace lifeboat::etcd {

struct RestoredMember {
  std::uint64_t id = 0;
  std::string name;
  std::vector<std::string> peer_urls;  // ascending
};

// A cluster before its first election: its log adds one member after the other, and nothing else.
struct RestoredCluster {
  std::uint64_t id = 0;
  std::vector<RestoredMember> members;  // ascending by id, at least one

  // What the log ends with: index of the last entry, its term, who votes from there on.
  std::uint64_t last_index() const { return members.size(); }
  static constexpr std::uint64_t kTerm = 1;
  ConfState conf_state() const;
};

// As the flags of the same names take them.
struct InitialCluster {
  std::string members;  // "m1=http://h1:2380,m2=https://h2:2380"; a name again adds a URL
  std::string token;
};

// More than these do not fit into the history of events that is stored with them; etcd advises 7.
inline constexpr std::size_t kMembersMax = 1000;

// Throws kInvalid: no member, a URL that is none or stands there twice, a name that is none.
RestoredCluster restored_cluster(const InitialCluster& initial);

// Throws kInvalid when no member has that name.
const RestoredMember& member_by_name(const RestoredCluster& cluster, std::string_view name);

// Throws kInvalid unless `advertised`, which is as --initial-advertise-peer-urls takes it, names
// just the URLs of `member`. etcd goes on to compare what host names resolve to; this compares as
// written, because a restore must not depend on a name server.
void check_advertised_urls(const RestoredMember& member, std::string_view advertised);

// Of a member that is there from the beginning. The order of `peer_urls` does not matter.
std::uint64_t member_id(std::vector<std::string> peer_urls, std::string_view token);

// `member_ids` ascend.
std::uint64_t cluster_id(const std::vector<std::uint64_t>& member_ids);

// A member as JSON: the value in the `members` bucket and the context of its ConfChange. The key in
// that bucket is base::to_hex_id of its id.
std::string member_json(const RestoredMember& member);

}  // namespace lifeboat::etcd
