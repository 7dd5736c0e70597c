#include "backup/staging.h"

#include "base/error.h"
#include "base/text.h"
#include "os/paths.h"
#include "store/rooted_tree.h"
#include "vault/backup_id.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr std::size_t kPathBytesMax = 1000;  // in messages

// What is in the folder of a Staging.
constexpr const char* kNewName = "new";
constexpr const char* kLockName = "lock";
constexpr const char* kScratchName = "scratch";

// An empty folder harms nobody; one with something in it is not ours to remove.
void remove_if_empty(os::FileSystem& fs, const std::string& folder) {
  try {
    fs.remove_directory(folder);
  } catch (...) {
    // Called where something else has failed already.
  }
}

}  // namespace

std::string kept_path(os::FileSystem& fs, const std::string& place, base::TimePoint now) {
  vault::BackupId id{.time = std::chrono::floor<std::chrono::seconds>(now)};
  for (;; ++id.sequence) {
    std::string path = cat(place, ".before-", id.text());
    if (!fs.info(path)) return path;
  }
}

bool belongs_to_storage(std::string_view name) {
  return name == "lost+found" || name.starts_with('.');
}

MadeFolder::MadeFolder(os::FileSystem& fs, std::string path, const std::optional<os::Owner>& owner)
    : fs_(fs), path_(std::move(path)) {
  if (os::is_folder(fs_, path_)) {
    make_safe(true);
  } else if (!fs_.info(path_)) {
    make(owner);
  } else {
    throw Error(Code::kInvalid,
                cat(base::printable(path_, kPathBytesMax), " is there and is not a folder"),
                "name another folder, or move away what is there");
  }
}

void MadeFolder::make(const std::optional<os::Owner>& owner) {
  try {
    fs_.make_directory(path_);
  } catch (const Error& error) {
    if (error.code() != Code::kNotFound) throw;
    const std::string above = base::printable(os::parent_path(path_), kPathBytesMax);
    throw Error(Code::kNotFound,
                cat("cannot make the folder ", base::printable(path_, kPathBytesMax),
                    ": there is no folder ", above),
                cat("make ", above, ", or mount the volume that belongs there"));
  }
  made_ = true;
  try {
    if (owner) fs_.set_owner(path_, *owner);
    make_safe(false);
  } catch (...) {
    remove_if_empty(fs_, path_);
    throw;
  }
}

// Also if it was there: who made it may have died before it came to the sync.
void MadeFolder::make_safe(bool was_there) {
  try {
    fs_.sync_directory(os::parent_path(path_));
  } catch (const Error& error) {
    // This user may use the folder that is there without a right to read the one above it.
    if (!was_there || error.code() != Code::kDenied) throw;
  }
}

MadeFolder::~MadeFolder() {
  if (made_) remove_if_empty(fs_, path_);
}

Staging::Staging(os::FileSystem& fs, std::string folder, std::optional<os::Owner> owner)
    : fs_(fs), folder_(std::move(folder)), owner_(owner) {
  make_or_check();
  take_lock();
  begin();
}

// What has our name need not be ours.
void Staging::make_or_check() {
  if (!fs_.info(folder_)) {
    try {
      return fs_.make_directory(folder_);
    } catch (const Error& error) {
      // Another run was faster.
      if (error.code() != Code::kExists) throw;
    }
  }
  for (const os::DirectoryEntry& entry : fs_.list(folder_)) {
    if (entry.name == kNewName || entry.name == kLockName || entry.name == kScratchName) continue;
    throw Error(Code::kExists,
                cat(base::printable(folder_, kPathBytesMax), " is in the way: it holds ",
                    base::printable(entry.name), ", which no run of this program leaves there"),
                "move it away");
  }
}

void Staging::take_lock() {
  try {
    lock_ = fs_.lock(os::join_path(folder_, kLockName));
  } catch (const Error& error) {
    // Not found: the other run has just ended.
    if (error.code() == Code::kBusy || error.code() == Code::kNotFound) {
      throw Error(Code::kBusy,
                  cat("another run works in ", base::printable(folder_, kPathBytesMax)),
                  "wait until that run ends; its lock goes with it, however it ends");
    }
    remove_if_empty(fs_, folder_);
    throw;
  }
}

void Staging::begin() {
  try {
    clear();
    make_folder("");
  } catch (...) {
    discard();
    throw;
  }
}

void Staging::clear() {
  for (const char* name : {kNewName, kScratchName}) {
    if (!fs_.info(os::join_path(folder_, name))) continue;
    store::RootedTree(fs_, folder_).remove_all(name);
  }
}

Staging::~Staging() { discard(); }

void Staging::discard() {
  try {
    clear();
    // Still locked: a run that comes now finds the lock, or begins a new one.
    fs_.remove_file(os::join_path(folder_, kLockName));
    fs_.remove_directory(folder_);
  } catch (...) {
    // It stays behind under a name that counts for nothing, and the next run clears it.
  }
}

std::string Staging::path(const std::string& name) const {
  const std::string root = os::join_path(folder_, kNewName);
  return name.empty() ? root : os::join_path(root, name);
}

std::string Staging::scratch_path() const { return os::join_path(folder_, kScratchName); }

void Staging::make_folder(const std::string& name) {
  fs_.make_directory(path(name));
  if (owner_) fs_.set_owner(path(name), *owner_);
  if (!name.empty()) folders_.push_back(name);
}

std::unique_ptr<os::WritableFile> Staging::create(const std::string& name) {
  auto file = fs_.create(path(name));
  if (owner_) fs_.set_owner(path(name), *owner_);
  return file;
}

void Staging::write_file(const std::string& name, base::Bytes content) {
  const auto file = create(name);
  file->append(content);
  file->sync();
  file->close();
}

void Staging::sync() {
  for (auto name = folders_.rbegin(); name != folders_.rend(); ++name) {
    fs_.sync_directory(path(*name));
  }
  fs_.sync_directory(folder_);
}

void Moves::rename(const std::string& from, const std::string& to) {
  fs_.rename(from, to);
  done_.emplace_back(from, to);
  sync_both(from, to);
}

void Moves::rename_last(const std::string& from, const std::string& to) {
  fs_.rename(from, to);
  done_.clear();
  sync_both(from, to);
}

Moves::~Moves() {
  try {
    for (; !done_.empty(); done_.pop_back()) {
      const auto& [from, to] = done_.back();
      fs_.rename(to, from);
      sync_both(from, to);
    }
  } catch (...) {
    // Going on would bring back a later part without an earlier one. All of it is still there.
  }
}

void Moves::sync_both(const std::string& from, const std::string& to) {
  fs_.sync_directory(os::parent_path(to));
  if (os::parent_path(from) != os::parent_path(to)) fs_.sync_directory(os::parent_path(from));
}

}  // namespace lifeboat::backup
