#include "os/fs.h"

#include "os/paths.h"

namespace lifeboat::os {

bool is_folder(FileSystem& fs, const std::string& path) {
  // The slash reaches what a link leads to.
  const auto info = fs.info(join_path(path, ""));
  return info && info->type == FileType::kDirectory;
}

// With an explicit stack: the depth of the folders is not ours to choose.
void remove_tree(FileSystem& fs, const std::string& path) {
  std::vector<std::string> pending = {path};
  while (!pending.empty()) {
    const std::string current = pending.back();
    const std::size_t size_before = pending.size();
    for (const DirectoryEntry& entry : fs.list(current)) {
      const std::string entry_path = join_path(current, entry.name);
      if (entry.type == FileType::kDirectory) {
        pending.push_back(entry_path);
      } else {
        fs.remove_file(entry_path);
      }
    }
    // The folders below come first; this one is then listed once more, and is empty.
    if (pending.size() > size_before) continue;
    fs.remove_directory(current);
    pending.pop_back();
  }
}

}  // namespace lifeboat::os
