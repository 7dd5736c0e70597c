// Rehearses the bad day: restores a snapshot into a scratch folder, starts a real etcd on it,
// compares what that etcd serves with what the backup says, writes a key, starts etcd again, reads
// the key, and measures how long it all takes.
//
// Touches nothing but the fresh folder that it makes in the scratch folder, and removes that on
// every way out; the etcd that it starts ends with it. The copy differs from a true restore in one
// thing: etcd asks for no user in it, so that nobody's password is needed.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/restore.h"
#include "backup/scratch_etcd.h"
#include "base/time.h"
#include "etcd/hash_kv.h"

namespace lifeboat::backup {

struct DrillOptions {
  std::string etcd_program;  // its path
  std::string scratch;       // the folder in which a fresh one is made
  std::chrono::milliseconds timeout{std::chrono::minutes(5)};  // for etcd to serve, each time
  bool skip_hash_check = false;                                // a missing trailer is fine
  // What the catalog says of the snapshot; what its records say, where there is none.
  std::optional<etcd::HashKv> expected_hash;
  std::optional<std::uint64_t> expected_keys;
};

// One thing that was established, or that is not as it should be.
struct DrillCheck {
  std::string name;  // "restore", "boot", "hash_kv", "keys", "sample", "write", "restart", "stop"
  bool ok = false;
  std::string expected;
  std::string actual;
};

struct DrillResult {
  std::string subject;  // the backup's id, or the file's path
  base::TimePoint started;
  base::TimePoint finished;
  std::string etcd_program;
  std::string etcd_version;  // "3.5.30", of the program
  std::int64_t revision = 0;
  std::uint64_t size_bytes = 0;  // of the restored database
  // What was not come to is absent.
  std::optional<std::chrono::milliseconds> restore_time;
  std::optional<std::chrono::milliseconds> boot_time;     // from its start to its first answer
  std::optional<std::chrono::milliseconds> restart_time;  // the same, the second time
  std::optional<etcd::HashKv> expected_hash;
  std::optional<etcd::HashKv> actual_hash;
  std::optional<std::uint64_t> expected_keys;
  std::optional<std::uint64_t> actual_keys;
  std::uint64_t sampled_keys = 0;
  std::vector<DrillCheck> checks;  // in the order in which they were made
  std::vector<std::string> notes;
  // Set where etcd did not start or did not answer: why, and the last lines of its log.
  std::optional<base::Error> etcd_failure;
  std::vector<std::string> etcd_log;

  // Every check was made, and none failed.
  bool ok() const;
  // From nothing to an etcd that serves.
  std::optional<std::chrono::milliseconds> recovery_time() const;
};

struct DrillContext {
  RestoreContext restore;  // file system, clock, log, progress
  os::Programs& programs;
  ConnectKeyValue connect;
};

// What is wrong with the backup, or with etcd on it, is a failed check in the result. Throws what
// keeps it from rehearsing at all: kInvalid (no etcd, no scratch folder), kUnsupported for an etcd
// that could not take this snapshot, kNoSpace, kCancelled, and what files throw. `source` is not a
// stream.
DrillResult run_drill(const DrillContext& context, const RestoreSource& source,
                      const DrillOptions& options, std::stop_token stop);

}  // namespace lifeboat::backup
