// Copies a backup from one vault into another: as its files are stored, or encoded anew.
//
// Both ends are checked: what is read is compared with the catalog, what was written is read back,
// or, where a store behind a network has a checksum of its own, compared by that. The catalog is
// written last. A copy that did not come to its end exists nowhere, and the next one goes on with
// the files that are whole.
#pragma once

#include <optional>
#include <stop_token>
#include <vector>

#include "backup/stored_files.h"
#include "vault/encoding.h"
#include "vault/vault.h"

namespace lifeboat::backup {

struct CopyOptions {
  // Nullopt: each file as it is stored, for which no key is needed.
  std::optional<vault::BackupEncoding> encoding = {};
  // With `encoding`: what is compressed stays so, and what is not does, too.
  bool keep_compression = false;
  // With `encoding`: what is encrypted is copied as it is stored, without a key. For whoever knows
  // that it is for the same recipients.
  bool keep_encrypted = false;
  // Whether what is encrypted may become readable for everybody.
  bool allow_plain = false;
  // The newest that the target has, borrowed: unless `allow_plain`, what is encrypted there gets no
  // plain neighbour.
  const vault::Catalog* newest_there = nullptr;
};

struct CopyResult {
  vault::Catalog catalog;   // as it stands in the target
  bool was_there = false;   // all of it, from before
  unsigned files_kept = 0;  // that an earlier run had copied
};

// The lock of `to` is held. What is there already is looked at as `verify --quick` does. Throws
// kExists if another backup has the id there, or this one in another encoding than is asked for,
// kCorrupt if one of the two ends is not as it should be, kNoSpace before it begins, kInvalid for
// what would be stored plain and may not, and what reading and both stores throw.
CopyResult copy_backup(vault::ClusterVault& from, const vault::StoredBackup& backup,
                       vault::ClusterVault& to, const CopyOptions& options,
                       const ReadingContext& context, const std::stop_token& stop);

}  // namespace lifeboat::backup
