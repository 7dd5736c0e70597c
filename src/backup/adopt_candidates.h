// Finds, in a folder tree, the backups that other tools made: by the names of files and folders
// alone, no file is opened.
//
// Known are OpenShift's cluster-backup.sh (snapshot_STAMP.db, static_kuberesources_STAMP.tar.gz),
// its older etcd-snapshot-backup.sh (snapshot.db; then snapshot_db_kuberesources_STAMP.tar.gz, one
// archive for both), and what is built around them, which differs in how folders are called.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "os/host_tree.h"
#include "vault/backup_id.h"

namespace lifeboat::backup {

// Paths are below the tree's root.
struct AdoptCandidate {
  std::string snapshot;     // or the archive that holds it
  std::string static_pods;  // empty if there is none beside it, or it is in the same archive
  bool is_single_tar = false;
  vault::Mark mark = vault::Mark::kNone;
  std::chrono::sys_seconds time;
  bool time_is_of_file = false;  // no name says one: it is when the file was last written
  std::uint64_t size_bytes = 0;  // of all its files
};

// Something that is called like a backup, and can't be one; or a folder that can't be read.
struct RefusedCandidate {
  std::string path;
  std::string reason;
  base::Code code = base::Code::kCorrupt;
};

struct AdoptSearch {
  std::vector<AdoptCandidate> candidates;  // by time; of one time those with an archive first
  std::vector<RefusedCandidate> refused;
  std::vector<std::string> notes;  // what was passed over, a sentence each
};

// Follows no link. Passes over the backups of vaults of our own (a folder with a catalog of ours,
// the folder `backups` of a cluster), and what lies deeper than 32 folders. A time later than `now`
// in a name is not believed. Throws kCancelled, and what the tree throws for its root.
AdoptSearch find_candidates(os::HostTree& tree, base::TimePoint now, const std::stop_token& stop);

// The time of day that `name` holds somewhere, as tools write it into the names of files and
// folders, or the beginning of the day if it has only a date:
//
//   2026-11-21_060000  20261121T060000  2026-11-21T06:00:00+01:00  20261121060000  2026-11-21
//
// Without an offset it is UTC. Nullopt for text that holds no date from 2000 on, or an impossible
// one.
struct NameTime {
  std::chrono::sys_seconds time;
  bool has_time_of_day = false;
};
std::optional<NameTime> find_time(std::string_view name);

}  // namespace lifeboat::backup
