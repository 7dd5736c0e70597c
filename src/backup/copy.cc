#include "backup/copy.h"

#include <algorithm>

#include "backup/progress_piece.h"
#include "backup/sealed.h"
#include "backup/space.h"
#include "backup/store_file.h"
#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;
using vault::BackupId;
using vault::CatalogFile;

// The copy's checksum is its own, and would say nothing of it.
constexpr std::string_view kCopiedAltered =
    "the catalog that this one was copied from was changed after it was written";

// Whether both hold the same: encodings apart.
bool hold_the_same(const vault::Catalog& one, const vault::Catalog& other) {
  return std::ranges::equal(one.files, other.files, [](const auto& left, const auto& right) {
    return left.role == right.role && left.plain_sha256 == right.plain_sha256;
  });
}

class CopyRun {
 public:
  CopyRun(vault::ClusterVault& from, const vault::Catalog& source, vault::ClusterVault& to,
          const CopyOptions& options, const ReadingContext& context, const std::stop_token& stop)
      : from_(from),
        source_(source),
        to_(to),
        options_(options),
        context_(context),
        stop_(stop),
        result_{.catalog = source} {}

  CopyResult run() {
    if (is_there()) return std::move(result_);
    if (!options_.allow_plain) refuse_plain();
    // Nothing else may lie there once the catalog says that this is a backup.
    to_.keep_only(source_.id, expected_names());
    check_room();
    result_.catalog.files.clear();
    for (const CatalogFile& file : source_.files) result_.catalog.files.push_back(copy(file));
    result_.catalog.cluster = to_.cluster();
    if (source_.is_altered) result_.catalog.warnings.emplace_back(kCopiedAltered);
    base::throw_if_stopped(stop_);
    to_.publish(result_.catalog);
    check_catalog();
    return std::move(result_);
  }

 private:
  bool is_there() {
    const std::string blob = vault::blob_name(to_.cluster(), source_.id, vault::kCatalogName);
    // Also what is no file: then reading fails, and nothing beside it is touched.
    if (!to_.store().is_taken(blob)) return false;
    vault::StoredBackup there = to_.find(source_.id.text());
    if (!hold_the_same(there.catalog, source_)) throw taken("another backup has the id");
    if (options_.encoding && expected_names() != names_of(there.catalog)) {
      throw taken("encoded otherwise, there is already the backup");
    }
    for (const CatalogFile& file : there.catalog.files) {
      const auto what = quick_difference(to_, source_.id, file);
      if (what) throw damaged(to_, file.name, cat("is there, but ", *what));
    }
    result_.catalog = std::move(there.catalog);
    result_.was_there = true;
    return true;
  }

  // Only of what would be stored: what is there already makes it no worse.
  void refuse_plain() const {
    const auto stays_encrypted = [&](std::string_view role) {
      const CatalogFile* file = source_.file_with_role(role);
      if (file == nullptr) return true;
      return options_.encoding ? !encoding_for(*file).recipients.empty()
                               : vault::is_encrypted(file->encoding);
    };
    refuse_to_become_plain(source_, from_.store().location(), stays_encrypted);
    if (options_.newest_there == nullptr) return;
    refuse_to_become_plain(*options_.newest_there, to_.store().location(), stays_encrypted);
  }

  Error taken(std::string_view what) const {
    return Error(Code::kExists, cat(what, " ", source_.id.text(), " in ", to_.store().location()),
                 "copy into another vault, or under another name with --to-cluster");
  }

  std::vector<std::string> expected_names() const {
    std::vector<std::string> names;
    for (const CatalogFile& file : source_.files) {
      names.push_back(keeps_encoding(file)
                          ? file.name
                          : vault::plain_name(file) + encoding_for(file).file_ending());
    }
    return names;
  }

  static std::vector<std::string> names_of(const vault::Catalog& catalog) {
    std::vector<std::string> names;
    for (const CatalogFile& file : catalog.files) names.push_back(file.name);
    return names;
  }

  // Compression can only make it less.
  void check_room() {
    const auto available = to_.store().available_bytes();
    if (!available) return;
    require_room(to_.store().location(), needed_bytes(missing_bytes()), *available,
                 "use a larger volume, or remove backups there: `lifeboat prune`");
  }

  std::uint64_t missing_bytes() {
    std::uint64_t total = 0;
    for (const CatalogFile& file : source_.files) {
      const bool is_there =
          keeps_encoding(file) && to_.file_size_bytes(source_.id, file.name) == file.size_bytes;
      if (!is_there) total += options_.encoding ? file.plain_size_bytes : file.size_bytes;
    }
    return total;
  }

