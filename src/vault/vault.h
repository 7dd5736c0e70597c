// Backups inside a store. Layout and the orders that keep it safe: docs/formats/vault.md.
//
// Invariants at any instant, power cuts included: a backup with a catalog is whole; a backup
// without one never counts; removing begins with the catalog, making ends with it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "store/store.h"
#include "vault/backup_id.h"
#include "vault/catalog.h"
#include "vault/retention.h"

namespace lifeboat::vault {

// The names of the clusters in the vault, sorted: folders with a proper name that hold a `backups`
// folder. Throws as Store::check does.
std::vector<std::string> list_clusters(store::Store& store);

struct StoredBackup {
  Catalog catalog;
  bool pinned = false;
};

// A folder with a catalog that can't be read: damaged, of a newer format, or no plain file. It is
// never counted and never removed.
struct UnreadableBackup {
  BackupId id;
  std::string reason;
  base::Code code = base::Code::kCorrupt;  // of the error that said so
};

// Everything that is in a cluster's folder, each oldest first.
struct Inventory {
  std::vector<StoredBackup> backups;
  std::vector<UnreadableBackup> unreadable;
  // Without a catalog: a run that died, or one that is still going on.
  std::vector<BackupId> leftovers;

  // The newest of all three kinds, so that a new id comes after it.
  std::optional<BackupId> newest_id() const;
};

// The etcd cluster that the backups are of, as far as the newest that knows says: an adopted backup
// knows of none.
std::optional<std::uint64_t> newest_known_cluster_id(const Inventory& inventory);

// One line for `unreadable`, fit for a warning.
std::string describe(const UnreadableBackup& backup);

// One cluster's part of a vault. Reading needs no lock; every call that writes is made while the
// caller holds lock(). Errors are the store's, the vault's path in their message.
class ClusterVault {
 public:
  // Borrows `store`. Throws kInvalid if `cluster` is no cluster name.
  ClusterVault(store::Store& store, std::string cluster);

  const std::string& cluster() const { return cluster_; }
  store::Store& store() { return store_; }

  // Throws kBusy at once if another run holds it. Makes the cluster's folder if it is new.
  std::unique_ptr<store::StoreLock> lock();

  Inventory inventory();

  // By id, or the newest for "latest". Throws kInvalid for text that is no id, kNotFound (naming
  // what is there), kCorrupt or kUnsupported if its catalog can't be read. "latest" does not pass
  // over such a catalog: whoever asks for the newest would get older data without a word.
  StoredBackup find(std::string_view id);

  // A file of the backup `id`, which exists only once `publish` has returned.
  std::unique_ptr<base::Sink> put_file(const BackupId& id, const std::string& name);
  std::unique_ptr<base::Source> get_file(const BackupId& id, const std::string& name);
  // For reading anywhere in it.
  std::unique_ptr<base::RandomSource> open_file(const BackupId& id, const std::string& name);
  // Nullopt if the file is not there.
  std::optional<std::uint64_t> file_size_bytes(const BackupId& id, const std::string& name);
  // What the store says of its content without reading it, as store/store.h has it.
  std::optional<std::string> file_fingerprint(const BackupId& id, const std::string& name);
  // Gives up a file of a backup that has no catalog yet.
  void remove_file(const BackupId& id, const std::string& name);

  // Removes what is in the folder of a backup that has no catalog yet, but for files of these
  // names.
  void keep_only(const BackupId& id, const std::vector<std::string>& names);
  // What is in its folder and neither its catalog nor one of its files: somebody else's.
  std::vector<std::string> unknown_files(const Catalog& catalog);

  // Writes the catalog: from here on the backup exists. Throws kExists if it did before.
  void publish(const Catalog& catalog);

  // Removes a backup, or what there is of one: the catalog first, then the rest.
  void remove(const BackupId& id);

  // Removes the folders of runs that died, and unfinished files in the others. Returns the ids. A
  // folder in which anything has the name of a catalog is none of them.
  std::vector<BackupId> remove_leftovers();

  // Keeps the backup from retention, or no longer. Twice is harmless. Throws kNotFound.
  void pin(const BackupId& id);
  void unpin(const BackupId& id);

 private:
  std::string blob(const BackupId& id, std::string_view file) const;
  // Whether anything has the catalog's name in `folder`, the listing of the backup's folder.
  bool has_catalog(const BackupId& id, const store::Listing& folder);
  StoredBackup find_by_id(std::string_view text);
  // Throws if a backup newer than all that can be read has a catalog that can't.
  void refuse_older_than_unreadable(const Inventory& all) const;
  // Why there is nothing to be found, when `all` holds no backup.
  base::Error nothing_there(const Inventory& all);
  // Throws kNotFound unless the backup `id` has a catalog.
  void check_exists(const BackupId& id);

  store::Store& store_;
  const std::string cluster_;
};

// Whether the catalog says which checks the backup passed, and of no member that disagreed.
bool is_proven(const Catalog& catalog);

// What retention needs to know of a backup, of `backups`.
RetentionCandidate retention_candidate(const Catalog& catalog, bool pinned);
std::vector<RetentionCandidate> retention_candidates(const std::vector<StoredBackup>& backups);

}  // namespace lifeboat::vault
