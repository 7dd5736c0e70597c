#include "backup/data_dir_writer.h"

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "etcd/data_dir.h"
#include "os/atomic_file.h"
#include "os/paths.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;

// OpenShift's record of the revision that etcd had when it last looked.
constexpr std::string_view kRevisionName = "revision.json";

constexpr std::string_view kMember = etcd::kMemberFolder;

std::string partial_name(std::string_view name) { return cat(name, os::kPartialSuffix); }

bool is_kept_name(std::string_view name, std::string_view place) {
  return name.starts_with(cat(place, ".before-"));
}

// Also what becomes of `name` while it is being replaced.
bool is_of(std::string_view name, std::string_view place) {
  return name == place || name == partial_name(place) || is_kept_name(name, place);
}

std::string without_slashes_at_end(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

// The parts of `path` without "." and "..", led by "/" if it begins at the root. Knows nothing of
// symbolic links.
std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  if (path.starts_with('/')) parts.emplace_back("/");
  for (std::string& part : base::split(path, '/')) {
    if (part == ".") continue;
    const bool can_go_up = !parts.empty() && parts.back() != ".." && parts.back() != "/";
    if (part != "..") {
      parts.push_back(std::move(part));
    } else if (can_go_up) {
      parts.pop_back();
    } else if (parts.empty() || parts.back() == "..") {
      parts.push_back(std::move(part));
    }
  }
  return parts;
}

// The parts of `path` below `folder`; nullopt if it is not at or below it, as far as names tell.
std::optional<std::vector<std::string>> parts_below(const std::string& folder,
                                                    const std::string& path) {
  if (folder.starts_with('/') != path.starts_with('/')) return std::nullopt;
  const auto above = parts_of(folder);
  const auto all = parts_of(path);
  if (all.size() < above.size() || !std::equal(above.begin(), above.end(), all.begin())) {
    return std::nullopt;
  }
  const auto begin = all.begin() + static_cast<std::ptrdiff_t>(above.size());
  return std::vector<std::string>(begin, all.end());
}

DataDirTarget checked(DataDirTarget target) {
  const auto refuse = [](const std::string& message) {
    throw Error(Code::kInvalid, message, "name two folders, neither of them within `member`");
  };
  target.data_dir = without_slashes_at_end(std::move(target.data_dir));
  target.wal_dir = without_slashes_at_end(std::move(target.wal_dir));
  if (target.data_dir.empty()) refuse("the data directory has no name");
  if (target.wal_dir.empty()) return target;
  const std::string wal_dir = base::printable(target.wal_dir, 1000);
  if (parts_below(target.wal_dir, target.data_dir)) {
    refuse(cat("the data directory is at or within the WAL folder ", wal_dir));
  }
  const auto inner = parts_below(target.data_dir, target.wal_dir);
  if (inner && is_of(inner->front(), kMember)) {
    refuse(
        cat("the WAL folder ", wal_dir, " is within `", inner->front(), "` of the data directory"));
  }
  return target;
}

}  // namespace

DataDirWriter::DataDirWriter(os::FileSystem& fs, DataDirTarget target, base::TimePoint now)
    : fs_(fs),
      target_(checked(std::move(target))),
      now_(now),
      data_dir_(fs, target_.data_dir, target_.owner) {
  check_entries();
  staging_.emplace(fs_, path(partial_name(kMember)), target_.owner);
  // Once more: the run that had the lock until now may have put something in place.
  check_entries();
  staging_->make_folder(etcd::kSnapFolder);
  if (target_.wal_dir.empty()) {
    staging_->make_folder(etcd::kWalFolder);
    return;
  }
  wal_dir_.emplace(fs_,
                   WalDirTarget{.path = target_.wal_dir,
                                .replace = target_.replace,
                                .owner = target_.owner,
                                .has_member = has_member()},
                   now_);
}

std::string DataDirWriter::path(std::string_view name) const {
  return os::join_path(target_.data_dir, name);
}

bool DataDirWriter::has_member() { return fs_.info(path(kMember)).has_value(); }

