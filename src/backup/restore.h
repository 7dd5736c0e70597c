// Brings a snapshot back: makes the data directories that the members of a new cluster start on.
//
// The life of a restore: check the flags against each other; prove the snapshot's pages and
// records; rebuild its database into `member.partial` of every data directory at once; read the
// rebuilt database again and compare its HashKV with the snapshot's, while it is synced; put the
// data directories in place. A thread of its own compares the snapshot with its SHA-256 meanwhile.
// Until the last step nothing that etcd would start on has changed.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "backup/data_dir_writer.h"
#include "backup/read_snapshot.h"
#include "base/log.h"
#include "base/progress.h"
#include "etcd/hash_kv.h"
#include "etcd/membership.h"
#include "os/clock.h"
#include "os/fs.h"

namespace lifeboat::backup {

// What etcd is told to be a thousand million revisions further than it was: more than any cluster
// writes between a backup and the day it is needed. Upstream's documentation names the same.
inline constexpr std::int64_t kBumpForKubernetes = 1'000'000'000;

// The snapshot, as it is told from others in messages and as it is read.
struct RestoreSource {
  std::string name;                            // the backup's id, or the file's path
  OpenFile open;                               // of the plain snapshot; not with `stream`
  base::Source* stream = nullptr;              // borrowed: what can be read only once
  std::optional<std::string> expected_sha256;  // of all its bytes, where a catalog says
  std::uint64_t size_bytes = 0;                // the same; 0: nobody says
};

struct RestoreMember {
  std::string name;  // one of the initial cluster
  DataDirTarget target;
};

struct RestoreOptions {
  etcd::InitialCluster initial_cluster;
  // Of the one member that is restored; checked where it is given.
  std::optional<std::string> advertised_peer_urls;
  std::vector<RestoreMember> members;       // one, or all of the cluster
  std::string members_folder;               // that holds them all; made if it is not there
  std::string etcd_version;                 // "3.5"; empty: the snapshot's own
  std::optional<std::int64_t> bump_amount;  // 0: none; not given: as Kubernetes objects ask for
  bool skip_hash_check = false;             // a missing trailer is fine
  bool force_corrupt = false;               // with it: damage is, too
  // For a copy that nobody but this program works with: etcd asks for no user.
  bool turn_auth_off = false;
};

struct RestoredMemberResult {
  std::string name;
  std::uint64_t member_id = 0;
  std::string data_dir;
  Replaced replaced;
};

struct RestoreResult {
  std::uint64_t cluster_id = 0;
  std::vector<RestoredMemberResult> members;
  std::string etcd_version;               // to be started on it
  std::int64_t revision = 0;              // of the snapshot
  std::optional<std::int64_t> bumped_to;  // the revision that the new cluster begins with
  std::uint64_t keys = 0;
  std::uint64_t size_bytes = 0;  // of the new database
  etcd::HashKv hash_kv;          // of the new database, as etcd will answer
  // Damage that was carried over or left behind because it was allowed, and the like: the restored
  // cluster needs looking after.
  std::vector<std::string> warnings;
  std::vector<std::string> notes;
};

// The files and the world. All borrowed but the path.
struct RestoreContext {
  os::FileSystem& fs;
  const os::Clock& clock;
  base::Log& log;
  base::Progress& progress;
  // A folder for what comes as a stream, which is read more than once; empty: beside the new
  // database, where there has to be room anyway.
  std::string scratch = {};
};

// What can be said of options before anything is read: throws kInvalid and kUnsupported as
// restore_snapshot does. `server_version` is what the etcd that the snapshot came from called
// itself, "3.5.30"; empty if nobody says.
void check_restore_options(const RestoreOptions& options, std::string_view server_version);

// Throws kInvalid for options that can't be right, kExists, kBusy as DataDirWriter does, kCorrupt
// for a snapshot that is not whole and not allowed to be (its message names what is damaged),
// kUnsupported for a step between versions that etcd does not make, kCancelled, and what the file
// system throws. Nothing is left behind then.
RestoreResult restore_snapshot(const RestoreContext& context, const RestoreSource& source,
                               const RestoreOptions& options, std::stop_token stop);

}  // namespace lifeboat::backup
