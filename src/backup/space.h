// Room for a new backup: how much it takes, and what may go first when there is too little.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "vault/retention.h"

namespace lifeboat::backup {

// What a backup of a database of that size needs: the database and 5 %, since it grows while it is
// being sent and file systems need some for themselves.
std::uint64_t needed_bytes(std::uint64_t db_size_bytes);

// "not enough room in /backups: 2 GiB needed, 1 GiB free".
std::string describe_lack(std::string_view where, std::uint64_t needed_bytes,
                          std::uint64_t available_bytes);

// Throws kNoSpace, with that and `hint`, unless there is so much.
void require_room(std::string_view where, std::uint64_t needed_bytes, std::uint64_t available_bytes,
                  const std::string& hint);

struct RoomRequest {
  std::uint64_t needed_bytes = 0;
  std::uint64_t available_bytes = 0;
  vault::RetentionPolicy policy;
  std::vector<vault::RetentionCandidate> existing;
  vault::RetentionCandidate planned;  // the new backup, once it exists
};

struct RoomPlan {
  // Whether the new backup fits once `remove` is gone.
  bool fits = false;
  // Oldest first, only as many as are needed; empty if it fits as it is or would not anyway.
  std::vector<vault::BackupId> remove;
  // What could be freed in all.
  std::uint64_t removable_bytes = 0;
};

// A pure function. Only what retention removes anyway once the new backup is there may go before
// it, and never the newest proven one: until the new one is proven, it is the one that counts.
RoomPlan plan_room(const RoomRequest& request);

}  // namespace lifeboat::backup
