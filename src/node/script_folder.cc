#include "node/script_folder.h"

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "node/official_script.h"
#include "os/process.h"

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

// Returns what went wrong, if anything is still there: another run may have removed it meanwhile.
std::optional<std::string> remove_or_say(os::FileSystem& fs, const std::string& folder) {
  try {
    os::remove_tree(fs, folder);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.code() == Code::kNotFound && !fs.info(folder)) return std::nullopt;
    return cat("the folder ", base::printable(folder, kPathBytesMax),
               " of the backup script is left behind, remove it: ", error.what());
  }
}

void remove_or_warn(os::FileSystem& fs, const std::string& folder, base::Log& log) {
  if (const auto problem = remove_or_say(fs, folder)) log.warning(*problem);
}

// A link could lead anywhere once this program, and not the host, follows it.
bool is_plain_folder(os::HostTree& host, std::string_view path) {
  const auto info = host.info(std::string(path));
  if (!info || info->type != os::FileType::kDirectory) return false;
  const std::size_t slash = path.rfind('/');
  return slash == path.npos || is_plain_folder(host, path.substr(0, slash));
}

// Everybody may make folders in these places, so one that belongs to somebody else, or into which
// others can write, is none of ours. One without a lock has just been made, or holds nothing.
bool is_like_ours(os::HostTree& host, os::FileSystem& fs, const std::string& path) {
  constexpr std::uint32_t kMode = 0700;
  const auto info = host.info(path);
  return info && info->type == os::FileType::kDirectory && info->mode == kMode &&
         info->owner.user_id == os::effective_user_id() &&
         fs.info(os::join_path(host.show(path), kLockName));
}

// As this program sees them. A place that can't be looked at has none.
std::vector<std::string> folders_like_ours(os::HostTree& host, os::FileSystem& fs) {
  std::vector<std::string> folders;
  for (const std::string_view place : kPlaces) {
    try {
      if (!is_plain_folder(host, place)) continue;
      for (const os::DirectoryEntry& entry : host.list(std::string(place))) {
        const std::string path = os::join_path(place, entry.name);
        if (!entry.name.starts_with(kFolderPrefix) || !is_like_ours(host, fs, path)) continue;
        folders.push_back(host.show(path));
      }
    } catch (const Error& error) {
      if (error.code() == Code::kCancelled) throw;
    }
  }
  return folders;
}

enum class Life { kGoesOn, kEnded, kUnknown };

// Whether the run of `folder` goes on; if it ended, `lock` keeps others from what is done next.
Life try_lock(os::FileSystem& fs, const std::string& folder, std::unique_ptr<os::FileLock>* lock) {
  try {
    *lock = fs.lock(os::join_path(folder, kLockName));
    return Life::kEnded;
  } catch (const Error& error) {
    if (error.code() == Code::kCancelled) throw;
    // Not found: it has just ended.
    const bool goes_on = error.code() == Code::kBusy || error.code() == Code::kNotFound;
    return goes_on ? Life::kGoesOn : Life::kUnknown;
  }
}

}  // namespace

ScriptFolder::ScriptFolder(os::HostTree& host, os::FileSystem& fs, base::Log& log)
    : fs_(fs), log_(log), name_(cat(kFolderPrefix, base::to_hex_id(base::random_number()))) {
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

std::string ScriptFolder::files_path_on_host() const {
  return cat("/", place_, "/", name_, "/", kFilesName);
}

std::vector<std::string> find_script_leftovers(os::HostTree& host, os::FileSystem& fs) {
  std::vector<std::string> found;
  for (const std::string& folder : folders_like_ours(host, fs)) {
    std::unique_ptr<os::FileLock> lock;
    if (try_lock(fs, folder, &lock) != Life::kGoesOn) found.push_back(folder);
  }
  return found;
}

std::vector<std::string> remove_script_leftovers(os::HostTree& host, os::FileSystem& fs,
                                                 base::Log& log) {
  std::vector<std::string> problems;
  for (const std::string& folder : folders_like_ours(host, fs)) {
    std::unique_ptr<os::FileLock> lock;
    if (try_lock(fs, folder, &lock) != Life::kEnded) continue;
    if (auto problem = remove_or_say(fs, folder)) {
      problems.push_back(*std::move(problem));
    } else {
      log.info(cat("removed what a run of the backup script that was killed left behind: ",
                   base::printable(folder, kPathBytesMax)));
    }
  }
  return problems;
}

}  // namespace lifeboat::node
