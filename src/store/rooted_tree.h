// The part of a file system below one folder, never left through a symbolic link.
//
// Names are paths of parts as in store/store.h, "" for the root itself. Trusts nothing that it
// finds: a part that is a link, a file where a folder should be, folders nested very deep.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "os/fs.h"

namespace lifeboat::store {

class RootedTree {
 public:
  // Borrows `fs`. The root itself may be a symbolic link.
  RootedTree(os::FileSystem& fs, std::string root);

  const std::string& root() const { return root_; }

  std::string path(const std::string& name) const;

  // Throws kNotFound if the root is not there, kInvalid if it is no folder.
  void check() const;

  // What is at `name`; nullopt also if a part above it is no folder.
  std::optional<os::FileInfo> info(const std::string& name) const;
  // Nullopt unless it is a regular file.
  std::optional<os::FileInfo> file_info(const std::string& name) const;
  // As os::FileSystem::list; nothing if `name` is no folder.
  std::vector<os::DirectoryEntry> list(const std::string& name) const;

  // Readies the place of a file: makes the folders above `name`, safe from a power cut. Throws
  // kDenied if a part is a symbolic link, kInvalid if something else is in the way.
  void make_place(const std::string& name) const;

  // Removes the file. Whether it was there or not, a power cut does not bring it back.
  void remove_file(const std::string& name) const;
  // Removes whatever is at and below `name`, likewise. Links are removed, not followed.
  void remove_all(const std::string& name) const;

 private:
  void make_folder(const std::string& name) const;
  void sync_above(const std::string& name) const;
  base::Error in_the_way(const std::string& name, os::FileType type) const;

  os::FileSystem& fs_;
  const std::string root_;
};

}  // namespace lifeboat::store
