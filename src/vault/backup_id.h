// Every name in a vault: made and parsed here and nowhere else. Layout: docs/formats/vault.md.
#pragma once

#include <chrono>
#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace lifeboat::vault {

// "2026-11-21_060000", or "2026-11-21_060000_2" for the second backup of that second. Ordered by
// time, then by number: the order in which backups were taken.
struct BackupId {
  std::chrono::sys_seconds time;
  unsigned sequence = 1;

  auto operator<=>(const BackupId&) const = default;  // NOLINT(modernize-use-nullptr): its bug

  std::string text() const;
  // Nullopt unless `text` is exactly what text() makes of some id.
  static std::optional<BackupId> parse(std::string_view text);
};

// The id of a backup that starts at `now`, after `newest` whatever the clock says: a clock that
// went back continues the newest id's second with the next number.
BackupId next_id(std::chrono::sys_seconds now, const std::optional<BackupId>& newest);

// True for letters, digits, '.', '_' and '-', beginning with a letter or digit, 1 to 100 of them:
// what is safe as a folder, as part of an object name and in a shell.
bool is_cluster_name(std::string_view name);

inline constexpr std::string_view kCatalogName = "backup.json";
inline constexpr std::string_view kPinnedName = "pinned";

std::string backups_folder(std::string_view cluster);                     // CLUSTER/backups
std::string backup_folder(std::string_view cluster, const BackupId& id);  // CLUSTER/backups/ID
std::string blob_name(std::string_view cluster, const BackupId& id, std::string_view file);
std::string lock_name(std::string_view cluster);  // CLUSTER/.lock

// OpenShift's own mark on the names of files taken while its control plane was changing, or while
// nobody knew whether it was.
enum class Mark { kNone, kPossiblyDirty };
inline constexpr std::string_view kPossiblyDirty = "__POSSIBLY_DIRTY__";

std::string snapshot_file_name(const BackupId& id, Mark mark);     // snapshot_ID.db
std::string static_pods_file_name(const BackupId& id, Mark mark);  // static_kuberesources_ID.tar.gz
std::string revision_file_name(const BackupId& id);                // revision_ID.json

}  // namespace lifeboat::vault
