// An etcd cluster as the backup sees it: a few endpoints that answer a few questions.
//
// Names and meanings are those of etcd's rpc.proto (etcdserverpb, etcd 3.4 to 3.7). The
// implementation over gRPC is rpc/etcd_client.h, the one for tests testing/fake_cluster.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "etcd/hash_kv.h"

namespace lifeboat::etcd {

// Answer of Maintenance.Status.
struct MemberStatus {
  std::string version;  // of the server: "3.5.30"
  std::uint64_t cluster_id = 0;
  std::uint64_t member_id = 0;
  std::uint64_t leader_id = 0;  // 0: this member knows no leader
  std::int64_t revision = 0;    // of the key-value store when it answered
  std::uint64_t raft_term = 0;
  std::uint64_t raft_index = 0;
  std::uint64_t raft_applied_index = 0;
  std::uint64_t db_size_bytes = 0;         // of the database file
  std::uint64_t db_size_in_use_bytes = 0;  // without its free pages
  bool learner = false;
};

// One entry of Cluster.MemberList.
struct ClusterMember {
  std::uint64_t id = 0;
  std::string name;  // empty until the member has started for the first time
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;
  bool learner = false;
};

// One entry of Maintenance.Alarm.
struct Alarm {
  enum class Kind { kNoSpace, kCorrupt, kOther };
  std::uint64_t member_id = 0;
  Kind kind = Kind::kOther;
};

// The stream of Maintenance.Snapshot: the database image, then the 32 bytes of its SHA-256.
class SnapshotStream {
 public:
  virtual ~SnapshotStream() = default;
  // The next piece, never empty, borrowed until the next call; nullopt after the last. Throws
  // kUnavailable when the stream breaks or stalls, kCancelled on the stop that it was begun with;
  // not called after that.
  virtual std::optional<base::Bytes> next() = 0;
};

// One endpoint, which may be a member or a balancer in front of several. Every call throws
// kUnavailable (no answer in time, refused, TLS), kDenied (credentials, permission) or kCancelled
// soon after `stop` is requested; the message names the endpoint, the cause and, as a hint, what to
// check. Calls are safe from any thread.
class Endpoint {
 public:
  virtual ~Endpoint() = default;

  // As the user gave it, with its scheme: "https://10.0.0.5:2379".
  virtual const std::string& url() const = 0;

  virtual MemberStatus status(std::stop_token stop) = 0;
  virtual std::vector<ClusterMember> members(std::stop_token stop) = 0;
  // Goes through raft: fails without a quorum.
  virtual std::vector<Alarm> alarms(std::stop_token stop) = 0;
  // `revision` 0 means the current one. kUnavailable with etcd's own words if the revision is
  // compacted or not there yet.
  virtual HashKv hash_kv(std::int64_t revision, std::stop_token stop) = 0;
  virtual std::unique_ptr<SnapshotStream> snapshot(std::stop_token stop) = 0;
};

using Endpoints = std::vector<std::unique_ptr<Endpoint>>;

}  // namespace lifeboat::etcd
