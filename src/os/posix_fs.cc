#include "os/posix_fs.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "os/descriptor.h"
#include "os/posix_calls.h"

namespace lifeboat::os {
namespace {

using base::Code;

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

// How much of a file may gather in memory before the disk is told to begin with it. Left to the
// sync at the end, a gigabyte would go out at once and hold up whoever else writes to that disk,
// which on a control plane is etcd.
constexpr std::uint64_t kWriteBackBytes = 16 * 1024 * 1024;

// What one write hands over. The page cache takes up to eight pages at once from what was used a
// moment ago, and more from memory that may be cold: a gigabyte in larger pieces took half as much
// CPU time again.
constexpr std::size_t kPieceBytes = 32 * 1024;

Descriptor open_descriptor(std::string_view action, const std::string& path, int flags) {
  const int number =
      uninterrupted([&] { return ::open(path.c_str(), flags | kAlwaysOpenWith, kFileMode); });
  if (number == -1) throw posix_failure(action, path, errno);
  return Descriptor(number);
}

class PosixReadableFile : public ReadableFile {
 public:
  PosixReadableFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  std::size_t read_at(std::uint64_t offset, base::MutableBytes buffer) override {
    return os::read_at(descriptor_.get(), path_, offset, buffer);
  }

  std::uint64_t size_bytes() override {
    return static_cast<std::uint64_t>(status_of("examine", path_, descriptor_.get()).st_size);
  }

 private:
  const Descriptor descriptor_;
  const std::string path_;
};

class PosixWritableFile : public WritableFile {
 public:
  PosixWritableFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  void append(base::Bytes bytes) override {
    while (!bytes.empty()) {
      const base::Bytes piece = bytes.first(std::min(bytes.size(), kPieceBytes));
      const ssize_t count =
          uninterrupted([&] { return ::write(descriptor_.get(), piece.data(), piece.size()); });
      if (count == -1) throw posix_failure("write", path_, errno);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      size_bytes_ += static_cast<std::uint64_t>(count);
    }
    if (size_bytes_ - begun_bytes_ >= kWriteBackBytes) begin_write_back();
  }

  void overwrite(std::uint64_t offset, base::Bytes bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = uninterrupted([&] {
        return ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      });
      if (count == -1) throw posix_failure("write", path_, errno);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
  }

  // fdatasync keeps the data and the size. What it may leave out, times and mode, nobody needs: a
  // mode that was lost is the one from before create's chmod, which is never wider.
  void sync() override {
    if (uninterrupted([&] { return ::fdatasync(descriptor_.get()); }) == -1) {
      throw posix_failure("sync", path_, errno);
    }
  }

  void close() override {
    // Linux has closed the file even when a signal interrupted it; once more would hit another.
    if (::close(descriptor_.release()) == -1 && errno != EINTR) {
      throw posix_failure("close", path_, errno);
    }
  }

 private:
  // A hint only: what goes wrong here, sync() meets again.
  void begin_write_back() {
    ::sync_file_range(descriptor_.get(), static_cast<off_t>(begun_bytes_),
                      static_cast<off_t>(size_bytes_ - begun_bytes_), SYNC_FILE_RANGE_WRITE);
    begun_bytes_ = size_bytes_;
  }

