#include "backup/adopt.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "backup/adopt_candidates.h"
#include "backup/progress_piece.h"
#include "backup/prove.h"
#include "backup/read_snapshot.h"
#include "backup/retention_run.h"
#include "backup/sealed.h"
#include "backup/space.h"
#include "backup/store_file.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/hashing.h"
#include "base/random_stream.h"
#include "base/text.h"
#include "etcd/snapshot.h"
#include "node/archive_check.h"
#include "node/single_tar.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;
using vault::BackupId;
using vault::CatalogFile;

// The snapshot of a candidate, in a file of its own or in an archive with everything else.
class SourceSnapshot {
 public:
  SourceSnapshot(os::HostTree& tree, const AdoptCandidate& candidate, const std::stop_token& stop)
      : file_(tree.open(candidate.snapshot)), stop_(stop) {
    if (candidate.is_single_tar) archive_ = node::examine_single_tar(*file_, stop);
    if (size_bytes() == 0) throw Error(Code::kCorrupt, "the snapshot is empty");
    if (!etcd::has_trailer_length(size_bytes())) {
      throw Error(Code::kCorrupt,
                  "the snapshot does not end in the SHA-256 that etcd sends with one");
    }
  }

  std::uint64_t size_bytes() { return archive_ ? archive_->snapshot_bytes : file_->size_bytes(); }

  void copy(base::Sink& sink) {
    if (archive_) return node::copy_snapshot(*file_, *archive_, sink, stop_);
    base::RandomStream stream(*file_);
    base::copy(stream, sink, stop_);
  }

  // In an archive with everything else.
  bool has_other_entries() const { return archive_ && archive_->other_entries > 0; }
  void copy_other_entries(base::Sink& sink) {
    node::copy_other_entries(*file_, *archive_, sink, stop_);
  }

 private:
  const std::unique_ptr<os::HostFile> file_;
  const std::stop_token stop_;
  std::optional<node::SingleTar> archive_;
};

// The trailer first: without it nobody can say what etcd had sent.
void require_whole(const SnapshotReading& reading, const CatalogFile& stored) {
  if (reading.sha256 != stored.sha256) {
    throw Error(Code::kIo, "what was read back from the vault is not what was written",
                "check the disk of the vault");
  }
  if (!reading.trailer_matches && !reading.was_reopened) {
    throw Error(Code::kCorrupt, "the snapshot does not match the SHA-256 that etcd sent with it");
  }
  const etcd::Findings& findings = reading.inspection->findings;
  if (findings.total() == 0) return;
  const etcd::Finding& first = findings.kept().front();
  const std::string more =
      findings.total() == 1 ? "" : cat(" (and ", findings.total() - 1, " more)");
  throw Error(Code::kCorrupt,
              cat("the snapshot is damaged: ", first.where, ": ", first.message, more));
}

// One run; what it finds goes into the result, one candidate after the other.
class AdoptRun {
 public:
  AdoptRun(const AdoptContext& context, const AdoptOptions& options, std::stop_token stop)
      : context_(context), options_(options), stop_(std::move(stop)) {}

  AdoptResult run() {
    const auto lock = options_.dry_run ? nullptr : context_.vault.lock();
    look_into_vault();
    const AdoptSearch search = find_candidates(context_.source, context_.clock.now(), stop_);
    for (const std::string& note : search.notes) context_.log.info(note);
    for (const AdoptCandidate& candidate : search.candidates) {
      try {
        adopt(candidate);
      } catch (const Error& error) {
        if (error.code() == Code::kCancelled) throw;
        fail(candidate.snapshot, error.what(), error.code());
      }
    }
    for (const auto& [path, reason, code] : search.refused) fail(path, reason, code);
    return std::move(result_);
  }

 private:
  struct Known {
    std::uint64_t size_bytes = 0;
    std::string sha256;
    BackupId id;
    bool has_static_pods = false;
  };

  void look_into_vault() {
    const vault::Inventory inventory = context_.vault.inventory();
    for (const auto& backup : inventory.unreadable) {
      context_.log.warning(vault::describe(backup));
      taken_.insert(backup.id);
    }
    if (!inventory.backups.empty()) {
      refuse_where_sealed(inventory.backups.back().catalog);
    }
    for (const auto& backup : inventory.backups) {
      taken_.insert(backup.catalog.id);
      const CatalogFile* snapshot = backup.catalog.file_with_role(vault::kRoleSnapshot);
      if (snapshot == nullptr) continue;
      known_.push_back({.size_bytes = snapshot->plain_size_bytes,
                        .sha256 = snapshot->plain_sha256,
                        .id = backup.catalog.id,
                        .has_static_pods = has_static_pods(backup.catalog)});
    }
    if (options_.dry_run) return;
    remove_leftovers(context_.vault, context_.log);
  }

