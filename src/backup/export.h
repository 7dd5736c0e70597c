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
// proof is made before the first file. Throws kCorrupt for a backup that is not whole, kDenied for
// one that is encrypted and that no key of the context opens, kNoSpace before anything is read
// where they don't fit with 5 % to spare, kExists if a file of the same name is there or comes
// meanwhile, which stays, and what vault and file system throw. Whenever it throws, none of its
// files is left.
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
