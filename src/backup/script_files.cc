#include "backup/script_files.h"

#include "backup/progress_piece.h"
#include "backup/read_snapshot.h"
#include "backup/store_file.h"
#include "base/error.h"
#include "base/random_stream.h"
#include "base/text.h"
#include "base/units.h"
#include "node/archive_check.h"
#include "vault/backup_id.h"
#include "vault/catalog.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;

void check_snapshot(vault::ClusterVault& vault, const vault::BackupId& id, const std::string& name,
                    const std::stop_token& stop) {
  base::Progress silent;
  const auto open = [&] { return vault.open_file(id, name); };
  const SnapshotReading reading = read_snapshot(open, kHashOnly, {}, silent, stop);
  if (reading.has_trailer && (reading.trailer_matches || reading.was_reopened)) return;
  throw Error(Code::kCorrupt,
              cat("the snapshot that the script left ",
                  reading.has_trailer ? "does not match the SHA-256 that etcd sent with it"
                                      : "ends without the SHA-256 that etcd sends with it"));
}

void check_static_pods(vault::ClusterVault& vault, const vault::BackupId& id,
                       const std::string& name, const std::stop_token& stop) {
  try {
    node::check_archive(*vault.open_file(id, name), stop);
  } catch (const Error& error) {
    throw error.with_context("the static pod resources that the script left");
  }
}

}  // namespace

void require_room_for(os::FileSystem& fs, const node::ScriptBackup& script,
                      vault::ClusterVault& vault) {
  const auto available = vault.store().available_bytes();
  if (!available) return;
  std::uint64_t needed = 0;
  for (const std::string& path : {script.snapshot_path(), script.static_pods_path()}) {
    needed += fs.open(path, os::Links::kRefuse)->size_bytes();
  }
  if (needed <= *available) return;
  throw Error(Code::kNoSpace,
              cat("the files that the script left take ", base::format_size(needed), ", and in ",
                  vault.store().location(), " are ", base::format_size(*available), " free"),
              "use a larger volume, or keep fewer backups (--keep-last, --max-size)");
}

ScriptFiles store_script_files(os::FileSystem& fs, const node::ScriptBackup& script,
                               vault::ClusterVault& vault, const vault::BackupId& id,
                               vault::Mark mark, base::Progress& progress, std::stop_token stop) {
  const auto copy = [&](std::string_view role, std::string name, const std::string& path) {
    const auto source = fs.open(path, os::Links::kRefuse);
    const ProgressPiece piece(progress, role, source->size_bytes());
    return store_file(vault, id, {.role = role, .name = std::move(name)}, [&](base::Sink& sink) {
      base::RandomStream stream(*source);
      base::copy(stream, sink, stop);
    });
  };
  ScriptFiles files;
  files.snapshot =
      copy(vault::kRoleSnapshot, vault::snapshot_file_name(id, mark), script.snapshot_path());
  check_snapshot(vault, id, files.snapshot.name, stop);
  files.static_pods = copy(vault::kRoleStaticPods, vault::static_pods_file_name(id, mark),
                           script.static_pods_path());
  check_static_pods(vault, id, files.static_pods.name, stop);
  return files;
}

}  // namespace lifeboat::backup
