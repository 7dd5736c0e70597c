// Takes what OpenShift's own backup script left into a backup.
#pragma once

#include <stop_token>

#include "backup/node_context.h"
#include "base/progress.h"
#include "node/official_script.h"
#include "vault/vault.h"

namespace lifeboat::backup {

struct ScriptFiles {
  vault::CatalogFile snapshot;
  vault::CatalogFile static_pods;
};

// Throws kNoSpace if the vault has less room than the two files take, so that it is not filled up
// in vain, and what the file system and the vault throw.
void require_room_for(os::FileSystem& fs, const node::ScriptBackup& script,
                      vault::ClusterVault& vault);

// Stores both files and reads them back: the snapshot against its trailer, the archive to its end.
// Their names say what `mark` says. What is in the
// snapshot is proven after that, as with any other. Throws kCorrupt if one of them is not whole,
// kCancelled, and what the vault throws; what was stored by then is the caller's to remove.
ScriptFiles store_script_files(os::FileSystem& fs, const node::ScriptBackup& script,
                               vault::ClusterVault& vault, const vault::BackupId& id,
                               vault::Mark mark, base::Progress& progress, std::stop_token stop);

}  // namespace lifeboat::backup
