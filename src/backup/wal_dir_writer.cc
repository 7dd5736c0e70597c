#include "backup/wal_dir_writer.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "etcd/data_dir.h"
#include "os/atomic_file.h"
#include "os/paths.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;
using os::FileType;

// Of a WAL that was just restored. etcd makes its own 64 MB long before it writes to them.
constexpr std::uint64_t kFreshWalBytesMax = 1024 * 1024;

constexpr const char* kInnerStaging = "wal.partial";

std::vector<os::DirectoryEntry> occupants(os::FileSystem& fs, const std::string& folder) {
  auto entries = fs.list(os::join_path(folder, ""));
  std::erase_if(entries, [](const os::DirectoryEntry& entry) {
    return belongs_to_storage(entry.name) || entry.name == kInnerStaging;
  });
  return entries;
}

// "0000000000000000-0000000000000000.wal", and what etcd makes of one: "0.tmp" for the next,
// "*.wal.broken" when it repairs.
bool is_wal_file(const os::DirectoryEntry& entry) {
  return entry.type == FileType::kFile &&
         (entry.name.ends_with(".wal") || entry.name.ends_with(".tmp") ||
          entry.name.ends_with(".wal.broken"));
}

bool is_link(os::FileSystem& fs, const std::string& path) {
  const auto info = fs.info(path);
  return info && info->type == FileType::kSymlink;
}

}  // namespace

WalDirWriter::WalDirWriter(os::FileSystem& fs, WalDirTarget target, base::TimePoint now)
    : fs_(fs),
      target_(std::move(target)),
      now_(now),
      folder_(fs, target_.path, target_.owner),
      state_(look()) {
  if (state_ == State::kInUse) {
    if (!target_.replace) throw occupied();
    check_replaceable();
  }
  clear_leftovers();
  if (state_ != State::kMaybeOurs) stage();
}

// Of dead runs, which may have found the folder in another state. Live ones are kept out.
void WalDirWriter::clear_leftovers() {
  for (const State state : {State::kEmpty, State::kInUse}) {
    const std::string folder = staging_folder(state);
    if (fs_.info(folder)) Staging(fs_, folder, {});
  }
}

void WalDirWriter::stage() { staging_.emplace(fs_, staging_folder(state_), target_.owner); }

WalDirWriter::State WalDirWriter::look() const {
  const auto entries = occupants(fs_, target_.path);
  if (entries.empty()) return State::kEmpty;
  const os::DirectoryEntry& first = entries.front();
  if (target_.has_member || entries.size() > 1 || first.type != FileType::kFile ||
      !etcd::parse_wal_file_name(first.name)) {
    return State::kInUse;
  }
  const auto info = fs_.info(os::join_path(target_.path, first.name));
  return info && info->size_bytes <= kFreshWalBytesMax ? State::kMaybeOurs : State::kInUse;
}

Error WalDirWriter::occupied() const {
  return Error(Code::kExists,
               cat("the WAL folder ", base::printable(target_.path, 1000), " is not empty"),
               "name another folder with --wal-dir, or keep what is there as *.before-TIME with "
               "--replace");
}

// A folder that is named by mistake must not be moved away.
void WalDirWriter::check_replaceable() const {
  const std::string path = base::printable(target_.path, 1000);
  if (is_link(fs_, target_.path)) {
    throw Error(Code::kExists,
                cat("the WAL folder ", path, " is not empty, and is a symbolic link"),
                "name the folder that it leads to: it is replaced by renaming it");
  }
  for (const os::DirectoryEntry& entry : occupants(fs_, target_.path)) {
    if (is_wal_file(entry)) continue;
    throw Error(Code::kExists,
                cat(path, " is no WAL folder: it holds ", base::printable(entry.name)),
                "name another folder with --wal-dir");
  }
}

std::string WalDirWriter::staging_folder(State state) const {
  return state == State::kEmpty ? os::join_path(target_.path, kInnerStaging)
                                : cat(target_.path, os::kPartialSuffix);
}

void WalDirWriter::write(const std::string& name, base::Bytes content) {
  LIFEBOAT_CHECK(name_.empty());
  name_ = name;
  if (state_ == State::kMaybeOurs) {
    state_ = holds(name, content) ? State::kOurs : State::kInUse;
    if (state_ == State::kOurs) return;
    if (!target_.replace) throw occupied();
    check_replaceable();
    stage();
  }
  staging_->write_file(name, content);
}

bool WalDirWriter::holds(const std::string& name, base::Bytes content) const {
  const std::string path = os::join_path(target_.path, name);
  if (!fs_.info(path)) return false;
  const auto file = fs_.open(path);
  base::Buffer found(content.size() + 1);
  const std::size_t size = file->read_at(0, found);
  return std::ranges::equal(base::Bytes(found).first(size), content);
}

std::string WalDirWriter::put_in_place(Moves& moves) {
  LIFEBOAT_CHECK(!name_.empty());
  std::string kept;
  if (state_ == State::kInUse) {
    staging_->sync();
    kept = kept_path(fs_, target_.path, now_);
    moves.rename(target_.path, kept);
    moves.rename(staging_->path(""), target_.path);
  } else if (state_ == State::kEmpty) {
    staging_->sync();
    moves.rename(staging_->path(name_), os::join_path(target_.path, name_));
  } else {
    fs_.sync_directory(target_.path);
  }
  return kept;
}

}  // namespace lifeboat::backup
