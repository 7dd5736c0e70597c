// Takes one backup: the whole of it as a sequence of steps over interfaces, so that it runs against
// the real etcd and a disk as well as in memory with every call made to fail.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "backup/prove.h"
#include "base/log.h"
#include "base/progress.h"
#include "etcd/cluster.h"
#include "os/clock.h"
#include "vault/retention.h"
#include "vault/vault.h"

namespace lifeboat::backup {

// What a backup is taken with; all borrowed for the call.
struct TakeContext {
  const etcd::Endpoints& endpoints;
  vault::ClusterVault& vault;
  const os::Clock& clock;
  base::Log& log;
  base::Progress& progress;
};

struct TakeOptions {
  vault::RetentionPolicy retention;
  ProveOptions prove;
  std::string tool_version;
  std::string node;  // host name, for the catalog; may be empty
};

struct TakeResult {
  // As written.
  vault::Catalog backup;
  std::vector<vault::BackupId> pruned;  // by retention, oldest first
  // What went wrong after the backup existed (retention that failed), as sentences.
  std::vector<std::string> late_warnings;
  // Whether any warning is more than a note of what was asked for.
  bool needs_attention = false;
};

// Throws kBusy if another run holds the vault; kUnavailable if no member could be used; kNoSpace
// before anything is written if it can't fit; kCorrupt if no member gives a snapshot that is whole,
// or they disagree where agreement is required; what the store throws; kCancelled soon after
// `stop`. Whenever it throws, no new backup exists and every backup that was there still is, but
// for those that retention was about to remove and whose room was needed.
TakeResult take_backup(const TakeContext& context, const TakeOptions& options,
                       std::stop_token stop);

}  // namespace lifeboat::backup
