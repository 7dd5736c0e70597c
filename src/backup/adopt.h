// Takes backups that other tools made into the vault: found by their names (adopt_candidates.h),
// copied, and proven as any other before their catalog is written. The source is only read.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/progress.h"
#include "os/clock.h"
#include "os/host_tree.h"
#include "vault/vault.h"

namespace lifeboat::backup {

// All borrowed for the call.
struct AdoptContext {
  os::HostTree& source;
  vault::ClusterVault& vault;
  const os::Clock& clock;
  base::Log& log;
  base::Progress& progress;
};

struct AdoptOptions {
  // Only say what would be adopted: nothing is written, locked or proven.
  bool dry_run = false;
  std::string tool_version;
};

// Paths are as this program sees them, and fit for a terminal.
struct AdoptedBackup {
  std::string path;  // of the snapshot, or of the archive that held it
  vault::Catalog catalog;
};

// That is in the vault already, or that would be.
struct NamedBackup {
  std::string path;
  vault::BackupId id;
};

struct FailedAdoption {
  std::string path;
  std::string reason;
  base::Code code = base::Code::kCorrupt;
};

// Each in the order of time.
struct AdoptResult {
  std::vector<AdoptedBackup> adopted;
  std::vector<NamedBackup> planned;  // of a dry run
  // By the SHA-256 of the snapshot; with its static pods, where the candidate has them.
  std::vector<NamedBackup> present;
  std::vector<FailedAdoption> failed;

  bool found_nothing() const {
    return adopted.empty() && planned.empty() && present.empty() && failed.empty();
  }
};

// What fails with one backup keeps no other from being adopted, and leaves nothing of it behind.
// Retention is not applied. Throws kBusy if another run holds the vault, kCancelled (what was
// adopted by then stays), and what vault and source throw before the first backup.
AdoptResult adopt_backups(const AdoptContext& context, const AdoptOptions& options,
                          std::stop_token stop);

}  // namespace lifeboat::backup
