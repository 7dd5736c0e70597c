// Turns the items of a snapshot's database into those of the database that a restored member starts
// on. Paper: docs/formats/data-dir.md.
//
// A stream in, a stream out, so that it takes no memory however large the database, and so that
// more records can be merged into the input before.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "etcd/etcd_version.h"
#include "etcd/membership.h"

namespace lifeboat::etcd {

// Takes the items of a database: buckets ascend by name, the items of each by key.
class ItemSink {
 public:
  virtual ~ItemSink() = default;

  // What comes next belongs to this bucket, even if nothing comes. Arguments are borrowed for the
  // call only.
  virtual void begin_bucket(base::Bytes name) = 0;
  virtual void put(base::Bytes key, base::Bytes value) = 0;
};

// Raises a store's revision and marks everything up to there as compacted, so that no client of
// the restored cluster is told two different things about one revision: a watch from before fails,
// and its client lists anew. One is useless without the other, so etcdutl, too, does both or none.
struct RevisionBump {
  std::int64_t latest_revision = 0;  // of the snapshot's store: KeyspaceBounds::revision
  std::int64_t amount = 0;

  // Throws kInvalid unless the amount is positive and the sum below kRevisionLimit.
  std::int64_t new_revision() const;
};

struct RestoreTransformOptions {
  RestoredCluster cluster;
  EtcdVersion target;
  std::optional<RevisionBump> bump;
  // Users, roles and passwords stay, but nobody is asked for one.
  bool turn_auth_off = false;
};

class RestoreTransform : public ItemSink {
 public:
  // Borrows `sink`. Throws what RevisionBump::new_revision throws.
  RestoreTransform(const RestoreTransformOptions& options, ItemSink& sink);

  // Throw kCorrupt when buckets do not ascend, or when there is a record beyond the new revision,
  // and what the sink throws. The order of items is the sink's to check.
  void begin_bucket(base::Bytes name) override;
  void put(base::Bytes key, base::Bytes value) override;
  // After the last item.
  void finish();

  // What an operator should know of the old cluster's state, a sentence each; after finish().
  std::vector<std::string> notes() const;

 private:
  using Items = std::vector<std::pair<std::string, std::string>>;

  void open_bucket(std::string_view name);
  void close_bucket();
  void add_missing_buckets(std::optional<std::string_view> before);
  void put_own_items(std::optional<std::string_view> before);
  void look_at_left_out(base::Bytes key);
  Items own_items(std::string_view bucket) const;

  const RestoreTransformOptions options_;
  const std::optional<std::int64_t> new_revision_;
  ItemSink& sink_;

  std::optional<std::string> bucket_;  // that is open
  std::size_t known_bucket_ = 0;       // the next one of kKnownBuckets to come
  Items own_;                          // what this adds to the open bucket, ascending
  std::size_t next_own_ = 0;

  struct AlarmCounts {
    std::uint64_t no_space = 0;
    std::uint64_t corrupt = 0;
    std::uint64_t other = 0;
  };
  AlarmCounts alarms_;
  bool downgrading_ = false;
  bool auth_was_on_ = false;
};

}  // namespace lifeboat::etcd
