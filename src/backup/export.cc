#include "backup/export.h"

#include <algorithm>
#include <memory>

#include "backup/progress_piece.h"
#include "backup/space.h"
#include "backup/staging.h"
#include "backup/verify.h"
#include "base/error.h"
#include "base/text.h"
#include "node/tar_writer.h"
#include "os/atomic_file.h"
#include "os/paths.h"
#include "vault/encoding.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;
using vault::CatalogFile;

void prove(vault::ClusterVault& vault, const vault::StoredBackup& backup,
           const ReadingContext& context, const std::stop_token& stop) {
  const VerifyResult result = verify_backup(vault, backup, {}, context, stop);
  if (result.ok()) return;
  if (!result.is_damaged()) throw *result.denied;
  const Finding& first = *std::ranges::find_if(result.findings, &Finding::is_damage);
  throw Error(Code::kCorrupt,
              cat("backup ", result.subject, " is not whole: ", first.check, ": ", first.where, " ",
                  first.message),
              "export another one; `lifeboat verify` names all that is wrong");
}

// Before anything is written.
void check_keys(vault::ClusterVault& vault, const vault::Catalog& catalog,
                const ReadingContext& context) {
  for (const CatalogFile& file : catalog.files) {
    name_errors(file.name, [&] {
      const PlainStream opens(vault.get_file(catalog.id, file.name), file.encoding,
                              context.keyring);
    });
  }
}

// What is read now must be what was proven before.
ExportedFile export_file(vault::ClusterVault& vault, const vault::BackupId& id,
                         const CatalogFile& file, const ReadingContext& context, base::Sink& sink,
                         const std::stop_token& stop) {
  const FileDigest digest =
      name_errors(file.name, [&] { return read_plain(vault, id, file, context, sink, stop); });
  if (difference(file, digest)) {
    throw Error(Code::kCorrupt, cat(file.name, " changed while it was exported"),
                "check the disk of the vault, and export again");
  }
  return {.name = vault::plain_name(file),
          .size_bytes = file.plain_size_bytes,
          .sha256 = file.plain_sha256};
}

// One entry of an archive; the archive is finished by its owner.
class TarEntrySink : public base::Sink {
 public:
  explicit TarEntrySink(node::TarWriter& tar) : tar_(tar) {}
  void write(base::Bytes bytes) override { tar_.write(bytes); }
  void finish() override {}

 private:
  node::TarWriter& tar_;
};

// The files of one run, which appear one after the other once all are written. What came to be
// there is taken back unless all did: half of a pair is of no use, and in the way of the next try.
class FilesOfOneRun {
 public:
  explicit FilesOfOneRun(os::FileSystem& fs) : fs_(fs) {}
  ~FilesOfOneRun() {
    if (complete_) return;
    for (const File& file : files_) take_back(file);
  }
  FilesOfOneRun(const FilesOfOneRun&) = delete;
  FilesOfOneRun& operator=(const FilesOfOneRun&) = delete;

  base::Sink& begin(const std::string& path) {
    files_.push_back({path, std::make_unique<os::AtomicFile>(fs_, path, os::IfThere::kRefuse)});
    return *files_.back().content;
  }

  void finish() {
    for (const File& file : files_) file.content->finish();
    complete_ = true;
  }

 private:
  struct File {
    std::string path;
    std::unique_ptr<os::AtomicFile> content;
  };

  void take_back(const File& file) {
    try {
      if (file.content->is_published()) fs_.remove_file(file.path);
    } catch (...) {
      // Called where something else has failed already.
    }
  }

  os::FileSystem& fs_;
  std::vector<File> files_;
  bool complete_ = false;
};

void check_room(os::FileSystem& fs, const std::string& folder, const vault::Catalog& catalog) {
  std::uint64_t total = 0;
  for (const CatalogFile& file : catalog.files) total += file.plain_size_bytes;
  require_room(base::printable(folder, 1000), needed_bytes(total), fs.available_bytes(folder),
               "export into a folder with more room, or through a pipe with `--to -`");
}

void refuse_what_is_there(os::FileSystem& fs, const std::string& path) {
  if (!fs.info(path)) return;
  throw Error(Code::kExists, cat(base::printable(path, 1000), " is there already"),
              "export into an empty folder: cluster-restore.sh takes what it finds there");
}

}  // namespace

std::vector<ExportedFile> export_to_folder(vault::ClusterVault& vault,
                                           const vault::StoredBackup& backup,
                                           const ReadingContext& context, const std::string& folder,
                                           std::stop_token stop) {
  const vault::Catalog& catalog = backup.catalog;
  for (const CatalogFile& file : catalog.files) {
    refuse_what_is_there(context.fs, os::join_path(folder, vault::plain_name(file)));
  }
  const MadeFolder made(context.fs, folder, std::nullopt);
  check_room(context.fs, folder, catalog);
  prove(vault, backup, context, stop);
  check_keys(vault, catalog, context);
  const ProgressPiece piece(context.progress, "export", catalog.size_bytes());
  FilesOfOneRun files(context.fs);
  std::vector<ExportedFile> exported;
  for (const CatalogFile& file : catalog.files) {
    base::Sink& target = files.begin(os::join_path(folder, vault::plain_name(file)));
    exported.push_back(export_file(vault, catalog.id, file, context, target, stop));
  }
  files.finish();
  return exported;
}

std::vector<ExportedFile> export_to_tar(vault::ClusterVault& vault,
                                        const vault::StoredBackup& backup,
                                        const ReadingContext& context, base::Sink& sink,
                                        std::stop_token stop) {
  const vault::Catalog& catalog = backup.catalog;
  prove(vault, backup, context, stop);
  check_keys(vault, catalog, context);
  const ProgressPiece piece(context.progress, "export", catalog.size_bytes());
  node::TarWriter tar(sink);
  const std::string folder = catalog.id.text();
  tar.add_folder({.name = folder, .mode = 0700, .modified = catalog.started});
  std::vector<ExportedFile> exported;
  for (const CatalogFile& file : catalog.files) {
    tar.begin_file({.name = cat(folder, "/", vault::plain_name(file)),
                    .size_bytes = file.plain_size_bytes,
                    .modified = catalog.started});
    TarEntrySink entry(tar);
    exported.push_back(export_file(vault, catalog.id, file, context, entry, stop));
  }
  tar.finish();
  sink.finish();
  return exported;
}

}  // namespace lifeboat::backup
