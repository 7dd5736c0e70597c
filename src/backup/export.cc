#include "backup/export.h"

#include <functional>

#include "backup/progress_piece.h"
#include "backup/staging.h"
#include "backup/verify.h"
#include "base/error.h"
#include "base/hash.h"
#include "base/stop.h"
#include "base/text.h"
#include "node/tar_writer.h"
#include "os/atomic_file.h"
#include "os/paths.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;
using vault::CatalogFile;

constexpr std::size_t kBufferBytes = 1024 * 1024;

void prove(vault::ClusterVault& vault, const vault::StoredBackup& backup, base::Progress& progress,
           const std::stop_token& stop) {
  const VerifyResult result = verify_backup(vault, backup, {}, progress, stop);
  if (result.ok()) return;
  const Finding& first = result.findings.front();
  throw Error(Code::kCorrupt,
              cat("backup ", result.subject, " is not whole: ", first.check, ": ", first.where, " ",
                  first.message),
              "export another one; `lifeboat verify` names all that is wrong");
}

// Hands the file on piece by piece. What is read now must be what was proven before.
ExportedFile copy_file(vault::ClusterVault& vault, const vault::BackupId& id,
                       const CatalogFile& file, const std::function<void(base::Bytes)>& take,
                       base::Progress& progress, const std::stop_token& stop) {
  const auto source = vault.get_file(id, file.name);
  base::Buffer buffer(kBufferBytes);
  base::Sha256 hash;
  std::uint64_t size_bytes = 0;
  while (const std::size_t count = source->read(buffer)) {
    base::throw_if_stopped(stop);
    const auto piece = base::Bytes(buffer).first(count);
    size_bytes += count;
    if (size_bytes > file.size_bytes) break;
    hash.update(piece);
    take(piece);
    progress.advance(count);
  }
  std::string sha256 = base::to_hex(hash.digest());
  if (size_bytes != file.size_bytes || sha256 != file.sha256) {
    throw Error(Code::kCorrupt, cat(file.name, " changed while it was exported"),
                "check the disk of the vault, and export again");
  }
  return {.name = file.name, .size_bytes = size_bytes, .sha256 = std::move(sha256)};
}

void refuse_what_is_there(os::FileSystem& fs, const std::string& path) {
  if (!fs.info(path)) return;
  throw Error(Code::kExists, cat(base::printable(path, 1000), " is there already"),
              "export into an empty folder: cluster-restore.sh takes what it finds there");
}

}  // namespace

std::vector<ExportedFile> export_to_folder(vault::ClusterVault& vault,
                                           const vault::StoredBackup& backup, os::FileSystem& fs,
                                           const std::string& folder, base::Progress& progress,
                                           std::stop_token stop) {
  const vault::Catalog& catalog = backup.catalog;
  for (const CatalogFile& file : catalog.files) {
    refuse_what_is_there(fs, os::join_path(folder, file.name));
  }
  prove(vault, backup, progress, stop);
  const MadeFolder made(fs, folder, std::nullopt);
  const ProgressPiece piece(progress, "export", catalog.size_bytes());
  std::vector<ExportedFile> exported;
  for (const CatalogFile& file : catalog.files) {
    os::AtomicFile target(fs, os::join_path(folder, file.name));
    exported.push_back(copy_file(
        vault, catalog.id, file, [&](base::Bytes bytes) { target.write(bytes); }, progress, stop));
    target.finish();
  }
  return exported;
}

std::vector<ExportedFile> export_to_tar(vault::ClusterVault& vault,
                                        const vault::StoredBackup& backup, base::Sink& sink,
                                        base::Progress& progress, std::stop_token stop) {
  const vault::Catalog& catalog = backup.catalog;
  prove(vault, backup, progress, stop);
  const ProgressPiece piece(progress, "export", catalog.size_bytes());
  node::TarWriter tar(sink);
  const std::string folder = catalog.id.text();
  tar.add_folder({.name = folder, .mode = 0700, .modified = catalog.started});
  std::vector<ExportedFile> exported;
  for (const CatalogFile& file : catalog.files) {
    tar.begin_file({.name = cat(folder, "/", file.name),
                    .size_bytes = file.size_bytes,
                    .modified = catalog.started});
    exported.push_back(copy_file(
        vault, catalog.id, file, [&](base::Bytes bytes) { tar.write(bytes); }, progress, stop));
  }
  tar.finish();
  sink.finish();
  return exported;
}

}  // namespace lifeboat::backup
