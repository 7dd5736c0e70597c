// A Store in a folder, usually a mounted volume. A blob's name is its path below the root.
//
// Files are 0600 and folders 0700. Parts of a path below the root are never reached through a
// symbolic link: whoever writes there gets kDenied, whoever reads finds nothing. Parts that begin
// with a dot or end in ".partial" belong to no blob here (kInvalid) and are not listed, so that
// locks and files being written stay out of sight. The lock called "a/.b" is the file "a/.b".
#pragma once

#include "os/fs.h"
#include "store/rooted_tree.h"
#include "store/store.h"

namespace lifeboat::store {

class DirStore : public Store {
 public:
  // Borrows `fs`. The root itself may be a symbolic link and must be there before the first put:
  // a missing mount point must not silently become a folder on the wrong disk.
  DirStore(os::FileSystem& fs, std::string root);

  std::string location() const override { return tree_.root(); }
  void check() override;
  Listing list(const std::string& folder) override;
  std::unique_ptr<base::Source> get(const std::string& name) override;
  bool is_remote() const override { return false; }
  std::unique_ptr<base::RandomSource> open(const std::string& name) override;
  std::optional<std::uint64_t> size_bytes(const std::string& name) override;
  bool is_taken(const std::string& name) override;
  // Nullopt always: times and sizes stay while disks lose bits.
  std::optional<std::string> fingerprint(const std::string& name) override;
  std::unique_ptr<base::Sink> put(const std::string& name) override;
  std::unique_ptr<base::Sink> put_new(const std::string& name) override;
  void remove(const std::string& name) override;
  void remove_folder(const std::string& folder) override;
  void remove_unfinished(const std::string& folder) override;
  std::optional<std::uint64_t> available_bytes() override;
  std::unique_ptr<StoreLock> lock(const std::string& name) override;

 private:
  std::unique_ptr<os::ReadableFile> open_file(const std::string& name);

  os::FileSystem& fs_;
  const RootedTree tree_;
};

}  // namespace lifeboat::store
