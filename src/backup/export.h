// Brings a backup out of the vault as plain files: what `cluster-restore.sh` takes, decoded and
// checked.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/stored_files.h"
#include "base/io.h"
#include "vault/vault.h"

namespace lifeboat::backup {

struct ExportedFile {
  std::string name;
  std::uint64_t size_bytes = 0;
  std::string sha256;
};

// Writes the files of `backup` into `folder`, whose last part is made if it is not there. Every
// proof is made first. Throws kCorrupt for a backup that is not whole, kDenied for one that is
// encrypted and that no key of the context opens, kExists if a file of the
// same name is there, and what vault and file system throw; no file is left half written.
std::vector<ExportedFile> export_to_folder(vault::ClusterVault& vault,
                                           const vault::StoredBackup& backup,
                                           const ReadingContext& context, const std::string& folder,
                                           std::stop_token stop);

// The same as a tar archive, with a folder named for the backup in it. Damage that shows only while
// it is written leaves an archive without an end.
std::vector<ExportedFile> export_to_tar(vault::ClusterVault& vault,
                                        const vault::StoredBackup& backup,
                                        const ReadingContext& context, base::Sink& sink,
                                        std::stop_token stop);

}  // namespace lifeboat::backup
