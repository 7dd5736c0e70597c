// The steps of a restore, as a list to read, copy and paste.
#pragma once

#include <string>

#include "backup/restore.h"
#include "cli/encoding_options.h"
#include "cli/options.h"
#include "cli/restore_options.h"
#include "vault/vault.h"

namespace lifeboat::cli {

// All borrowed.
struct RestorePlan {
  const std::string& argument;        // that names the snapshot
  const vault::StoredBackup* backup;  // nullptr for a file
  const VaultOptions& vault;
  const ReadingOptions& reading;
  const RestoreFlags& flags;
  const backup::RestoreOptions& options;
  const std::string& working_folder;  // where relative paths begin
};

// What to do before, the command itself, and what to do and to expect after, in lines. Asks nothing
// and touches nothing; what can't be restored is the caller's to refuse.
std::string restore_plan_text(const RestorePlan& plan);

}  // namespace lifeboat::cli