  Descriptor descriptor_;
  const std::string path_;
  std::uint64_t size_bytes_ = 0;   // that were appended
  std::uint64_t begun_bytes_ = 0;  // of these the disk was told
};

// flock(2) belongs to the open file, so that closing it, or dying, is what frees it.
class PosixFileLock : public FileLock {
 public:
  explicit PosixFileLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;
};

Descriptor locked_descriptor(const std::string& path) {
  // Writable, because NFS gives exclusive locks on nothing less.
  Descriptor descriptor = open_descriptor("lock", path, O_RDWR | O_CREAT | O_NOFOLLOW);
  refuse_what_is_no_file("lock", path, status_of("lock", path, descriptor.get()).st_mode);
  if (uninterrupted([&] { return ::flock(descriptor.get(), LOCK_EX | LOCK_NB); }) == -1) {
    if (errno != EWOULDBLOCK) throw posix_failure("lock", path, errno);
    throw base::Error(
        Code::kBusy,
        base::cat("cannot lock ", base::printable(path, 1000), ": another run holds it"),
        "wait until that run ends; its lock goes with it, however it ends");
  }
  return descriptor;
}

// Whether the open file is what stands at `path` now.
bool is_at(const std::string& path, int descriptor) {
  const struct stat opened = status_of("lock", path, descriptor);
  struct stat named {};
  if (::lstat(path.c_str(), &named) == -1) {
    if (errno == ENOENT) return false;
    throw posix_failure("lock", path, errno);
  }
  return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

}  // namespace

std::unique_ptr<ReadableFile> PosixFileSystem::open(const std::string& path, Links links) {
  const int nofollow = links == Links::kRefuse ? O_NOFOLLOW : 0;
  Descriptor descriptor = open_descriptor("open", path, O_RDONLY | nofollow);
  refuse_what_is_no_file("open", path, status_of("open", path, descriptor.get()).st_mode);
  return std::make_unique<PosixReadableFile>(std::move(descriptor), path);
}

std::unique_ptr<WritableFile> PosixFileSystem::create(const std::string& path) {
  Descriptor descriptor = open_descriptor("create", path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  // A umask may have taken the owner's own rights. Volumes without modes (vfat, CIFS) show more
  // than was asked for and refuse a chmod: there is nothing to gain there.
  const mode_t mode = status_of("create", path, descriptor.get()).st_mode;
  if ((mode & kFileMode) != kFileMode && ::fchmod(descriptor.get(), kFileMode) == -1) {
    throw posix_failure("set the mode of", path, errno);
  }
  return std::make_unique<PosixWritableFile>(std::move(descriptor), path);
}

std::optional<FileInfo> PosixFileSystem::info(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) {
    return FileInfo{type_of(status.st_mode), static_cast<std::uint64_t>(status.st_size)};
  }
  // Below a file there is nothing either.
  if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
  throw posix_failure("examine", path, errno);
}

std::vector<DirectoryEntry> PosixFileSystem::list(const std::string& path) {
  return list_entries(open_descriptor("list", path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), path);
}

void PosixFileSystem::make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), kFolderMode) == -1) throw posix_failure("make the folder", path, errno);
  struct stat status {};
  if (::lstat(path.c_str(), &status) == -1) throw posix_failure("examine", path, errno);
  // As in create: against a umask that takes the owner's own rights.
  if ((status.st_mode & kFolderMode) != kFolderMode && ::chmod(path.c_str(), kFolderMode) == -1) {
    throw posix_failure("set the mode of", path, errno);
  }
}

void PosixFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == -1) throw posix_failure("rename", from, errno);
}

void PosixFileSystem::rename_new(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return;
  // File systems that don't know the flag say EINVAL, old kernels ENOSYS. Most of them have links.
  if (errno != EINVAL && errno != ENOSYS) throw posix_failure("rename", from, errno);
  if (::link(from.c_str(), to.c_str()) == 0) return remove_file(from);
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS) {
    throw posix_failure("rename", from, errno);
  }
  throw base::Error(Code::kUnsupported,
                    base::cat("cannot rename ", base::printable(from, 1000),
                              " without replacing what may be there: the file system can't"));
}

void PosixFileSystem::exchange(const std::string& one, const std::string& other) {
  if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) return;
  // File systems that don't know the flag (NFS, ZFS before 2.2) say EINVAL, old kernels ENOSYS.
  if (errno != EINVAL && errno != ENOSYS) throw posix_failure("exchange", one, errno);
  throw base::Error(Code::kUnsupported,
                    base::cat("cannot exchange ", base::printable(one, 1000), " and ",
                              base::printable(other, 1000), " in one step: the file system can't"));
}

void PosixFileSystem::remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == -1) throw posix_failure("remove", path, errno);
}

void PosixFileSystem::remove_directory(const std::string& path) {
  if (::rmdir(path.c_str()) == -1) throw posix_failure("remove the folder", path, errno);
}

void PosixFileSystem::set_owner(const std::string& path, const Owner& owner) {
  if (::lchown(path.c_str(), owner.user_id, owner.group_id) == -1) {
    throw posix_failure("set the owner of", path, errno);
  }
}

void PosixFileSystem::sync_directory(const std::string& path) {
  const Descriptor descriptor = open_descriptor("sync", path, O_RDONLY | O_DIRECTORY);
  if (uninterrupted([&] { return ::fsync(descriptor.get()); }) == 0) return;
  // Some network file systems (CIFS) have no such call for folders: the server keeps names safe.
  if (errno == EINVAL || errno == EOPNOTSUPP) return;
  throw posix_failure("sync", path, errno);
}

std::uint64_t PosixFileSystem::available_bytes(const std::string& path) {
  struct statvfs status {};
  if (uninterrupted([&] { return ::statvfs(path.c_str(), &status); }) == -1) {
    throw posix_failure("ask for the free space of", path, errno);
  }
  return std::uint64_t{status.f_bavail} * status.f_frsize;
}

std::unique_ptr<FileLock> PosixFileSystem::lock(const std::string& path) {
  for (;;) {
    Descriptor descriptor = locked_descriptor(path);
    // Its last holder may have removed the file after it was opened here. Such a lock keeps nobody
    // out: everybody else makes a new file.
    if (is_at(path, descriptor.get())) {
      return std::make_unique<PosixFileLock>(std::move(descriptor));
    }
  }
}

}  // namespace lifeboat::os