  void adopt(const AdoptCandidate& candidate) {
    SourceSnapshot source(context_.source, candidate, stop_);
    std::optional<std::string> sha256;
    if (options_.dry_run || may_be_known(source.size_bytes())) sha256 = hash(source);
    const bool has_archive = !candidate.static_pods.empty() || source.has_other_entries();
    const Known* known = sha256 ? find_known(*sha256) : nullptr;
    if (known != nullptr && (known->has_static_pods || !has_archive)) {
      result_.present.push_back({show(candidate.snapshot), known->id});
      return;
    }
    if (known != nullptr) tell_of_the_archive(candidate, known->id);
    const BackupId id = free_id(candidate.time);
    if (options_.dry_run) {
      result_.planned.push_back({show(candidate.snapshot), id});
      remember({source.size_bytes(), *sha256, id, has_archive});
      return;
    }
    check_room(candidate, source);
    try {
      store(candidate, source, id);
    } catch (...) {
      discard(id);
      throw;
    }
  }

  // To hash a file takes as long as to copy it, and hardly ever is one there already.
  bool may_be_known(std::uint64_t size_bytes) const {
    return std::ranges::count(known_, size_bytes, &Known::size_bytes) > 0;
  }

  // Of several, one that has the static pods as well.
  const Known* find_known(const std::string& sha256) const {
    const Known* found = nullptr;
    for (const Known& known : known_) {
      if (known.sha256 != sha256) continue;
      if (found == nullptr || known.has_static_pods) found = &known;
    }
    return found;
  }

  void refuse_where_sealed(const vault::Catalog& newest) const {
    try {
      refuse_to_become_plain(newest, context_.vault.store().location(),
                             [](std::string_view) { return false; });
    } catch (const Error& error) {
      throw Error(error.code(), error.what(),
                  "adopt into another vault, and from there: lifeboat copy --encrypt-to");
    }
  }

  static bool has_static_pods(const vault::Catalog& catalog) {
    return catalog.file_with_role(vault::kRoleStaticPods) != nullptr;
  }

  // What has a catalog is never changed: with its archive it becomes a backup of its own.
  void tell_of_the_archive(const AdoptCandidate& candidate, const BackupId& id) {
    context_.log.info(cat("backup ", id.text(), " has the snapshot ", show(candidate.snapshot),
                          " without the archive of static pod resources that is there by now: ",
                          "adopting it once more, with both"));
  }

  std::string hash(SourceSnapshot& source) {
    const ProgressPiece piece(context_.progress, "hash", source.size_bytes());
    base::NullSink nowhere;
    base::HashingSink hashing(nowhere);
    ProgressSink sink(hashing, context_.progress);
    source.copy(sink);
    return hashing.digest().sha256();
  }

  BackupId free_id(std::chrono::sys_seconds time) const {
    BackupId id{time, 1};
    while (taken_.contains(id)) ++id.sequence;
    return id;
  }

  void remember(Known known) {
    taken_.insert(known.id);
    known_.push_back(std::move(known));
  }

  void check_room(const AdoptCandidate& candidate, SourceSnapshot& source) {
    const auto available = context_.vault.store().available_bytes();
    if (!available) return;
    // An archive is taken apart: the rest of it is not larger than all of it.
    const std::uint64_t needed =
        needed_bytes(candidate.size_bytes + (candidate.is_single_tar ? source.size_bytes() : 0));
    if (needed <= *available) return;
    throw Error(Code::kNoSpace,
                cat(describe_lack(context_.vault.store().location(), needed, *available),
                    "; use a larger volume, or remove backups with `lifeboat prune`"));
  }

  void store(const AdoptCandidate& candidate, SourceSnapshot& source, const BackupId& id) {
    vault::Catalog catalog = begin_catalog(candidate, id);
    store_snapshot(candidate, source, &catalog);
    store_static_pods(candidate, source, &catalog);
    context_.vault.publish(catalog);
    const CatalogFile& snapshot = catalog.files.front();
    remember({snapshot.size_bytes, snapshot.sha256, id, has_static_pods(catalog)});
    result_.adopted.push_back({show(candidate.snapshot), std::move(catalog)});
  }

  vault::Catalog begin_catalog(const AdoptCandidate& candidate, const BackupId& id) const {
    vault::Catalog catalog;
    catalog.id = id;
    catalog.cluster = context_.vault.cluster();
    catalog.tool_name = "lifeboat";
    catalog.tool_version = options_.tool_version;
    catalog.started = catalog.finished = candidate.time;
    catalog.method = "adopted";
    catalog.platform = "none";
    catalog.warnings.emplace_back(
        "the snapshot was not compared with living members: another tool took it, and it was "
        "adopted");
    if (candidate.time_is_of_file) {
      catalog.warnings.emplace_back(
          "no name tells when the backup was taken: its time is when the file was last written");
    }
    if (candidate.mark == vault::Mark::kPossiblyDirty) {
      catalog.warnings.emplace_back(cat("the names of the files say ", vault::kPossiblyDirty,
                                        ": the control plane may have been changing"));
    }
    return catalog;
  }

