// The orders of writes and removals that docs/formats/vault.md argues for are in publish(),
// remove() and remove_leftovers(); everything else here only reads.
#include "vault/vault.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::vault {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr std::size_t kIdsNamedMax = 3;

bool has_blob(const store::Listing& listing, std::string_view name) {
  return std::ranges::find(listing.blobs, name, &store::BlobInfo::name) != listing.blobs.end();
}

// The ids among the folder names, oldest first. Other names are somebody else's.
std::vector<BackupId> parse_ids(const std::vector<std::string>& folders) {
  std::vector<BackupId> ids;
  for (const std::string& folder : folders) {
    if (const auto id = BackupId::parse(folder)) ids.push_back(*id);
  }
  std::ranges::sort(ids);
  return ids;
}

std::string read_catalog_text(store::Store& store, const std::string& blob) {
  try {
    return store::get_text(store, blob, kCatalogMaxBytes);
  } catch (const Error& error) {
    if (error.code() != Code::kNotFound || !store.is_taken(blob)) throw;
    throw Error(Code::kCorrupt,
                cat(store.location(), "/", blob, ": is there, and is no plain file"),
                "put the catalog itself there: nothing in a vault is reached through a link");
  }
}

// Throws what get_text throws, and kCorrupt or kUnsupported naming the blob.
Catalog read_catalog(store::Store& store, const std::string& blob, const BackupId& id) {
  const std::string text = read_catalog_text(store, blob);
  try {
    Catalog catalog = decode_catalog(text);
    // Retention removes by the id in the catalog, so that it must be the folder's.
    if (catalog.id != id) {
      throw Error(Code::kCorrupt, cat("belongs to another backup, ", catalog.id.text()),
                  "give the folder its old name back");
    }
    return catalog;
  } catch (const Error& error) {
    throw error.with_context(cat(store.location(), "/", blob));
  }
}

// Damage to one catalog must not hide the other backups; anything else must not pass for damage.
bool is_about_one_catalog(Code code) {
  return code == Code::kCorrupt || code == Code::kUnsupported || code == Code::kIo ||
         code == Code::kDenied;
}

std::string name_newest(const Inventory& inventory) {
  std::vector<std::string> names;
  for (auto it = inventory.backups.rbegin();
       it != inventory.backups.rend() && names.size() < kIdsNamedMax; ++it) {
    names.push_back(it->catalog.id.text());
  }
  return base::join(names, ", ");
}

}  // namespace

std::vector<std::string> list_clusters(store::Store& store) {
  store.check();
  std::vector<std::string> clusters;
  for (const std::string& folder : store.list("").folders) {
    if (!is_cluster_name(folder)) continue;
    const auto inside = store.list(folder).folders;
    if (std::ranges::find(inside, "backups") != inside.end()) clusters.push_back(folder);
  }
  return clusters;
}

std::optional<BackupId> Inventory::newest_id() const {
  std::optional<BackupId> newest;
  const auto see = [&](const BackupId& id) {
    if (!newest || id > *newest) newest = id;
  };
  for (const StoredBackup& backup : backups) see(backup.catalog.id);
  for (const UnreadableBackup& backup : unreadable) see(backup.id);
  for (const BackupId& id : leftovers) see(id);
  return newest;
}

std::optional<std::uint64_t> newest_known_cluster_id(const Inventory& inventory) {
  for (auto it = inventory.backups.rbegin(); it != inventory.backups.rend(); ++it) {
    if (it->catalog.etcd.cluster_id) return it->catalog.etcd.cluster_id;
  }
  return std::nullopt;
}

std::string describe(const UnreadableBackup& backup) {
  return cat("backup ", backup.id.text(),
             " does not count, its catalog can't be read: ", base::printable(backup.reason, 500));
}

ClusterVault::ClusterVault(store::Store& store, std::string cluster)
    : store_(store), cluster_(std::move(cluster)) {
  if (is_cluster_name(cluster_)) return;
  throw Error(Code::kInvalid,
              cat("\"", base::printable(cluster_), "\" can't be the name of a cluster"),
              "use letters, digits, '.', '_' and '-', up to 100, a letter or digit first");
}

