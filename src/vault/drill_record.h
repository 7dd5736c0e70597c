// What a vault remembers of rehearsed restores: one JSON document for each, under `drills`.
// Paper: docs/formats/vault.md.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "store/store.h"
#include "vault/backup_id.h"

namespace lifeboat::vault {

inline constexpr std::int64_t kDrillFormat = 1;
// No record comes near this; more is not read.
inline constexpr std::uint64_t kDrillMaxBytes = 1024 * 1024;
inline constexpr std::size_t kDrillsKept = 20;  // the newest of a cluster

// When, and of which backup. Ordered by time. The time is an id of its own, so that two drills of
// one second have two names.
struct DrillName {
  BackupId time;
  BackupId backup;

  auto operator<=>(const DrillName&) const = default;  // NOLINT(modernize-use-nullptr): its bug

  std::string text() const;  // "2026-11-22_070000_of_2026-11-21_060000.json"
  // Nullopt unless `text` is exactly what text() makes of some name.
  static std::optional<DrillName> parse(std::string_view text);
};

std::string drills_folder(std::string_view cluster);  // CLUSTER/drills
std::string drill_blob_name(std::string_view cluster, const DrillName& name);

// What `list` needs of a record; there is more in the document.
struct DrillRecord {
  BackupId backup;
  base::TimePoint at;
  bool ok = false;
  std::optional<double> restore_seconds;  // absent where it was not come to
  std::optional<double> boot_seconds;
  std::string etcd_version;
};

// Total: throws kCorrupt for anything that is no record, kUnsupported for a format newer than
// kDrillFormat.
DrillRecord decode_drill_record(std::string_view text);

// The drills of one cluster, oldest first.
struct DrillInventory {
  std::vector<DrillRecord> records;
  // A line for each record that can't be read, fit for a warning. None of them counts.
  std::vector<std::string> unreadable;
};

DrillInventory list_drills(store::Store& store, const std::string& cluster);

// The name for a drill of `backup` that began at `now`, after all that are there. Called, as the
// next, while the caller holds the cluster's lock.
DrillName next_drill_name(store::Store& store, const std::string& cluster, const BackupId& backup,
                          base::TimePoint now);

// Keeps the document, and of all drills the newest kDrillsKept.
void put_drill(store::Store& store, const std::string& cluster, const DrillName& name,
               std::string_view document);

// The newest of `records` that is of that backup; nullptr if none is; borrowed.
const DrillRecord* newest_drill(const std::vector<DrillRecord>& records, const BackupId& backup);

}  // namespace lifeboat::vault