  void store_snapshot(const AdoptCandidate& candidate, SourceSnapshot& source,
                      vault::Catalog* catalog) {
    const ProgressPiece piece(context_.progress, cat("adopt ", catalog->id.text()),
                              2 * source.size_bytes());
    catalog->files.push_back(store_file(
        context_.vault, catalog->id,
        {.role = vault::kRoleSnapshot, .name = snapshot_file_name(catalog->id, candidate.mark)},
        [&](base::Sink& stored) {
          ProgressSink sink(stored, context_.progress);
          source.copy(sink);
        }));
    prove_snapshot(catalog);
  }

  // From the vault's copy, as any other backup is proven.
  void prove_snapshot(vault::Catalog* catalog) {
    const CatalogFile& stored = catalog->files.front();
    const auto open = [&] { return context_.vault.open_file(catalog->id, stored.name); };
    const SnapshotReading reading = read_snapshot(open, {}, {}, context_.progress, stop_);
    require_whole(reading, stored);
    if (reading.was_reopened) {
      catalog->warnings.emplace_back(
          "some tool opened the snapshot for writing after it was saved, which changed the txid in "
          "a meta page and nothing else; etcdutl refuses to restore such a file without "
          "--skip-hash-check");
    }
    describe(*reading.inspection, stored, &catalog->etcd);
    catalog->verified =
        vault::CatalogVerified{context_.clock.now(), {"trailer", "pages", "records"}};
  }

  static void describe(const etcd::Inspection& found, const CatalogFile& stored,
                       vault::CatalogEtcd* etcd) {
    // A schema of 3.4 has no mark of its own: older servers have the same.
    if (found.storage_version != "3.4") etcd->version = found.storage_version;
    etcd->db_size_bytes = stored.size_bytes - etcd::kTrailerSizeBytes;
    describe_content(found, found.hashes.front(), "unchecked", etcd);
  }

  void store_static_pods(const AdoptCandidate& candidate, SourceSnapshot& source,
                         vault::Catalog* catalog) {
    if (candidate.static_pods.empty() && !source.has_other_entries()) {
      catalog->warnings.emplace_back(
          "there is no archive of static pod resources beside the snapshot: this backup holds "
          "etcd's data alone");
      return;
    }
    try {
      CatalogFile file =
          store_file(context_.vault, catalog->id,
                     {.role = vault::kRoleStaticPods,
                      .name = static_pods_file_name(catalog->id, candidate.mark)},
                     [&](base::Sink& sink) { copy_static_pods(candidate, source, sink); });
      const auto stored = context_.vault.open_file(catalog->id, file.name);
      if (node::check_archive(*stored, stop_).is_openshifts) catalog->platform = "openshift";
      catalog->files.push_back(std::move(file));
    } catch (const Error& error) {
      throw error.with_context(candidate.static_pods.empty() ? "its other entries"
                                                             : show(candidate.static_pods));
    }
  }

  void copy_static_pods(const AdoptCandidate& candidate, SourceSnapshot& source, base::Sink& sink) {
    if (candidate.static_pods.empty()) return source.copy_other_entries(sink);
    base::RandomStream stream(context_.source.open(candidate.static_pods));
    base::copy(stream, sink, stop_);
  }

  // Gives up what was stored of a backup that is not to be.
  void discard(const BackupId& id) {
    try {
      context_.vault.remove(id);
    } catch (const Error&) {
      // What made it fail is what the operator must read; the next run removes the leftovers. Until
      // then the id is not free.
      taken_.insert(id);
    }
  }

  void fail(const std::string& path, std::string reason, Code code) {
    result_.failed.push_back({show(path), std::move(reason), code});
  }

  std::string show(const std::string& path) const {
    constexpr std::size_t kPathMaxBytes = 4096;
    return base::printable(context_.source.show(path), kPathMaxBytes);
  }

  const AdoptContext& context_;
  const AdoptOptions& options_;
  const std::stop_token stop_;

  std::set<BackupId> taken_;
  std::vector<Known> known_;
  AdoptResult result_;
};

}  // namespace

AdoptResult adopt_backups(const AdoptContext& context, const AdoptOptions& options,
                          std::stop_token stop) {
  return AdoptRun(context, options, std::move(stop)).run();
}

}  // namespace lifeboat::backup
