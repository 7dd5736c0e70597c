// A folder of a FaultFs as a node's root, so that what reads a node fails where that fails.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/text.h"
#include "os/host_tree.h"
#include "os/paths.h"
#include "testing/fault_fs.h"

namespace lifeboat::testing {

// Every file is root's, has mode 0600 and stands still. Symbolic links are not followed.
class FakeHostTree : public os::HostTree {
 public:
  // Borrows `fs`.
  FakeHostTree(FaultFs& fs, std::string root) : fs_(fs), root_(std::move(root)) {}

  std::string location() const override { return root_; }

  std::optional<os::HostFileInfo> info(const std::string& path, os::Links /*links*/) override {
    const auto found = fs_.info(full(path));
    if (!found) return std::nullopt;
    return describe(full(path), *found);
  }

  std::vector<os::DirectoryEntry> list(const std::string& path) override {
    return fs_.list(full(path));
  }

  std::string read_link(const std::string& /*path*/) override { return "elsewhere"; }

  std::unique_ptr<os::HostFile> open(const std::string& path, os::Links links) override {
    return std::make_unique<File>(full(path), fs_.open(full(path), links));
  }

 private:
  class File : public os::HostFile {
   public:
    File(std::string path, std::unique_ptr<os::ReadableFile> file)
        : path_(std::move(path)), file_(std::move(file)) {}

    os::HostFileInfo info() override {
      return describe(path_, {os::FileType::kFile, file_->size_bytes()});
    }
    std::uint64_t size_bytes() override { return file_->size_bytes(); }
    std::size_t read_at(std::uint64_t offset, base::MutableBytes buffer) override {
      return file_->read_at(offset, buffer);
    }

   private:
    const std::string path_;
    const std::unique_ptr<os::ReadableFile> file_;
  };

  static os::HostFileInfo describe(const std::string& path, const os::FileInfo& info) {
    os::HostFileInfo described;
    described.type = info.type;
    std::vector<std::string> parts = base::split(path, '/');  // "a", "/a" and "/a/" are one
    described.id.inode = std::hash<std::string>()(base::join(parts, "/"));
    described.size_bytes = info.size_bytes;
    described.mode = info.type == os::FileType::kDirectory ? 0700 : 0600;
    return described;
  }

  std::string full(const std::string& path) const {
    return path.empty() ? root_ : os::join_path(root_, path);
  }

  FaultFs& fs_;
  const std::string root_;
};

}  // namespace lifeboat::testing