std::unique_ptr<store::StoreLock> ClusterVault::lock() {
  store_.check();
  try {
    return store_.lock(lock_name(cluster_));
  } catch (const Error& error) {
    if (error.code() != Code::kBusy) throw;
    throw Error(Code::kBusy,
                cat("another run is at work on cluster ", cluster_, " in ", store_.location()),
                store_.is_remote() ? error.hint()
                                   : "wait until it has ended; a run that died holds nothing");
  }
}

Inventory ClusterVault::inventory() {
  store_.check();
  Inventory inventory;
  for (const BackupId& id : parse_ids(store_.list(backups_folder(cluster_)).folders)) {
    const store::Listing folder = store_.list(backup_folder(cluster_, id));
    if (!has_catalog(id, folder)) {
      inventory.leftovers.push_back(id);
      continue;
    }
    try {
      inventory.backups.push_back({.catalog = read_catalog(store_, blob(id, kCatalogName), id),
                                   .pinned = has_blob(folder, kPinnedName)});
    } catch (const Error& error) {
      // Between the listing and now another run may have removed it: then there is no backup.
      if (error.code() == Code::kNotFound) continue;
      if (!is_about_one_catalog(error.code())) throw;
      inventory.unreadable.push_back({id, error.what(), error.code()});
    }
  }
  return inventory;
}

StoredBackup ClusterVault::find(std::string_view id) {
  if (id != "latest") return find_by_id(id);
  Inventory all = inventory();
  refuse_older_than_unreadable(all);
  if (all.backups.empty()) throw nothing_there(all);
  return std::move(all.backups.back());
}

void ClusterVault::refuse_older_than_unreadable(const Inventory& all) const {
  if (all.unreadable.empty()) return;
  const UnreadableBackup& newest = all.unreadable.back();
  if (!all.backups.empty() && newest.id < all.backups.back().catalog.id) return;
  throw Error(newest.code,
              cat("the newest backup of cluster ", cluster_, " is ", newest.id.text(),
                  ", and its catalog can't be read: ", base::printable(newest.reason, 500)),
              all.backups.empty()
                  ? "no other one can be read; \"lifeboat list\" shows all"
                  : cat("name another one by its id; the newest that can be read are: ",
                        name_newest(all), "; \"lifeboat list\" shows all"));
}

StoredBackup ClusterVault::find_by_id(std::string_view text) {
  const auto id = BackupId::parse(text);
  if (!id) {
    throw Error(Code::kInvalid, cat("\"", base::printable(text), "\" is no backup id"),
                "an id looks like 2026-11-21_060000, and \"latest\" is the newest; \"lifeboat "
                "list\" shows all");
  }
  store_.check();
  const store::Listing folder = store_.list(backup_folder(cluster_, *id));
  if (has_catalog(*id, folder)) {
    return {.catalog = read_catalog(store_, blob(*id, kCatalogName), *id),
            .pinned = has_blob(folder, kPinnedName)};
  }
  const Inventory all = inventory();
  if (all.backups.empty()) throw nothing_there(all);
  const bool unfinished = std::ranges::find(all.leftovers, *id) != all.leftovers.end();
  throw Error(Code::kNotFound,
              unfinished ? cat("backup ", id->text(), " of cluster ", cluster_,
                               " is not complete: its run died or is still at work")
                         : cat("cluster ", cluster_, " has no backup ", id->text(), " in ",
                               store_.location()),
              cat("the newest are: ", name_newest(all)));
}

base::Error ClusterVault::nothing_there(const Inventory& all) {
  const std::string what =
      cat("there is no backup of cluster ", cluster_, " in ", store_.location());
  if (!all.unreadable.empty()) {
    return Error(Code::kNotFound, cat(what, " that can be read"), describe(all.unreadable.back()));
  }
  const std::vector<std::string> clusters = list_clusters(store_);
  return Error(Code::kNotFound, what,
               clusters.empty() ? "the vault is empty: is it the right folder, and mounted?"
                                : cat("the vault holds: ", base::join(clusters, ", ")));
}

std::unique_ptr<base::Sink> ClusterVault::put_file(const BackupId& id, const std::string& name) {
  return store_.put(blob(id, name));
}

std::unique_ptr<base::Source> ClusterVault::get_file(const BackupId& id, const std::string& name) {
  return store_.get(blob(id, name));
}

std::unique_ptr<base::RandomSource> ClusterVault::open_file(const BackupId& id,
                                                            const std::string& name) {
  return store_.open(blob(id, name));
}

