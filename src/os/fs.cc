#include "os/fs.h"

#include "os/paths.h"

namespace lifeboat::os {

bool is_folder(FileSystem& fs, const std::string& path) {
  // The slash reaches what a link leads to.
  const auto info = fs.info(join_path(path, ""));
  return info && info->type == FileType::kDirectory;
}

}  // namespace lifeboat::os
