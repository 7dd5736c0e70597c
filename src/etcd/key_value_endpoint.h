// A member whose keys are read and written: what a drill does with the etcd that it has started. A
// backup is handed plain endpoints, and so can't do either.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "base/bytes.h"
#include "etcd/cluster.h"

namespace lifeboat::etcd {

// One key as a member answers it (mvccpb.KeyValue).
struct StoredKey {
  std::string value;
  std::int64_t create_revision = 0;
  std::int64_t mod_revision = 0;
  std::int64_t version = 0;
  std::int64_t lease = 0;  // 0: none

  bool operator==(const StoredKey&) const = default;
};

// Calls throw as those of Endpoint do. `revision` 0 means the newest; kUnavailable for one that is
// compacted or not there yet. All of them go through raft: without a leader they fail.
class KeyValueEndpoint : public Endpoint {
 public:
  // How many keys were live at that revision.
  virtual std::uint64_t count_keys(std::int64_t revision, std::stop_token stop) = 0;
  // Nullopt if the key was not live.
  virtual std::optional<StoredKey> get(base::Bytes key, std::int64_t revision,
                                       std::stop_token stop) = 0;
  virtual void put(base::Bytes key, base::Bytes value, std::stop_token stop) = 0;
};

}  // namespace lifeboat::etcd
