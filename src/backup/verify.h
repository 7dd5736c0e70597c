// Proves stored backups again, and any snapshot: every file against its catalog, the snapshot
// against its trailer, its pages, its records, and the hash that the catalog has for them.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/read_snapshot.h"
#include "backup/stored_files.h"
#include "base/progress.h"
#include "vault/vault.h"

namespace lifeboat::backup {

// What a snapshot that no key opens is found under.
inline constexpr std::string_view kKeyCheck = "key";

// One thing that is wrong.
struct Finding {
  std::string check;    // "catalog", "files", "trailer", ..., "key"
  std::string where;    // the file it is about
  std::string message;  // what is wrong, in a sentence

  // A key that is not at hand is none.
  bool is_damage() const { return check != kKeyCheck; }
};

struct VerifyResult {
  std::string subject;              // the backup's id, or the file's path
  std::vector<std::string> checks;  // those that were made
  std::vector<Finding> findings;    // empty: it is whole
  // More were found than are listed.
  std::uint64_t findings_left_out = 0;
  // Worth knowing, and nothing wrong.
  std::vector<std::string> notes;
  // What the snapshot holds, if its pages were read.
  std::optional<etcd::Inspection> inspection;
  // kDenied, if nothing in the keyring opens the snapshot. It is a finding, too: nothing is known
  // to be wrong, and not all was proven that was asked for.
  std::optional<base::Error> denied;

  bool ok() const { return findings.empty(); }
  bool is_damaged() const { return std::ranges::any_of(findings, &Finding::is_damage); }
};

// The names of the checks, in the order in which they are told.
inline constexpr std::string_view kCheckNames[] = {"files", "trailer", "pages", "records",
                                                   "hash_kv"};

// Which of them to make.
struct VerifyChecks {
  // Of a stored backup: sizes and hashes against the catalog. A file in no vault is looked at with
  // the others, and this is among the checks that were made only if it can't be decoded.
  bool files = true;
  bool trailer = true;
  bool pages = true;
  bool records = true;
  bool hash_kv = true;
  // Instead of all that: only whether each file is there in its size and, where the store has a
  // checksum of its own, with the content that was stored. Nothing is downloaded.
  bool quick = false;
};

// What a quick look calls itself among the checks.
inline constexpr std::string_view kQuickCheck = "quick";

// Reads every file of the backup. Damage is a finding, not an exception; throws only what keeps it
// from looking (kDenied, kIo, kCancelled, kNoSpace for a copy to read). Of what is encrypted,
// without any key, only the stored bytes are compared, and a note says so; where other checks were
// asked for, that is kDenied. The same goes for a file that no key opens of those that were given:
// for the snapshot it is a finding and `denied`, for others, which may be sealed for others, a
// note.
VerifyResult verify_backup(vault::ClusterVault& vault, const vault::StoredBackup& backup,
                           const VerifyChecks& checks, const ReadingContext& context,
                           std::stop_token stop);

// Makes a file ready to be read anywhere in it, decoded; what can't be decoded is kCorrupt.
using DecodeFile = std::function<OpenFile()>;

// The same for any snapshot or bbolt file of etcd, at `path`. A file without a trailer is whole if
// the rest is: then "trailer" is not among the checks.
VerifyResult verify_file(const std::string& path, const DecodeFile& decode,
                         const VerifyChecks& checks, base::Progress& progress,
                         std::stop_token stop);

}  // namespace lifeboat::backup
