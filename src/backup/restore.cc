#include "backup/restore.h"

#include <algorithm>
#include <memory>
#include <set>

#include "backup/background_task.h"
#include "backup/progress_piece.h"
#include "backup/rebuild.h"
#include "backup/scratch_folder.h"
#include "backup/staging.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "bbolt/database.h"
#include "etcd/data_dir.h"
#include "etcd/etcd_version.h"
#include "etcd/key_value.h"
#include "etcd/raft_snap.h"
#include "etcd/schema.h"
#include "etcd/wal.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr std::string_view kUseAnother =
    "restore another backup (`lifeboat list` shows what there is); ";

// One run. What it learns goes from step to step through the members.
class RestoreRun {
 public:
  RestoreRun(const RestoreContext& context, const RestoreSource& source,
             const RestoreOptions& options, std::stop_token stop)
      : context_(context), source_(source), options_(options), stop_(std::move(stop)) {}

  // Whatever is wrong with flags and folders is said before anything large is read.
  RestoreResult run() {
    check_restore_options(options_, {});
    cluster_ = etcd::restored_cluster(options_.initial_cluster);
    list_members();
    begin_data_dirs();
    write_logs();
    receive();
    begin_hash();
    prove();
    rebuild();
    check_hash();
    commit();
    return std::move(result_);
  }

 private:
  void list_members() {
    for (const RestoreMember& member : options_.members) {
      const etcd::RestoredMember& restored = etcd::member_by_name(cluster_, member.name);
      result_.members.push_back({.name = member.name,
                                 .member_id = restored.id,
                                 .data_dir = member.target.data_dir,
                                 .replaced = {}});
    }
    result_.cluster_id = cluster_.id;
  }

  void begin_data_dirs() {
    if (!options_.members_folder.empty()) {
      members_folder_.emplace(context_.fs, options_.members_folder, std::nullopt);
    }
    const base::TimePoint now = context_.clock.now();
    for (const RestoreMember& member : options_.members) {
      writers_.push_back(std::make_unique<DataDirWriter>(context_.fs, member.target, now));
    }
  }

  void write_logs() {
    const etcd::RaftSnapId snap{.term = etcd::RestoredCluster::kTerm,
                                .index = cluster_.last_index()};
    const base::Buffer snap_file = etcd::restored_raft_snap(cluster_);
    for (std::size_t i = 0; i < writers_.size(); ++i) {
      writers_[i]->write_raft_snap(etcd::raft_snap_file_name(snap), snap_file);
      writers_[i]->write_wal(etcd::wal_file_name({}),
                             etcd::restored_wal(cluster_, result_.members[i].member_id));
    }
  }

  // A stream is put on disk first.
  void receive() {
    open_ = source_.open;
    if (source_.stream == nullptr) return;
    const ProgressPiece piece(context_.progress, "read", 0);
    if (context_.scratch.empty()) return receive_beside();
    copy_.emplace(context_.fs, context_.scratch, context_.log);
    copy_->write(source_.size_bytes, [this](base::Sink& file) {
      ProgressSink sink(file, context_.progress);
      base::copy(*source_.stream, sink, stop_);
    });
    open_ = [this] { return copy_->open(); };
  }

  void receive_beside() {
    const auto scratch = writers_.front()->create_scratch();
    base::Buffer buffer(1024 * 1024);
    while (const std::size_t count = source_.stream->read(buffer)) {
      base::throw_if_stopped(stop_);
      scratch->append(base::Bytes(buffer).first(count));
      context_.progress.advance(count);
    }
    scratch->close();
    open_ = [this] { return writers_.front()->open_scratch(); };
  }

  // SHA-256 takes longer than the other proofs together, so that it goes on beside what follows.
  void begin_hash() {
    hash_.emplace(
        [this](std::stop_token token) {
          base::Progress silent;
          return read_snapshot(open_, kHashOnly, {}, silent, std::move(token));
        },
        stop_);
  }

  void prove() {
    const ProgressPiece piece(context_.progress, "verify", open_()->size_bytes());
    const etcd::InspectOptions inspect{.further_compact_revisions = possible_compactions()};
    SnapshotReading reading = read_snapshot(open_, kWalkOnly, inspect, context_.progress, stop_);
    inspection_ = std::move(*reading.inspection);
    if (inspection_.findings.total() > 0) check_hash();
    check_findings();
    if (inspection_.storage_version.empty()) {
      nothing_to_restore("nothing of it can be read as a database of etcd");
    }
    const bool bump =
        options_.bump_amount ? *options_.bump_amount != 0 : inspection_.kubernetes.objects > 0;
    if (bump) bump_ = bump_from(inspection_.revision);
    target_ = etcd::target_version(
        {.snapshot = inspection_.storage_version, .target = options_.etcd_version});
    describe_snapshot();
  }

