// The argument that names a snapshot: a backup of the vault, any file, or standard input.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "backup/restore.h"
#include "cli/command.h"
#include "cli/options.h"
#include "vault/vault.h"

namespace lifeboat::cli {

// A file is told from an id by a slash in its name or .db at its end.
bool names_a_file(std::string_view argument);

class SnapshotArgument {
 public:
  // Opens the vault only if `argument` names a backup. Throws kNotFound, kInvalid, and kUnsupported
  // for a backup that this version can't read. Borrows `world`.
  SnapshotArgument(const std::string& argument, const VaultOptions& options, World& world,
                   const std::stop_token& stop);

  // To be read while this lives.
  backup::RestoreSource source();

  // Both are nullptr for a file and for standard input; borrowed.
  const vault::StoredBackup* backup() const { return backup_ ? &*backup_ : nullptr; }
  vault::ClusterVault* vault() const { return vault_.get(); }

 private:
  void find_backup(const VaultOptions& options, const std::stop_token& stop);

  const std::string argument_;
  World& world_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<vault::ClusterVault> vault_;
  std::optional<vault::StoredBackup> backup_;
};

}  // namespace lifeboat::cli
