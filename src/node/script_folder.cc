#include "node/script_folder.h"

#include <algorithm>
#include <random>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;

// Where the script's folder is made. Not in /home/core/assets, where the documentation has people
// do it: that is the folder of a user who is not root and could exchange what is in it, the restore
// procedures keep manifests there, and other installations have no such user. /var/tmp is on a
// disk, /tmp often in memory.
constexpr std::string_view kPlaces[] = {"var/tmp", "tmp"};
constexpr std::string_view kFolderPrefix = "lifeboat-script-";

// Held as long as the folder is in use.
constexpr const char* kLockName = "lock";

constexpr std::size_t kPathBytesMax = 1000;

std::uint64_t random_number() {
  std::random_device random;
  return (std::uint64_t{random()} << 32) | random();
}

// Symbolic links are removed and not followed.
void remove_tree(os::FileSystem& fs, const std::string& folder) {
  for (const os::DirectoryEntry& entry : fs.list(folder)) {
    const std::string path = os::join_path(folder, entry.name);
    if (entry.type == os::FileType::kDirectory) {
      remove_tree(fs, path);
    } else {
      fs.remove_file(path);
    }
  }
  fs.remove_directory(folder);
}

void remove_or_warn(os::FileSystem& fs, const std::string& folder, base::Log& log) {
  try {
    remove_tree(fs, folder);
  } catch (const Error& error) {
    log.warning(cat("the folder ", base::printable(folder, kPathBytesMax),
                    " of the backup script is left behind, remove it: ", error.what()));
  }
}

// A link could lead anywhere once this program, and not the host, follows it.
bool is_plain_folder(os::HostTree& host, std::string_view path) {
  const auto info = host.info(std::string(path));
  if (!info || info->type != os::FileType::kDirectory) return false;
  const std::size_t slash = path.rfind('/');
  return slash == path.npos || is_plain_folder(host, path.substr(0, slash));
}

}  // namespace

ScriptFolder::ScriptFolder(os::HostTree& host, os::FileSystem& fs, base::Log& log)
    : fs_(fs), log_(log), name_(cat(kFolderPrefix, base::to_hex_id(random_number()))) {
  const bool made =
      std::ranges::any_of(kPlaces, [&](std::string_view place) { return make_in(host, place); });
  if (!made) {
    throw Error(Code::kDenied,
                cat("cannot make a folder for the backup script: neither ", host.show("var/tmp"),
                    " nor ", host.show("tmp"), " is a folder that can be written to"),
                "mount the whole of the host's root, writable, and run as user 0");
  }
  try {
    lock_ = fs_.lock(os::join_path(path_, kLockName));
    fs_.make_directory(files_path());
    remove_leftovers(host);
  } catch (const Error&) {
    remove_or_warn(fs_, path_, log_);
    throw;
  }
}

ScriptFolder::~ScriptFolder() {
  try {
    remove_or_warn(fs_, path_, log_);
  } catch (...) {
    // Not even the warning could be written.
  }
}

bool ScriptFolder::make_in(os::HostTree& host, std::string_view place) {
  if (!is_plain_folder(host, place)) return false;
  place_ = place;
  path_ = os::join_path(os::join_path(host.location(), place), name_);
  try {
    fs_.make_directory(path_);
    return true;
  } catch (const Error& error) {
    if (error.code() == Code::kDenied) return false;
    throw;
  }
}

// Folders whose run was killed: they hold secrets, and take room on etcd's disk. Everybody may make
// folders in this place, so one that belongs to somebody else, or into which others can write, is
// not touched. One without a lock has just been made, or holds nothing.
void ScriptFolder::remove_leftovers(os::HostTree& host) {
  const auto ours = host.info(cat(place_, "/", name_));
  for (const os::DirectoryEntry& entry : host.list(std::string(place_))) {
    if (!entry.name.starts_with(kFolderPrefix) || entry.name == name_) continue;
    const auto info = host.info(cat(place_, "/", entry.name));
    const bool is_like_ours = ours && info && info->type == os::FileType::kDirectory &&
                              info->owner == ours->owner && info->mode == ours->mode;
    const std::string folder = os::join_path(os::parent_path(path_), entry.name);
    const std::string lock_path = os::join_path(folder, kLockName);
    if (!is_like_ours || !fs_.info(lock_path)) continue;
    try {
      const auto lock = fs_.lock(lock_path);
      remove_or_warn(fs_, folder, log_);
    } catch (const Error& error) {
      // Busy: a run that lives. Not found: one that has just ended.
      if (error.code() != Code::kBusy && error.code() != Code::kNotFound) throw;
    }
  }
}

std::string ScriptFolder::files_path_on_host() const {
  return cat("/", place_, "/", name_, "/", kFilesName);
}

}  // namespace lifeboat::node