  // Where a bump would mark the store as compacted, for the hash of that.
  std::vector<std::int64_t> possible_compactions() const {
    try {
      if (const auto bump = bump_from(etcd::read_bounds(*open_()).revision)) {
        return {bump->new_revision()};
      }
    } catch (const Error& error) {
      // The proof names the damage, and an amount that is too large is told only after that: the
      // revision may itself be what is damaged.
      if (error.code() != Code::kCorrupt && error.code() != Code::kInvalid) throw;
    }
    return {};
  }

  // What the flags and `latest` make of a bump, if they allow one.
  std::optional<etcd::RevisionBump> bump_from(std::int64_t latest) const {
    const std::int64_t amount = options_.bump_amount.value_or(kBumpForKubernetes);
    if (amount == 0) return std::nullopt;
    return etcd::RevisionBump{.latest_revision = latest, .amount = amount};
  }

  // Waits for the hash; once.
  void check_hash() {
    if (!hash_) return;
    const SnapshotReading reading = hash_->get();
    hash_.reset();
    if (source_.expected_sha256 && *source_.expected_sha256 != reading.sha256) {
      return damage("its SHA-256 is not the one that the catalog has for it");
    }
    if (!reading.has_trailer) return missing_trailer(reading.size_bytes);
    if (reading.trailer_matches) return;
    if (!reading.was_reopened) {
      return damage("it does not match the SHA-256 that etcd sent with it");
    }
    result_.notes.emplace_back(
        "some tool opened the snapshot for writing after it was saved, which changed the txid in a "
        "meta page and nothing else");
  }

  void missing_trailer(std::uint64_t size_bytes) {
    if (size_bytes == 0) nothing_to_restore("it is empty");
    if (const auto what = describe_end(size_bytes)) return damage(*what);
    constexpr std::string_view kWhat = "it does not end in the SHA-256 that etcd sends with it";
    if (!options_.skip_hash_check) {
      throw Error(Code::kCorrupt, cat("snapshot ", source_.name, ": ", kWhat),
                  "if it is a copy of member/snap/db, which has none, give --skip-hash-check; "
                  "otherwise part of it is missing");
    }
    // No warning: it was asked for, and pages and records prove what a hash would.
    result_.notes.push_back(cat("snapshot ", source_.name, ": ", kWhat,
                                "; its pages and records were checked in place of that"));
  }

  void check_findings() {
    for (const etcd::Finding& finding : inspection_.findings.kept()) {
      damage(cat(finding.check, ": ", finding.where, ": ", finding.message),
             inspection_.findings.total() - 1);
    }
    allow_damage_ = inspection_.findings.total() > 0;
  }

  // Refuses the snapshot, or names what is wrong with it if that was asked for.
  void damage(const std::string& what, std::uint64_t more = 0) {
    std::string message = cat("snapshot ", source_.name, " is damaged: ", what);
    if (options_.force_corrupt && options_.skip_hash_check) return warn(message);
    if (more > 0) message += cat(" (and ", more, " more)");
    throw Error(Code::kCorrupt, message,
                cat(kUseAnother,
                    "`lifeboat verify` names all that is wrong, and "
                    "--skip-hash-check with --force-corrupt brings back what can be read"));
  }

  // Forced or not.
  [[noreturn]] void nothing_to_restore(std::string_view why) const {
    throw Error(Code::kCorrupt, cat("snapshot ", source_.name, ": ", why),
                "restore another backup: `lifeboat list` shows what there is");
  }

  void describe_snapshot() {
    result_.etcd_version = target_.text();
    result_.revision = inspection_.revision;
    result_.keys = inspection_.keys;
    if (bump_) result_.bumped_to = bump_->new_revision();
  }

  void rebuild() {
    const ProgressPiece piece(context_.progress, "restore", inspection_.image_size_bytes);
    std::vector<std::unique_ptr<os::WritableFile>> files;
    std::vector<base::RandomSink*> sinks;
    for (const auto& writer : writers_) {
      files.push_back(writer->create_database());
      sinks.push_back(files.back().get());
    }
    const RebuildOptions options{.transform = {.cluster = cluster_,
                                               .target = target_,
                                               .bump = bump_,
                                               .turn_auth_off = options_.turn_auth_off},
                                 .allow_damage = allow_damage_};
    RebuildResult rebuilt = rebuild_database(*open_(), options, sinks, context_.progress, stop_);
    result_.size_bytes = rebuilt.size_bytes;
    for (const std::string& loss : rebuilt.losses) warn(cat("not brought back: ", loss));
    if (rebuilt.losses_left_out > 0) {
      warn(cat("not brought back: ", rebuilt.losses_left_out, " more items"));
    }
    for (std::string& note : rebuilt.notes) result_.notes.push_back(std::move(note));
    BackgroundTask<bool> safe([&](const std::stop_token&) { return sync_all(files); }, stop_);
    compare();
    safe.get();
  }