  CatalogFile copy(const CatalogFile& file) {
    const ProgressPiece piece(context_.progress, cat("copy ", file.name), file.size_bytes);
    CatalogFile stored = keeps_encoding(file) ? copy_as_stored(file) : encode_anew(file);
    check_target(stored);
    return stored;
  }

  // What is encrypted is encrypted anew wherever recipients are named: they may be others.
  bool keeps_encoding(const CatalogFile& file) const {
    if (!options_.encoding) return true;
    if (options_.keep_encrypted && vault::is_encrypted(file.encoding)) return true;
    const vault::Encoding wanted = encoding_for(file);
    return wanted.recipients.empty() && wanted.names() == file.encoding;
  }

  vault::Encoding encoding_for(const CatalogFile& file) const {
    vault::Encoding encoding = options_.encoding->for_role(file.role);
    if (!options_.keep_compression) return encoding;
    const bool is_compressed = std::ranges::count(file.encoding, vault::kEncodingZstd) > 0;
    if (!is_compressed) {
      encoding.zstd.reset();
    } else if (!encoding.zstd) {
      encoding.zstd.emplace();
    }
    return encoding;
  }

  CatalogFile copy_as_stored(const CatalogFile& file) {
    CatalogFile stored = file;
    stored.fingerprint.clear();
    if (is_whole_already(file)) {
      ++result_.files_kept;
      return stored;
    }
    const auto source = from_.get_file(source_.id, file.name);
    const auto target = to_.put_file(source_.id, file.name);
    ProgressSink telling(*target, context_.progress);
    base::HashingSink hashing(telling);
    base::copy(*source, hashing, stop_);
    require(hashing.digest(), file, from_);
    hashing.finish();
    return stored;
  }

  // From a copy that died.
  bool is_whole_already(const CatalogFile& file) {
    if (to_.file_size_bytes(source_.id, file.name) != file.size_bytes) return false;
    const base::StreamDigest digest = digest_stored(to_, source_.id, file.name, stop_);
    return !difference(file, digest.size_bytes(), digest.sha256());
  }

  CatalogFile encode_anew(const CatalogFile& file) {
    const FileToStore target{
        .role = file.role,
        .name = vault::plain_name(file),
        .encoding = encoding_for(file),
        .plain = PlainContent{.size_bytes = file.plain_size_bytes, .sha256 = file.plain_sha256}};
    return store_file(to_, source_.id, target, [&](base::Sink& sink) {
      const FileDigest digest = name_errors(
          file.name, [&] { return read_plain(from_, source_.id, file, context_, sink, stop_); });
      if (const auto what = difference(file, digest)) throw damaged(from_, file.name, *what);
    });
  }

  void check_target(CatalogFile& file) {
    if (to_.store().is_remote()) {
      file.fingerprint = to_.file_fingerprint(source_.id, file.name).value_or("");
      if (!file.fingerprint.empty() &&
          to_.file_size_bytes(source_.id, file.name) == file.size_bytes) {
        return;
      }
    }
    require(digest_stored(to_, source_.id, file.name, stop_), file, to_);
  }

  void check_catalog() {
    const vault::StoredBackup read_back = to_.find(source_.id.text());
    if (vault::encode_catalog(read_back.catalog) == vault::encode_catalog(result_.catalog)) return;
    throw damaged(to_, std::string(vault::kCatalogName), "is not what was written");
  }

  void require(const base::StreamDigest& found, const CatalogFile& file,
               vault::ClusterVault& vault) const {
    const auto what = difference(file, found.size_bytes(), found.sha256());
    if (what) throw damaged(vault, file.name, *what);
  }

  Error damaged(vault::ClusterVault& vault, const std::string& name, std::string_view what) const {
    return Error(
        Code::kCorrupt,
        cat(vault.store().location(), ", backup ", source_.id.text(), ": ", name, " ", what),
        "look at the backup with `lifeboat verify`; copy another one");
  }

  vault::ClusterVault& from_;
  const vault::Catalog& source_;
  vault::ClusterVault& to_;
  const CopyOptions& options_;
  const ReadingContext& context_;
  const std::stop_token& stop_;
  CopyResult result_;
};

}  // namespace

CopyResult copy_backup(vault::ClusterVault& from, const vault::StoredBackup& backup,
                       vault::ClusterVault& to, const CopyOptions& options,
                       const ReadingContext& context, const std::stop_token& stop) {
  return CopyRun(from, backup.catalog, to, options, context, stop).run();
}

}  // namespace lifeboat::backup
