// The argument that names a snapshot: a backup of the vault, any file, or standard input.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "backup/restore.h"
#include "backup/scratch_folder.h"
#include "cli/command.h"
#include "cli/encoding_options.h"
#include "cli/options.h"
#include "vault/vault.h"

namespace lifeboat::cli {

// As an argument: what comes through a pipe.
inline constexpr std::string_view kStandardInput = "-";

// A file is told from an id by a slash in its name or .db at its end, whatever it is encoded with.
bool names_a_file(std::string_view argument);

// A snapshot file of the user's, for reading anywhere in it. Throws kNotFound with what to do.
std::unique_ptr<base::RandomSource> open_snapshot_file(os::FileSystem& fs, const std::string& path);

class SnapshotArgument {
 public:
  // Opens the vault only if `argument` names a backup. Throws kNotFound, kInvalid. Borrows
  // everything but `argument`.
  SnapshotArgument(const std::string& argument, const VaultOptions& vault_options,
                   const ReadingOptions& reading_options, const Context& context,
                   const std::stop_token& stop);

  // That a file is there and can be read. Throws kNotFound, and as files do.
  void check() const;

  // To be read while this lives, and once where it is a stream: standard input, and whatever has to
  // be decoded or is far away.
  backup::RestoreSource source();

  // The same for reading anywhere, as often as one likes: what would be a stream is copied to
  // scratch space. Not of standard input.
  backup::RestoreSource source_at_hand();

  // Both are nullptr for a file and for standard input; borrowed.
  const vault::StoredBackup* backup() const { return backup_ ? &*backup_ : nullptr; }
  vault::ClusterVault* vault() const { return vault_.get(); }

 private:
  void find_backup();
  backup::RestoreSource backup_source();
  backup::RestoreSource file_source();

  const std::string argument_;
  const VaultOptions& vault_options_;
  const ReadingOptions& reading_options_;
  const Context& context_;
  const std::stop_token stop_;
  const codec::Keyring keyring_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<vault::ClusterVault> vault_;
  std::optional<vault::StoredBackup> backup_;
  std::unique_ptr<base::Source> stream_;  // where need be, around what is borrowed
  std::optional<backup::ScratchFile> copy_;
};

}  // namespace lifeboat::cli
