// The buckets of etcd's database other than `key`: which there are, and what each entry must be.
// Paper: docs/formats/keyspace.md; etcd: server/storage/schema/, versions 3.4 to 3.7.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "bbolt/database.h"
#include "etcd/finding.h"
#include "etcd/keyspace.h"

namespace lifeboat::etcd {

inline constexpr std::string_view kAlarmBucket = "alarm";
inline constexpr std::string_view kAuthBucket = "auth";
inline constexpr std::string_view kClusterBucket = "cluster";
inline constexpr std::string_view kKeyBucket = "key";
inline constexpr std::string_view kLeaseBucket = "lease";
inline constexpr std::string_view kMetaBucket = "meta";
inline constexpr std::string_view kMembersBucket = "members";
inline constexpr std::string_view kMembersRemovedBucket = "members_removed";

// All of them, in ascending order. etcd makes them on its first start, whatever its version, and
// never removes one.
inline constexpr std::array<std::string_view, 10> kKnownBuckets{
    kAlarmBucket, kAuthBucket,  "authRoles",    "authUsers",           kClusterBucket,
    kKeyBucket,   kLeaseBucket, kMembersBucket, kMembersRemovedBucket, kMetaBucket,
};

bool is_known_bucket(std::string_view name);

// In the `auth` bucket: 1 where etcd asks for users.
inline constexpr std::string_view kAuthEnabled = "authEnabled";

// Keys in the `meta` bucket.
inline constexpr std::string_view kMetaConsistentIndex = "consistent_index";
inline constexpr std::string_view kMetaTerm = "term";
inline constexpr std::string_view kMetaConfState = "confState";
inline constexpr std::string_view kMetaScheduledCompaction = "scheduledCompactRev";
inline constexpr std::string_view kMetaFinishedCompaction = "finishedCompactRev";
inline constexpr std::string_view kMetaStorageVersion = "storageVersion";

// Reads where the keyspace stands by a few look-ups. Throws kCorrupt.
KeyspaceBounds read_bounds(bbolt::Database& database);

// The same as far as it can be read: what damage hides has no part in it.
struct ReadableBounds {
  KeyspaceBounds bounds;
  std::optional<base::Error> damage;  // the first that was met
};
ReadableBounds read_readable_bounds(bbolt::Database& database);

// Throws kCorrupt for an entry of any bucket that etcd would end on, or go astray by, at its start.
void check_decodes(std::string_view bucket, base::Bytes key, base::Bytes value);

// Checks entries as a walk over the database meets them, and tells what they say of its etcd.
class SchemaCheck {
 public:
  // Borrows `findings`.
  explicit SchemaCheck(Findings& findings) : findings_(findings) {}

  void bucket(std::string_view name);
  // Entries of every bucket but `key`.
  void entry(std::string_view bucket, base::Bytes key, base::Bytes value);
  // After the whole walk, which met that many records of the keyspace.
  void finish(std::uint64_t records);

  std::uint64_t leases() const { return leases_; }

  // The minor version whose schema the file has: "3.4", "3.5", or what its storage version says.
  std::string storage_version() const;

  // Buckets and meta entries that no known version of etcd writes: worth a line, not a finding,
  // because a newer etcd may well add some.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  void lease_entry(base::Bytes key, base::Bytes value);
  void meta_entry(base::Bytes key, base::Bytes value);
  bool was_scheduled(const Revision& compaction) const;
  void note_newer_version();
  void member_entry(base::Bytes key, base::Bytes value);
  void add_finding(std::string_view bucket, const std::string& message);

  Findings& findings_;
  std::set<std::string, std::less<>> buckets_;
  std::set<std::string, std::less<>> meta_keys_;
  std::optional<Revision> scheduled_compaction_;
  std::optional<Revision> finished_compaction_;
  std::string storage_version_;
  std::uint64_t leases_ = 0;
  std::vector<std::string> notes_;
};

}  // namespace lifeboat::etcd