void DataDirWriter::check_entries() {
  const std::string where = base::printable(target_.data_dir, 1000);
  // The slash reaches the folder through a symbolic link.
  for (const os::DirectoryEntry& entry : fs_.list(path(""))) {
    if (may_be_there(entry.name)) continue;
    if (entry.name == kMember) {
      throw Error(Code::kExists, cat("there is data in ", where, " already: `member`"),
                  "name another folder with --data-dir, or, with etcd stopped, keep what is there "
                  "as member.before-TIME with --replace");
    }
    throw Error(
        Code::kExists,
        cat("the data directory ", where, " is not empty: it holds ", base::printable(entry.name)),
        "name an empty folder, or move away what is there");
  }
}

bool DataDirWriter::may_be_there(std::string_view name) const {
  if (name == kMember) return target_.replace;
  if (belongs_to_storage(name) || name == kRevisionName || is_of(name, kMember)) return true;
  if (target_.wal_dir.empty()) return false;
  const auto inner = parts_below(target_.data_dir, target_.wal_dir);
  return inner && (inner->size() == 1 ? is_of(name, inner->front()) : name == inner->front());
}

std::unique_ptr<os::WritableFile> DataDirWriter::create_scratch() {
  return fs_.create(staging_->scratch_path());
}

std::unique_ptr<os::ReadableFile> DataDirWriter::open_scratch() {
  return fs_.open(staging_->scratch_path());
}

std::unique_ptr<os::WritableFile> DataDirWriter::create_database() {
  return staging_->create(etcd::kDatabaseFile);
}

std::unique_ptr<os::ReadableFile> DataDirWriter::open_database() {
  return fs_.open(staging_->path(etcd::kDatabaseFile));
}

void DataDirWriter::write_raft_snap(const std::string& name, base::Bytes content) {
  staging_->write_file(os::join_path(etcd::kSnapFolder, name), content);
}

void DataDirWriter::write_wal(const std::string& name, base::Bytes content) {
  if (wal_dir_) {
    wal_dir_->write(name, content);
  } else {
    staging_->write_file(os::join_path(etcd::kWalFolder, name), content);
  }
}

// With a WAL folder of its own, `member` and its WAL can't both be exchanged in one step. The old
// `member` therefore goes first and the new one comes last: in between etcd finds no member, and
// never one with the WAL of another.
Replaced DataDirWriter::commit() {
  staging_->sync();
  Replaced replaced;
  Moves moves(fs_);
  if (wal_dir_) {
    replaced.member = keep_member(moves);
    replaced.wal_dir = wal_dir_->put_in_place(moves);
    moves.rename_last(staging_->path(""), path(kMember));
  } else {
    replaced.member = put_member_in_place(moves);
  }
  staging_.reset();
  wal_dir_.reset();
  return replaced;
}

// Returns where it is now, "" if there was none.
std::string DataDirWriter::keep_member(Moves& moves) {
  if (!has_member()) return "";
  // It may have come after the first look: etcd was started meanwhile.
  check_entries();
  std::string kept = kept_path(fs_, path(kMember), now_);
  moves.rename(path(kMember), kept);
  return kept;
}

std::string DataDirWriter::put_member_in_place(Moves& moves) {
  std::string kept;
  if (has_member()) {
    check_entries();
    kept = kept_path(fs_, path(kMember), now_);
    if (exchange_member(kept)) return kept;
    moves.rename(path(kMember), kept);
  }
  moves.rename_last(staging_->path(""), path(kMember));
  return kept;
}

// False, with nothing changed, where the file system can't. The new data gets the name first that
// the old is to have afterwards: were it exchanged from the staging folder, the old would be there
// for a moment, and a run that dies then would leave it where the next one clears.
bool DataDirWriter::exchange_member(const std::string& kept) {
  fs_.rename(staging_->path(""), kept);
  try {
    fs_.exchange(kept, path(kMember));
  } catch (const Error& error) {
    if (error.code() == Code::kUnsupported) {
      fs_.rename(kept, staging_->path(""));
      return false;
    }
    // Whether it came to pass nobody knows, so that neither may be removed.
    throw Error(error.code(), error.what(),
                cat("both are whole: one of `member` and ", base::printable(os::base_name(kept)),
                    " in the data directory is the old data, the other the new"));
  }
  fs_.sync_directory(target_.data_dir);
  return true;
}

}  // namespace lifeboat::backup
