// The files of stored backups as they were before they were encoded: as a stream, or at hand for
// reading anywhere in them.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/read_snapshot.h"
#include "backup/scratch_folder.h"
#include "base/hashing.h"
#include "base/log.h"
#include "base/progress.h"
#include "codec/age_keys.h"
#include "os/fs.h"
#include "vault/vault.h"

namespace lifeboat::backup {

// What is needed to read them; all borrowed but the path.
struct ReadingContext {
  os::FileSystem& fs;
  base::Log& log;
  base::Progress& progress;
  const codec::Keyring& keyring;  // what opens those that are encrypted
  std::string scratch;            // a folder for copies of snapshots that can't be read in place
};

// Whether there is anything that could open what is encrypted.
bool has_keys(const codec::Keyring& keyring);

// What a file turned out to be.
struct FileDigest {
  base::StreamDigest stored;
  base::StreamDigest plain;
};

// Hands the plain content of the file to `sink`, which is left to be finished by the caller, and
// returns what was read: the caller compares it with the catalog. No more is read than the catalog
// promises. Throws kCorrupt for what can't be decoded, kDenied if the keyring does not open it
// though its stored bytes are as the catalog says (or no key was given), kUnsupported (these three
// say what is wrong with the file and not which it is: with_file_name), kCancelled, and what vault
// and sink throw.
FileDigest read_plain(vault::ClusterVault& vault, const vault::BackupId& id,
                      const vault::CatalogFile& file, const ReadingContext& context,
                      base::Sink& sink, const std::stop_token& stop);

// `error` with the file's name before it, if it is one of those that lack it.
base::Error with_file_name(const std::string& name, const base::Error& error);

// What `action` returns; its errors have the file's name before them.
template <typename Action>
auto name_errors(const std::string& name, Action action) {
  try {
    return action();
  } catch (const base::Error& error) {
    throw with_file_name(name, error);
  }
}

// What is not as the catalog says, in words; nullopt if all is. The first is about the stored bytes
// alone.
std::optional<std::string> difference(const vault::CatalogFile& file, std::uint64_t size_bytes,
                                      const std::string& sha256);
std::optional<std::string> difference(const vault::CatalogFile& file, const FileDigest& digest);

// The same without reading the file: by its size, and the checksum that its store has.
std::optional<std::string> quick_difference(vault::ClusterVault& vault, const vault::BackupId& id,
                                            const vault::CatalogFile& file);

// The stored bytes of a file, read to their end. Throws kCancelled, and what the vault throws.
base::StreamDigest digest_stored(vault::ClusterVault& vault, const vault::BackupId& id,
                                 const std::string& name, const std::stop_token& stop);

// Why nothing in `keyring` opens the file, as kDenied; nullopt if something does. Throws as
// read_plain does for all else.
std::optional<base::Error> key_error(vault::ClusterVault& vault, const vault::BackupId& id,
                                     const vault::CatalogFile& file, const codec::Keyring& keyring);

// For what is encrypted, without a key; the file's name comes before it.
base::Error no_key_given();

// The plain content of something encoded, with the digest of what was stored. Nothing is compared
// but what the encodings themselves assure. Throws as read_plain does.
class PlainStream : public base::Source {
 public:
  // `encoding` as a catalog has it. Borrows `keyring` for the call.
  PlainStream(std::unique_ptr<base::Source> stored, const std::vector<std::string>& encoding,
              const codec::Keyring& keyring);
  ~PlainStream() override;

  std::size_t read(base::MutableBytes buffer) override { return plain_->read(buffer); }

  const base::StreamDigest& stored() const { return stored_.digest(); }

 private:
  const std::unique_ptr<base::Source> source_;
  base::HashingSource stored_;
  std::unique_ptr<base::Source> plain_;
};

// The plain content of a stored file, unchecked against the catalog. Throws as read_plain does.
std::unique_ptr<PlainStream> open_plain(vault::ClusterVault& vault, const vault::BackupId& id,
                                        const vault::CatalogFile& file,
                                        const codec::Keyring& keyring, const std::stop_token& stop);

// Whether a file can only be read anywhere once it has been copied: it is encoded, or far away.
bool needs_copy(vault::ClusterVault& vault, const vault::CatalogFile& file);

// A snapshot for reading anywhere in it: where it is stored, or in a copy that lives as long as
// this does.
class SnapshotAtHand {
 public:
  // Copies it if need be. Throws kNoSpace, with both numbers and before it copies, where the copy
  // does not fit, and as read_plain does. Borrows everything.
  SnapshotAtHand(vault::ClusterVault& vault, const vault::BackupId& id,
                 const vault::CatalogFile& file, const ReadingContext& context,
                 const std::stop_token& stop);

  // Opens it once more; not beyond this object's life.
  std::unique_ptr<base::RandomSource> open() const;

  // Of the copy; nullopt if it is read where it is stored.
  const std::optional<FileDigest>& copied() const { return copied_; }

 private:
  vault::ClusterVault& vault_;
  const vault::BackupId id_;
  const std::string name_;
  std::optional<ScratchFile> copy_;
  std::optional<FileDigest> copied_;
};

}  // namespace lifeboat::backup