  static bool sync_all(const std::vector<std::unique_ptr<os::WritableFile>>& files) {
    for (const auto& file : files) {
      file->sync();
      file->close();
    }
    return true;
  }

  // Reads what was written once more. It has to hold what the snapshot holds, by etcd's own hash.
  void compare() {
    const ProgressPiece piece(context_.progress, "check", result_.size_bytes);
    const auto database = writers_.front()->open_database();
    const etcd::Inspection restored = etcd::inspect_database(*database, {}, stop_);
    result_.hash_kv = restored.hashes.empty() ? etcd::HashKv() : restored.hashes.front();
    if (allow_damage_) return;
    const bool whole = restored.findings.total() == 0 && !restored.hashes.empty();
    if (whole && restored.keys == inspection_.keys && result_.hash_kv == expected_hash()) return;
    throw Error(Code::kIo, "the restored database is not what was written to it",
                "nothing was put in place; check the disk of the data directory and the memory of "
                "this machine");
  }

  // That of the snapshot; with a bump, of what the compaction that it schedules leaves of it, and
  // of the record that carries it.
  etcd::HashKv expected_hash() const {
    if (!bump_) return inspection_.hashes.front();
    const std::int64_t revision = bump_->new_revision();
    const auto compacted =
        std::ranges::find(inspection_.hashes, revision, &etcd::HashKv::compact_revision);
    LIFEBOAT_CHECK(compacted != inspection_.hashes.end());
    const base::Buffer mark = etcd::encode_revision_key({{revision, 0}, false});
    // Without a live key etcd hashes what it would have compacted; with the mark there is one.
    const std::uint32_t before =
        inspection_.keys > 0 ? compacted->hash : base::crc32c(0, base::as_bytes(etcd::kKeyBucket));
    return {.revision = revision, .compact_revision = revision, .hash = base::crc32c(before, mark)};
  }

  void commit() {
    base::throw_if_stopped(stop_);
    for (std::size_t i = 0; i < writers_.size(); ++i) {
      result_.members[i].replaced = writers_[i]->commit();
    }
  }

  void warn(const std::string& warning) {
    result_.warnings.push_back(warning);
    context_.log.warning(warning);
  }

  const RestoreContext& context_;
  const RestoreSource& source_;
  const RestoreOptions& options_;
  const std::stop_token stop_;

  etcd::RestoredCluster cluster_;
  std::optional<MadeFolder> members_folder_;
  std::vector<std::unique_ptr<DataDirWriter>> writers_;  // they go before the folder does
  std::optional<ScratchFile> copy_;
  OpenFile open_;
  std::optional<BackgroundTask<SnapshotReading>> hash_;
  etcd::Inspection inspection_;
  bool allow_damage_ = false;
  etcd::EtcdVersion target_;
  std::optional<etcd::RevisionBump> bump_;
  RestoreResult result_;
};

// Servers may be a vendor's, or newer than the snapshot's schema: what can't be made out of their
// versions is no reason against a restore.
bool is_known_version(std::string_view text) {
  try {
    etcd::target_version({.snapshot = std::string(text), .target = {}});
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

void check_restore_options(const RestoreOptions& options, std::string_view server_version) {
  LIFEBOAT_CHECK(!options.members.empty());
  const etcd::RestoredCluster cluster = etcd::restored_cluster(options.initial_cluster);
  for (const RestoreMember& member : options.members) {
    const etcd::RestoredMember& restored = etcd::member_by_name(cluster, member.name);
    if (options.advertised_peer_urls) {
      etcd::check_advertised_urls(restored, *options.advertised_peer_urls);
    }
  }
  if (options.etcd_version.empty()) return;
  // A version alone is one step to itself.
  const std::string& target = options.etcd_version;
  etcd::target_version({.snapshot = target, .target = target});
  if (!is_known_version(server_version)) return;
  etcd::target_version({.snapshot = std::string(server_version), .target = target});
}

RestoreResult restore_snapshot(const RestoreContext& context, const RestoreSource& source,
                               const RestoreOptions& options, std::stop_token stop) {
  return RestoreRun(context, source, options, std::move(stop)).run();
}

}  // namespace lifeboat::backup
