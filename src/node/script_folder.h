// The folder on the host that its backup script works in for us. It has a random name and mode
// 0700, and goes with its object. A run that was killed leaves it behind, for the next run of
// whatever method to remove: it holds secrets, and takes room on etcd's disk.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "os/fs.h"
#include "os/host_tree.h"
#include "os/paths.h"

namespace lifeboat::node {

// Used by one thread.
class ScriptFolder {
 public:
  // Below the host's var/tmp or, where that can't be written to, tmp. Throws kDenied if neither
  // can. Borrows `fs` and `log`; what can't be removed is a warning in the latter.
  ScriptFolder(os::HostTree& host, os::FileSystem& fs, base::Log& log);
  ~ScriptFolder();
  ScriptFolder(const ScriptFolder&) = delete;
  ScriptFolder& operator=(const ScriptFolder&) = delete;

  // A folder for what the script leaves, as this program sees it and as the script does.
  std::string files_path() const { return os::join_path(path_, kFilesName); }
  std::string files_path_on_host() const;
  // Beside it, for what the script prints.
  std::string output_path() const { return os::join_path(path_, "output"); }

 private:
  static constexpr const char* kFilesName = "files";

  bool make_in(os::HostTree& host, std::string_view place);

  os::FileSystem& fs_;
  base::Log& log_;
  const std::string name_;
  std::string_view place_;
  std::string path_;
  std::unique_ptr<os::FileLock> lock_;
};

}  // namespace lifeboat::node
