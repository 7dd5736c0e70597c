#include "os/posix_fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "os/descriptor.h"
#include "os/errno_text.h"

namespace lifeboat::os {
namespace {

using base::Code;

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

// How much of a file may gather in memory before the disk is told to begin with it. Left to the
// sync at the end, a gigabyte would go out at once and hold up whoever else writes to that disk,
// which on a control plane is etcd.
constexpr std::uint64_t kWriteBackBytes = 16 * 1024 * 1024;

// Flags of every open: no child inherits the file, no terminal becomes ours, and a FIFO that
// somebody left under the name does not make us wait for its other end.
constexpr int kAlways = O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

Code code_of(int number) {
  switch (number) {
    case ENOENT:
      return Code::kNotFound;
    case ENOTDIR:
    case EISDIR:
    case ENAMETOOLONG:
      return Code::kInvalid;
    case EEXIST:
      return Code::kExists;
    case EACCES:
    case EPERM:
    case EROFS:
    case ELOOP:
      return Code::kDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Code::kNoSpace;
    default:
      return Code::kIo;
  }
}

std::string text_of(int number) {
  if (number == ELOOP) return "it is a symbolic link, which is not followed here";
  return errno_text(number);
}

std::string_view hint_of(int number) {
  switch (number) {
    case EACCES:
    case EPERM:
      return "check the owner and the mode of the path and of the folders above it, and which "
             "user runs this program";
    case EROFS:
      return "the volume is mounted read-only: mount it writable";
    case ENOSPC:
      return "make room on the volume, or make the volume larger";
    case EDQUOT:
      return "make room within the quota, or have the quota raised";
    case EFBIG:
      return "raise the limit on the size of files (ulimit -f), or use another file system";
    case EBUSY:
      return "something is mounted there, and mount points can't be moved: name a folder below it";
    case EXDEV:
      return "the two are on different file systems: name a folder below the mount point";
    case EIO:
      return "the disk or the way to it fails: look at the kernel's log (dmesg)";
    case ESTALE:
      return "the file server does not know the volume any more: mount it again";
    case ENOLCK:
      return "the file server does not give out locks: check its lock service";
    case EMFILE:
    case ENFILE:
      return "raise the limit on open files (ulimit -n)";
    default:
      return "";
  }
}

base::Error failure(std::string_view action, const std::string& path, int number) {
  return base::Error(
      code_of(number),
      base::cat("cannot ", action, " ", base::printable(path, 1000), ": ", text_of(number)),
      std::string(hint_of(number)));
}

// Calls until no signal interrupts.
template <typename Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

Descriptor open_descriptor(std::string_view action, const std::string& path, int flags) {
  const int number =
      uninterrupted([&] { return ::open(path.c_str(), flags | kAlways, kFileMode); });
  if (number == -1) throw failure(action, path, errno);
  return Descriptor(number);
}

struct stat status_of(std::string_view action, const std::string& path, int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) == -1) throw failure(action, path, errno);
  return status;
}

void refuse_what_is_no_file(std::string_view action, const std::string& path, int descriptor) {
  const mode_t mode = status_of(action, path, descriptor).st_mode;
  if (S_ISREG(mode)) return;
  throw base::Error(Code::kInvalid,
                    base::cat("cannot ", action, " ", base::printable(path, 1000), ": it is ",
                              S_ISDIR(mode) ? "a folder" : "not a regular file"));
}

FileType type_of(mode_t mode) {
  if (S_ISREG(mode)) return FileType::kFile;
  if (S_ISDIR(mode)) return FileType::kDirectory;
  if (S_ISLNK(mode)) return FileType::kSymlink;
  return FileType::kOther;
}

