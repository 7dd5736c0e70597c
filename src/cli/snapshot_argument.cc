#include "cli/snapshot_argument.h"

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

constexpr std::string_view kStandardInput = "-";

const vault::CatalogFile& snapshot_file(const vault::Catalog& catalog) {
  const vault::CatalogFile* file = catalog.file_with_role(vault::kRoleSnapshot);
  if (file == nullptr) {
    throw base::Error(base::Code::kCorrupt,
                      base::cat("the catalog of backup ", catalog.id.text(), " names no snapshot"),
                      "use another backup: `lifeboat list` shows what there is");
  }
  if (!file->encoding.empty()) {
    throw base::Error(base::Code::kUnsupported,
                      base::cat("the snapshot of backup ", catalog.id.text(),
                                " is encoded in a way that this version does not know: ",
                                base::printable(base::join(file->encoding, ", "))),
                      "use the lifeboat that took it, or a newer one");
  }
  return *file;
}

}  // namespace

bool names_a_file(std::string_view argument) {
  return argument.find('/') != std::string_view::npos || argument.ends_with(".db");
}

SnapshotArgument::SnapshotArgument(const std::string& argument, const VaultOptions& options,
                                   World& world, const std::stop_token& stop)
    : argument_(argument), world_(world) {
  if (argument_ != kStandardInput && !names_a_file(argument_)) find_backup(options, stop);
}

void SnapshotArgument::find_backup(const VaultOptions& options, const std::stop_token& stop) {
  store_ = open_vault(options, world_, stop);
  vault_ = std::make_unique<vault::ClusterVault>(*store_, choose_cluster(options, *store_));
  backup_ = vault_->find(argument_);
  snapshot_file(backup_->catalog);
}

backup::RestoreSource SnapshotArgument::source() {
  if (backup_) {
    const vault::CatalogFile& file = snapshot_file(backup_->catalog);
    const vault::BackupId& id = backup_->catalog.id;
    return {.name = id.text(),
            .open = [this, &id, &file] { return vault_->open_file(id, file.name); },
            .stream = nullptr,
            .expected_sha256 = file.sha256};
  }
  if (argument_ == kStandardInput) {
    return {.name = "from standard input", .open = {}, .stream = &world_.in, .expected_sha256 = {}};
  }
  return {.name = argument_,
          .open = [this] { return world_.fs.open(argument_, os::Links::kFollow); },
          .stream = nullptr,
          .expected_sha256 = {}};
}

}  // namespace lifeboat::cli
