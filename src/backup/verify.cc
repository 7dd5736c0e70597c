#include "backup/verify.h"

#include <algorithm>
#include <array>

#include "backup/file_kind.h"
#include "backup/progress_piece.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "etcd/snapshot.h"
#include "vault/encoding.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;
using vault::CatalogFile;

// A message that may name its place itself, for beside it.
std::string without_place(const std::string& place, std::string message) {
  const std::string lead = cat(place, ": ");
  if (message.starts_with(lead)) message.erase(0, lead.size());
  return message;
}

// The verification of one backup or file. A catalog is believed in nothing: what it says is what
// is compared, and that it calls the backup proven does not count.
class Verification {
 public:
  Verification(std::string subject, const VerifyChecks& checks, base::Progress& progress,
               std::stop_token stop)
      : asked_(checks), progress_(progress), stop_(std::move(stop)) {
    result_.subject = std::move(subject);
  }

  VerifyResult run(vault::ClusterVault& vault, const vault::Catalog& catalog,
                   const ReadingContext& context) {
    if (asked_.quick || asked_.files) check_catalog(catalog);
    if (catalog.file_with_role(vault::kRoleSnapshot) == nullptr) {
      find(files_check(), std::string(vault::kCatalogName), "names no snapshot");
    }
    for (const CatalogFile& file : catalog.files) {
      check_stored_file(vault, catalog, file, context);
    }
    for (const std::string& name : vault.unknown_files(catalog)) {
      result_.notes.push_back(
          cat(base::printable(name, 300), " lies in its folder, and the catalog does not name it"));
    }
    return finish();
  }

  VerifyResult run(const std::string& path, const DecodeFile& decode) {
    OpenFile open;
    try {
      open = decode();
    } catch (const Error& error) {
      if (error.code() != Code::kCorrupt) throw;
      made("files");
      find("files", path, without_place(path, error.what()));
      return finish();
    }
    const ProgressPiece piece(progress_, "verify", open()->size_bytes());
    const SnapshotReading reading = read_snapshot(open, snapshot_checks(), {}, progress_, stop_);
    check_snapshot(path, reading);
    if (asked_.trailer && !reading.has_trailer && result_.ok()) judge_end(path, reading);
    if (!result_.ok()) note_kind(path, *open());
    return finish();
  }

 private:
  SnapshotChecks snapshot_checks() const {
    return {.hash = asked_.files || asked_.trailer,
            .pages = asked_.pages,
            .records = asked_.records,
            .hash_kv = asked_.hash_kv};
  }

  // The members may have compacted further than the snapshot when they were compared with it.
  static etcd::InspectOptions inspect_options(const vault::CatalogEtcd& etcd) {
    if (!etcd.hash_kv) return {};
    return {{etcd.hash_kv->compact_revision}};
  }

  std::string_view files_check() const { return asked_.quick ? kQuickCheck : "files"; }

  // Against itself; what it says of the files is compared with them.
  void check_catalog(const vault::Catalog& catalog) {
    const std::string_view check = files_check();
    made(check);
    if (!catalog.is_altered) return;
    find(check, std::string(vault::kCatalogName),
         "was changed after it was written: the checksum in it, catalog_sha256, does not match");
  }

  void check_stored_file(vault::ClusterVault& vault, const vault::Catalog& catalog,
                         const CatalogFile& file, const ReadingContext& context) {
    if (!exists(vault, catalog.id, file.name)) return find(files_check(), file.name, "is missing");
    if (asked_.quick) return look_quickly(vault, catalog, file);
    const bool is_closed = vault::is_encrypted(file.encoding) && !has_keys(context.keyring);
    if (is_closed && !asked_.files) return need_key_for_snapshot(file);
    try {
      if (is_closed) {
        compare_stored_bytes(vault, catalog, file);
      } else if (file.role == vault::kRoleSnapshot && snapshot_checks_beyond_files()) {
        prove_stored_snapshot(vault, catalog, file, context);
      } else if (asked_.files) {
        compare_content(vault, catalog, file, context);
      }
    } catch (const Error& error) {
      const bool is_damage = error.code() == Code::kCorrupt || error.code() == Code::kUnsupported;
      if (is_damage) return find("files", file.name, error.what());
      if (error.code() != Code::kDenied) throw;
      const auto why = key_error(vault, catalog.id, file, context.keyring);
      if (!why) throw;
      tell_of_key(file, *why);
    }
  }