std::optional<std::uint64_t> ClusterVault::file_size_bytes(const BackupId& id,
                                                           const std::string& name) {
  return store_.size_bytes(blob(id, name));
}

std::optional<std::string> ClusterVault::file_fingerprint(const BackupId& id,
                                                          const std::string& name) {
  return store_.fingerprint(blob(id, name));
}

void ClusterVault::remove_file(const BackupId& id, const std::string& name) {
  store_.remove(blob(id, name));
}

void ClusterVault::keep_only(const BackupId& id, const std::vector<std::string>& names) {
  const std::string folder = backup_folder(cluster_, id);
  for (const store::BlobInfo& found : store_.list(folder).blobs) {
    if (std::ranges::count(names, found.name) == 0) store_.remove(blob(id, found.name));
  }
  store_.remove_unfinished(folder);
}

std::vector<std::string> ClusterVault::unknown_files(const Catalog& catalog) {
  std::vector<std::string> unknown;
  for (const store::BlobInfo& found : store_.list(backup_folder(cluster_, catalog.id)).blobs) {
    const bool is_ours = found.name == kCatalogName || found.name == kPinnedName;
    if (!is_ours && std::ranges::count(catalog.files, found.name, &CatalogFile::name) == 0) {
      unknown.push_back(found.name);
    }
  }
  return unknown;
}

void ClusterVault::publish(const Catalog& catalog) {
  const auto sink = store_.put_new(blob(catalog.id, kCatalogName));
  sink->write(base::as_bytes(encode_catalog(catalog)));
  sink->finish();
}

void ClusterVault::remove(const BackupId& id) {
  // Safe on disk before anything else goes: without its catalog the rest never counts.
  store_.remove(blob(id, kCatalogName));
  store_.remove_folder(backup_folder(cluster_, id));
}

std::vector<BackupId> ClusterVault::remove_leftovers() {
  const std::string backups = backups_folder(cluster_);
  const store::Listing listing = store_.list(backups);
  std::vector<BackupId> removed;
  for (const BackupId& id : parse_ids(listing.folders)) {
    const std::string folder = backup_folder(cluster_, id);
    if (has_catalog(id, store_.list(folder))) {
      store_.remove_unfinished(folder);
    } else {
      store_.remove_folder(folder);
      removed.push_back(id);
    }
  }
  store_.remove_unfinished(backups);
  return removed;
}

void ClusterVault::pin(const BackupId& id) {
  check_exists(id);
  store::put_text(store_, blob(id, kPinnedName), "");
}

void ClusterVault::unpin(const BackupId& id) {
  check_exists(id);
  store_.remove(blob(id, kPinnedName));
}

void ClusterVault::check_exists(const BackupId& id) {
  store_.check();
  // The catalog need not be readable: what can't be read now may be mended, and is worth keeping.
  if (store_.size_bytes(blob(id, kCatalogName))) return;
  find_by_id(id.text());
}

// A listing says what is a blob, and this decides over what is removed: so the store is asked a
// second time, about the one name.
bool ClusterVault::has_catalog(const BackupId& id, const store::Listing& folder) {
  return has_blob(folder, kCatalogName) || store_.is_taken(blob(id, kCatalogName));
}

std::string ClusterVault::blob(const BackupId& id, std::string_view file) const {
  return blob_name(cluster_, id, file);
}

bool is_proven(const Catalog& catalog) {
  const bool disagreed = catalog.etcd.hash_kv && catalog.etcd.hash_kv->live == "different";
  return catalog.verified && !catalog.verified->checks.empty() && !disagreed;
}

RetentionCandidate retention_candidate(const Catalog& catalog, bool pinned) {
  return {.id = catalog.id,
          .size_bytes = catalog.size_bytes(),
          .pinned = pinned,
          .proven = is_proven(catalog),
          .started = std::chrono::floor<std::chrono::seconds>(catalog.started)};
}

std::vector<RetentionCandidate> retention_candidates(const std::vector<StoredBackup>& backups) {
  std::vector<RetentionCandidate> candidates;
  for (const StoredBackup& backup : backups) {
    candidates.push_back(retention_candidate(backup.catalog, backup.pinned));
  }
  return candidates;
}

}  // namespace lifeboat::vault
