// FileSystem over POSIX: what the program runs on.
#pragma once

#include "os/fs.h"

namespace lifeboat::os {

// Locks with flock(2), which NFS clients since Linux 2.6.12 carry to the server.
class PosixFileSystem : public FileSystem {
 public:
  std::unique_ptr<ReadableFile> open(const std::string& path, Links links) override;
  std::unique_ptr<WritableFile> create(const std::string& path) override;
  std::optional<FileInfo> info(const std::string& path) override;
  std::vector<DirectoryEntry> list(const std::string& path) override;
  void make_directory(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  void rename_new(const std::string& from, const std::string& to) override;
  void exchange(const std::string& one, const std::string& other) override;
  void remove_file(const std::string& path) override;
  void remove_directory(const std::string& path) override;
  void set_owner(const std::string& path, const Owner& owner) override;
  void sync_directory(const std::string& path) override;
  std::uint64_t available_bytes(const std::string& path) override;
  std::unique_ptr<FileLock> lock(const std::string& path) override;
};

}  // namespace lifeboat::os