  // What was asked for can't be done without one.
  static void need_key_for_snapshot(const CatalogFile& file) {
    if (file.role == vault::kRoleSnapshot) throw with_file_name(file.name, no_key_given());
  }

  // Whoever tried to open it has compared its stored bytes.
  void tell_of_key(const CatalogFile& file, const Error& why) {
    const std::string what = cat(why.what(), ": only its stored bytes were compared");
    if (file.role != vault::kRoleSnapshot) {
      return result_.notes.push_back(cat(file.name, ": ", what));
    }
    find(kKeyCheck, file.name, what);
    result_.denied = why.with_context(file.name);
  }

  bool snapshot_checks_beyond_files() const {
    return asked_.trailer || asked_.pages || asked_.records || asked_.hash_kv;
  }

  void look_quickly(vault::ClusterVault& vault, const vault::Catalog& catalog,
                    const CatalogFile& file) {
    if (auto what = quick_difference(vault, catalog.id, file)) {
      return find(kQuickCheck, file.name, *std::move(what));
    }
    if (!file.fingerprint.empty()) return;
    result_.notes.push_back(
        cat(file.name, ": only its size was compared, the store has no checksum of its own"));
  }

  void prove_stored_snapshot(vault::ClusterVault& vault, const vault::Catalog& catalog,
                             const CatalogFile& file, const ReadingContext& context) {
    const SnapshotAtHand snapshot(vault, catalog.id, file, context, stop_);
    const auto& copied = snapshot.copied();
    if (asked_.files && copied) compare(file, *copied);
    const OpenFile open = [&] { return snapshot.open(); };
    const SnapshotReading reading =
        read_snapshot(open, snapshot_checks(), inspect_options(catalog.etcd), progress_, stop_);
    if (asked_.files && !copied) check_against_catalog(file, reading);
    require_trailer(file, reading);
    check_snapshot(file.name, reading);
    if (reading.inspection) check_numbers(catalog.etcd, file, *reading.inspection);
  }

  void compare_content(vault::ClusterVault& vault, const vault::Catalog& catalog,
                       const CatalogFile& file, const ReadingContext& context) {
    base::NullSink nowhere;
    compare(file, read_plain(vault, catalog.id, file, context, nowhere, stop_));
  }

  void compare(const CatalogFile& file, const FileDigest& digest) {
    if (auto what = difference(file, digest)) find("files", file.name, *std::move(what));
  }

  void compare_stored_bytes(vault::ClusterVault& vault, const vault::Catalog& catalog,
                            const CatalogFile& file) {
    result_.notes.push_back(
        cat(file.name, " ", no_key_given().what(), ": only its stored bytes were compared"));
    const OpenFile open = [&] { return vault.open_file(catalog.id, file.name); };
    check_against_catalog(file, read_snapshot(open, kHashOnly, {}, progress_, stop_));
  }

  // A database of etcd's own is made of whole pages, a snapshot has a trailer behind them.
  void judge_end(const std::string& path, const SnapshotReading& reading) {
    const std::optional<std::string> excess = describe_end(reading.size_bytes);
    if (!excess) {
      result_.notes.push_back(
          cat(path,
              " has no trailer, the SHA-256 that etcd sends with a snapshot: expected of a copy of "
              "member/snap/db, otherwise a sign that its end is missing"));
      return;
    }
    made("trailer");
    find("trailer", path, *excess);
  }

  void note_kind(const std::string& path, base::RandomSource& file) {
    std::array<std::uint8_t, kHeadBytes> head{};
    const char* kind = kind_of_head(base::Bytes(head).first(file.read_at(0, head))).text;
    if (kind != nullptr) {
      result_.notes.push_back(cat(path, " is ", kind, ": verify what is in it instead"));
    }
  }

