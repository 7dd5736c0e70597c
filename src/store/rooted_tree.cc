#include "store/rooted_tree.h"

#include <algorithm>

#include "base/text.h"
#include "os/paths.h"

namespace lifeboat::store {
namespace {

using base::Code;
using os::FileInfo;
using os::FileType;

bool is_folder(const std::optional<FileInfo>& info) {
  return info && info->type == FileType::kDirectory;
}

// "a/b/c" gives "a" and "a/b".
std::vector<std::string> folders_above(const std::string& name) {
  std::vector<std::string> folders;
  for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
    folders.push_back(name.substr(0, at));
  }
  return folders;
}

std::string without_slashes_at_end(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

// Does `call`, and nothing if somebody else removed what it works on.
template <typename Call>
void unless_gone(Call call) {
  try {
    call();
  } catch (const base::Error& error) {
    if (error.code() != Code::kNotFound) throw;
  }
}

}  // namespace

RootedTree::RootedTree(os::FileSystem& fs, std::string root)
    : fs_(fs), root_(without_slashes_at_end(std::move(root))) {}

// The slash after the root makes it a folder even where it is a symbolic link to one.
std::string RootedTree::path(const std::string& name) const { return os::join_path(root_, name); }

void RootedTree::check() const {
  if (is_folder(fs_.info(path("")))) return;
  const std::optional<FileInfo> found = fs_.info(root_);
  // A symbolic link that is no folder leads nowhere, or to something that is none.
  if (!found || found->type == FileType::kSymlink) {
    throw base::Error(Code::kNotFound, base::cat("there is no folder ", base::printable(root_)),
                      "create it, or mount the volume that belongs there");
  }
  throw base::Error(Code::kInvalid, base::cat(base::printable(root_), " is not a folder"),
                    "name the folder that holds the backups, or is to hold them");
}

std::optional<FileInfo> RootedTree::info(const std::string& name) const {
  if (name.empty()) return fs_.info(path(""));
  for (const std::string& folder : folders_above(name)) {
    if (!is_folder(fs_.info(path(folder)))) return std::nullopt;
  }
  return fs_.info(path(name));
}

std::optional<FileInfo> RootedTree::file_info(const std::string& name) const {
  const std::optional<FileInfo> found = info(name);
  return found && found->type == FileType::kFile ? found : std::nullopt;
}

std::vector<os::DirectoryEntry> RootedTree::list(const std::string& name) const {
  std::vector<os::DirectoryEntry> entries;
  if (is_folder(info(name))) unless_gone([&] { entries = fs_.list(path(name)); });
  return entries;
}

void RootedTree::make_place(const std::string& name) const {
  check();
  for (const std::string& folder : folders_above(name)) {
    make_folder(folder);
    // Also if it was there already: who made it may have died before it came to the sync.
    fs_.sync_directory(os::parent_path(path(folder)));
  }
  const std::optional<FileInfo> found = fs_.info(path(name));
  if (found && found->type != FileType::kFile) throw in_the_way(name, found->type);
}

void RootedTree::make_folder(const std::string& name) const {
  std::optional<FileInfo> found = fs_.info(path(name));
  if (!found) {
    try {
      return fs_.make_directory(path(name));
    } catch (const base::Error& error) {
      // Another thread was faster.
      if (error.code() != Code::kExists) throw;
    }
    found = fs_.info(path(name));
  }
  if (!is_folder(found)) throw in_the_way(name, found ? found->type : FileType::kOther);
}

base::Error RootedTree::in_the_way(const std::string& name, FileType type) const {
  const std::string where = base::printable(path(name), 1000);
  if (type == FileType::kSymlink) {
    return base::Error(Code::kDenied,
                       base::cat("cannot write to ", where, ": it is a symbolic link"),
                       "remove the link: nothing in a vault is reached through one");
  }
  return base::Error(Code::kInvalid,
                     base::cat("cannot write to ", where, ": something else is in its place"),
                     "move it out of the vault");
}

void RootedTree::remove_file(const std::string& name) const {
  if (file_info(name)) unless_gone([&] { fs_.remove_file(path(name)); });
  sync_above(name);
}

void RootedTree::remove_all(const std::string& name) const {
  const std::optional<FileInfo> found = info(name);
  if (is_folder(found)) {
    os::remove_tree(fs_, path(name));
  } else if (found) {
    unless_gone([&] { fs_.remove_file(path(name)); });
  }
  sync_above(name);
}

// Syncs the lowest folder above `name` that is there. Needed also when nothing was removed: who
// did it may have died before it came to the sync.
void RootedTree::sync_above(const std::string& name) const {
  if (!is_folder(fs_.info(path("")))) return;
  std::string lowest;
  for (const std::string& folder : folders_above(name)) {
    if (!is_folder(fs_.info(path(folder)))) break;
    lowest = folder;
  }
  fs_.sync_directory(path(lowest));
}

}  // namespace lifeboat::store