class PosixReadableFile : public ReadableFile {
 public:
  PosixReadableFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  std::size_t read_at(std::uint64_t offset, base::MutableBytes buffer) override {
    std::size_t done = 0;
    while (done < buffer.size()) {
      const ssize_t count = uninterrupted([&] {
        return ::pread(descriptor_.get(), buffer.data() + done, buffer.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (count == -1) throw failure("read", path_, errno);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
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
      const ssize_t count =
          uninterrupted([&] { return ::write(descriptor_.get(), bytes.data(), bytes.size()); });
      if (count == -1) throw failure("write", path_, errno);
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
      if (count == -1) throw failure("write", path_, errno);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
    }
  }

  // fdatasync keeps the data and the size. What it may leave out, times and mode, nobody needs: a
  // mode that was lost is the one from before create's chmod, which is never wider.
  void sync() override {
    if (uninterrupted([&] { return ::fdatasync(descriptor_.get()); }) == -1) {
      throw failure("sync", path_, errno);
    }
  }

  void close() override {
    // Linux has closed the file even when a signal interrupted it; once more would hit another.
    if (::close(descriptor_.release()) == -1 && errno != EINTR) {
      throw failure("close", path_, errno);
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
  refuse_what_is_no_file("lock", path, descriptor.get());
  if (uninterrupted([&] { return ::flock(descriptor.get(), LOCK_EX | LOCK_NB); }) == -1) {
    if (errno != EWOULDBLOCK) throw failure("lock", path, errno);
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
    throw failure("lock", path, errno);
  }
  return opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

Folder open_folder(const std::string& path) {
  Descriptor descriptor = open_descriptor("list", path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  Folder folder(::fdopendir(descriptor.get()));
  if (folder == nullptr) throw failure("list", path, errno);
  descriptor.release();
  return folder;
}

// Some file systems (NFS, old XFS) leave the type to a further call. An entry that goes away
// meanwhile counts as something else.
FileType type_of(DIR* folder, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return type_of(static_cast<mode_t>(DTTOIF(entry.d_type)));
  struct stat status {};
  const int result = ::fstatat(::dirfd(folder), entry.d_name, &status, AT_SYMLINK_NOFOLLOW);
  return result == -1 ? FileType::kOther : type_of(status.st_mode);
}

}  // namespace

std::unique_ptr<ReadableFile> PosixFileSystem::open(const std::string& path, Links links) {
  const int nofollow = links == Links::kRefuse ? O_NOFOLLOW : 0;
  Descriptor descriptor = open_descriptor("open", path, O_RDONLY | nofollow);
  refuse_what_is_no_file("open", path, descriptor.get());
  return std::make_unique<PosixReadableFile>(std::move(descriptor), path);
}

std::unique_ptr<WritableFile> PosixFileSystem::create(const std::string& path) {
  Descriptor descriptor = open_descriptor("create", path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  // A umask may have taken the owner's own rights. Volumes without modes (vfat, CIFS) show more
  // than was asked for and refuse a chmod: there is nothing to gain there.
  const mode_t mode = status_of("create", path, descriptor.get()).st_mode;
  if ((mode & kFileMode) != kFileMode && ::fchmod(descriptor.get(), kFileMode) == -1) {
    throw failure("set the mode of", path, errno);
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
  throw failure("examine", path, errno);
}

std::vector<DirectoryEntry> PosixFileSystem::list(const std::string& path) {
  const Folder folder = open_folder(path);
  std::vector<DirectoryEntry> entries;
  for (;;) {
    // readdir tells its end from a failure by errno alone.
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    entries.push_back({std::string(name), type_of(folder.get(), *entry)});
  }
  if (errno != 0) throw failure("list", path, errno);
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

void PosixFileSystem::make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), kFolderMode) == -1) throw failure("make the folder", path, errno);
  struct stat status {};
  if (::lstat(path.c_str(), &status) == -1) throw failure("examine", path, errno);
  // As in create: against a umask that takes the owner's own rights.
  if ((status.st_mode & kFolderMode) != kFolderMode && ::chmod(path.c_str(), kFolderMode) == -1) {
    throw failure("set the mode of", path, errno);
  }
}

void PosixFileSystem::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) == -1) throw failure("rename", from, errno);
}

void PosixFileSystem::exchange(const std::string& one, const std::string& other) {
  if (::renameat2(AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE) == 0) return;
  // File systems that don't know the flag (NFS, ZFS before 2.2) say EINVAL, old kernels ENOSYS.
  if (errno != EINVAL && errno != ENOSYS) throw failure("exchange", one, errno);
  throw base::Error(Code::kUnsupported,
                    base::cat("cannot exchange ", base::printable(one, 1000), " and ",
                              base::printable(other, 1000), " in one step: the file system can't"));
}

void PosixFileSystem::remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == -1) throw failure("remove", path, errno);
}

void PosixFileSystem::remove_directory(const std::string& path) {
  if (::rmdir(path.c_str()) == -1) throw failure("remove the folder", path, errno);
}

void PosixFileSystem::set_owner(const std::string& path, const Owner& owner) {
  if (::lchown(path.c_str(), owner.user_id, owner.group_id) == -1) {
    throw failure("set the owner of", path, errno);
  }
}

void PosixFileSystem::sync_directory(const std::string& path) {
  const Descriptor descriptor = open_descriptor("sync", path, O_RDONLY | O_DIRECTORY);
  if (uninterrupted([&] { return ::fsync(descriptor.get()); }) == 0) return;
  // Some network file systems (CIFS) have no such call for folders: the server keeps names safe.
  if (errno == EINVAL || errno == EOPNOTSUPP) return;
  throw failure("sync", path, errno);
}

std::uint64_t PosixFileSystem::available_bytes(const std::string& path) {
  struct statvfs status {};
  if (uninterrupted([&] { return ::statvfs(path.c_str(), &status); }) == -1) {
    throw failure("ask for the free space of", path, errno);
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
