// Which backups stay and which go: a pure function of the policy and of what is there. It asks no
// clock, so one that is wrong now can't make it delete: ages count back from the newest backup.
//
// A clock that was ahead at one backup is in the ids of those that follow, which keep its second
// (backup_id.h). So a rule about time goes by two times, that in the id and the one at which the
// backup was begun by its catalog, and keeps what either of them keeps: where the clocks were right
// they are the same. Where the second times do not follow one another, some clock was wrong: that
// of the fewest backups without which they do, which use up no hour, day and so on of the second
// count. What is left is a clock that was wrong at the very newest backup: --keep-within counts
// from there.
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
  // by the UTC time of the id; and again by that at which they were begun.
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
  // When it was begun, by the clock of that run; nullopt: at the time of the id.
  std::optional<std::chrono::sys_seconds> started = {};
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
