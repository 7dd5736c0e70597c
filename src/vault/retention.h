// Which backups stay and which go: a pure function of the policy and of what is there. It asks no
// clock, so a clock that is wrong can't make it delete: ages count back from the newest backup.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "vault/backup_id.h"

namespace lifeboat::vault {

// A backup is kept if any rule keeps it. 0 turns a rule off; with every rule off all are kept.
struct RetentionPolicy {
  unsigned keep_last = 5;
  // The newest backup of each of the newest N hours (days, ISO weeks, months, years) that have one,
  // by the UTC time of the id.
  unsigned keep_hourly = 0;
  unsigned keep_daily = 0;
  unsigned keep_weekly = 0;
  unsigned keep_monthly = 0;
  unsigned keep_yearly = 0;
  // All backups at most this much older than the newest.
  std::optional<std::chrono::seconds> keep_within;
  // Afterwards the oldest go until the rest fits.
  std::optional<std::uint64_t> max_size_bytes;
};

// One backup that has a catalog.
struct RetentionCandidate {
  BackupId id;
  std::uint64_t size_bytes = 0;
  bool pinned = false;
  bool proven = false;
};

struct RetentionDecision {
  BackupId id;
  bool keep = false;
  // Why it is kept: "last 5", "daily 7", "within 30d", "pinned", "newest proven", "no rule", ... or
  // why it goes: "no rule keeps it", "max-size".
  std::vector<std::string> reasons;
};

// One decision per candidate, oldest first, whatever the order given. Pinned backups and the newest
// proven one are always kept, whatever the policy and its size limit say.
std::vector<RetentionDecision> apply_retention(const RetentionPolicy& policy,
                                               std::vector<RetentionCandidate> candidates);

}  // namespace lifeboat::vault
