// The files of another root, read-only: a control plane's node as a container sees it below some
// mounted folder.
//
// Paths are the node's own, relative to its root ("etc/kubernetes/manifests"). Every symbolic link
// on the way is taken as the node itself would take it: an absolute one begins again at the
// node's root, and ".." never leads out of it. So nothing outside is ever reached, whatever the
// links say. What a path's last part is, is followed only where the call says so, or where a slash
// ends the path. More than 40 links on one path, a loop for one, are kInvalid.
//
// Errors are those of os/fs.h, with the path as this program sees it (the root in front). Calls are
// thread-safe; a file is used by one thread at a time.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/io.h"
#include "base/time.h"
#include "os/fs.h"

namespace lifeboat::os {

// Which file or folder it is, whatever its name, also through another mount.
struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;

  auto operator<=>(const FileId&) const = default;  // NOLINT(modernize-use-nullptr): its bug
};

struct HostFileInfo {
  FileType type = FileType::kOther;
  std::uint64_t size_bytes = 0;  // of a regular file
  std::uint32_t mode = 0;        // permissions only: 0 to 07777
  Owner owner;
  base::TimePoint modified;
  base::TimePoint changed;  // content, mode, owner or links (ctime): nobody sets it back
  FileId id;
  std::uint64_t link_count = 1;

  bool operator==(const HostFileInfo&) const = default;
};

class HostFile : public base::RandomSource {
 public:
  // As it is now.
  virtual HostFileInfo info() = 0;
};

class HostTree {
 public:
  virtual ~HostTree() = default;

  // Where the root is for this program; for messages.
  virtual std::string location() const = 0;
  // `path` as this program sees it; for messages.
  std::string show(const std::string& path) const;

  // Nullopt if nothing is there, or if what leads there is no folder.
  virtual std::optional<HostFileInfo> info(const std::string& path,
                                           Links links = Links::kRefuse) = 0;
  // Sorted by name, byte by byte.
  virtual std::vector<DirectoryEntry> list(const std::string& path) = 0;
  // Where the symbolic link at `path` points to, as it is written there.
  virtual std::string read_link(const std::string& path) = 0;
  // A regular file; anything else is kInvalid, and is not waited for.
  virtual std::unique_ptr<HostFile> open(const std::string& path, Links links = Links::kRefuse) = 0;
};

// On this machine's disk, below `root`, which may itself be reached through links and has to be a
// folder: throws kNotFound or kInvalid otherwise.
std::unique_ptr<HostTree> open_host_tree(const std::string& root);

// The whole file at `path`, symbolic links followed within the tree; nullopt if nothing is there.
// Throws kInvalid if it has more than `max_bytes`.
std::optional<std::string> read_host_file(HostTree& tree, const std::string& path,
                                          std::uint64_t max_bytes);

}  // namespace lifeboat::os