  // A name that the store can't have is no file either.
  static bool exists(vault::ClusterVault& vault, const vault::BackupId& id,
                     const std::string& name) {
    try {
      return vault.file_size_bytes(id, name).has_value();
    } catch (const Error& error) {
      if (error.code() == Code::kInvalid) return false;
      throw;
    }
  }

  void check_against_catalog(const CatalogFile& file, const SnapshotReading& reading) {
    if (auto what = difference(file, reading.size_bytes, reading.sha256)) {
      find("files", file.name, *std::move(what));
    }
  }

  // What was stored as a snapshot came with a trailer.
  void require_trailer(const CatalogFile& file, const SnapshotReading& reading) {
    if (!asked_.trailer || reading.has_trailer) return;
    made("trailer");
    find("trailer", file.name, "does not end in the SHA-256 that etcd sends with a snapshot");
  }

  void check_snapshot(const std::string& name, const SnapshotReading& reading) {
    if (asked_.trailer && reading.has_trailer) {
      made("trailer");
      if (reading.was_reopened) {
        result_.notes.push_back(
            cat(name,
                " was opened for writing by some tool after it was saved, which changed the txid "
                "in a meta page and nothing else: apart from that it is what etcd's SHA-256 says. "
                "etcdutl refuses to restore such a file without --skip-hash-check"));
      } else if (!reading.trailer_matches) {
        find("trailer", name, "does not match the SHA-256 that etcd sent with it");
      }
    }
    if (!reading.inspection) return;
    if (asked_.pages) made("pages");
    if (asked_.records) made("records");
    if (asked_.hash_kv) made("hash_kv");
    const etcd::Findings& findings = reading.inspection->findings;
    for (const etcd::Finding& finding : findings.kept()) {
      find(finding.check, cat(name, ": ", finding.where), finding.message);
    }
    result_.findings_left_out += findings.total() - findings.kept().size();
    for (const std::string& note : reading.inspection->notes) result_.notes.push_back(note);
    result_.inspection = reading.inspection;
  }

  // What the catalog says the snapshot holds.
  void check_numbers(const vault::CatalogEtcd& etcd, const CatalogFile& file,
                     const etcd::Inspection& found) {
    if (!asked_.hash_kv || !etcd.revision || found.findings.total() > 0) return;
    if (*etcd.revision != found.revision || etcd.keys != found.keys ||
        etcd.records != found.records) {
      find("hash_kv", file.name,
           cat("holds ", found.keys, " keys in ", found.records, " records up to revision ",
               found.revision, "; the catalog says otherwise"));
    }
    if (!etcd.hash_kv) return;
    const auto hash = std::ranges::find(found.hashes, etcd.hash_kv->compact_revision,
                                        &etcd::HashKv::compact_revision);
    if (hash == found.hashes.end() || hash->hash != etcd.hash_kv->hash) {
      find("hash_kv", file.name,
           cat("its HashKV is not ", etcd.hash_kv->hash, ", which the catalog has for it"));
    }
  }

  void made(std::string_view check) {
    if (std::ranges::count(result_.checks, check) == 0) result_.checks.emplace_back(check);
  }

  void find(std::string_view check, std::string where, std::string message) {
    result_.findings.push_back({std::string(check), std::move(where), std::move(message)});
  }

  VerifyResult finish() { return std::move(result_); }

  const VerifyChecks asked_;
  base::Progress& progress_;
  const std::stop_token stop_;
  VerifyResult result_;
};

}  // namespace

VerifyResult verify_backup(vault::ClusterVault& vault, const vault::StoredBackup& backup,
                           const VerifyChecks& checks, const ReadingContext& context,
                           std::stop_token stop) {
  const vault::Catalog& catalog = backup.catalog;
  const std::string id = catalog.id.text();
  const ProgressPiece piece(context.progress, cat("verify ", id), catalog.size_bytes());
  return Verification(id, checks, context.progress, std::move(stop)).run(vault, catalog, context);
}

VerifyResult verify_file(const std::string& path, const DecodeFile& decode,
                         const VerifyChecks& checks, base::Progress& progress,
                         std::stop_token stop) {
  return Verification(path, checks, progress, std::move(stop)).run(path, decode);
}

}  // namespace lifeboat::backup
