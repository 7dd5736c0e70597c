// Checks the records of the `key` bucket and sums them up, in one pass from the last to the first.
//
// Checked: each key is a well-formed revision and each value decodes; a record says of itself the
// revision under which it stands; above the compaction no revision and no change within one is
// missing; and each record of a key follows from the one before it: a put has the next version and
// the same create revision, or begins anew after a tombstone; a tombstone ends a live key. Paper:
// docs/formats/keyspace.md.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "etcd/finding.h"
#include "etcd/hash_kv.h"
#include "etcd/key_table.h"
#include "etcd/key_value.h"

namespace lifeboat::etcd {

// Where the keyspace stands, from the `meta` bucket and the last record.
struct KeyspaceBounds {
  // -1 before the first compaction, as etcd reports it.
  std::int64_t compact_revision = -1;
  // Of the store: what a server that starts on this file answers. 0: damage hides it.
  std::int64_t revision = 1;
};

// How many live keys hold Kubernetes objects, by the prefix under which they stand.
struct KubernetesSummary {
  std::uint64_t objects = 0;
  std::map<std::string, std::uint64_t> objects_by_prefix;  // "/registry/"
};

class KeyspaceScan {
 public:
  // Borrows `findings`. Hashes are computed for the compaction of `bounds` and for each of
  // `further_compact_revisions`, which are not below it.
  KeyspaceScan(const KeyspaceBounds& bounds,
               const std::vector<std::int64_t>& further_compact_revisions, Findings& findings);

  // The next record towards the front.
  void add(base::Bytes key, base::Bytes value);
  // After the first record of the bucket.
  void finish();

  // That of the bounds, or the newest that a record has where they don't know it.
  std::int64_t revision() const;
  std::uint64_t records() const { return records_; }
  // Live keys at the newest revision, as a range over all keys would count them.
  std::uint64_t keys() const { return keys_; }
  const KubernetesSummary& kubernetes() const { return kubernetes_; }

  // Of the records up to the newest, under the compaction asked for.
  std::optional<HashKv> hash_kv(std::int64_t compact_revision) const;

  // Keys whose records do not follow from each other, as far as fingerprints tell: to be confirmed
  // and named by a second pass over the keys themselves.
  const std::vector<Fingerprint>& suspects() const { return suspects_; }
  const KeyTable& table() const { return table_; }

 private:
  void check_order(const Revision& revision);
  bool is_bump_mark(const Revision& revision, const KeyValue& record) const;
  void check_self(const RevisionKey& key, const KeyValue& record);
  void check_chain(const RevisionKey& key, const KeyValue& record, Fingerprint fingerprint,
                   KeyTable::Slot slot);
  void count_live(const KeyValue& record);
  void add_finding(const Revision& revision, const std::string& message);
  void suspect(Fingerprint fingerprint);

  const KeyspaceBounds bounds_;
  Findings& findings_;
  std::vector<HashKvAccumulator> hashes_;
  KeyTable table_;
  std::vector<Fingerprint> suspects_;
  std::optional<Revision> following_;  // the record that was added before: the next newer one
  std::int64_t newest_ = 1;
  std::uint64_t records_ = 0;
  std::uint64_t keys_ = 0;
  KubernetesSummary kubernetes_;
};

// The second pass: follows the suspects' chains again, by their keys, and reports what is wrong
// with them. Takes the same records in the same order.
class ChainConfirmation {
 public:
  // Borrows `scan`, which is finished, and `findings`.
  ChainConfirmation(const KeyspaceBounds& bounds, const KeyspaceScan& scan, Findings& findings);

  void add(base::Bytes key, base::Bytes value);
  void finish();

 private:
  struct Link {
    Revision revision;  // of the record that left the word
    std::uint64_t word = 0;
  };

  const KeyspaceBounds bounds_;
  const KeyTable& table_;
  Findings& findings_;
  std::set<Fingerprint> suspects_;
  std::unordered_map<std::string, Link> links_;
};

}  // namespace lifeboat::etcd
