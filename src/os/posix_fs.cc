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

namespace lifeboat::os {
namespace {

using base::Code;

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

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
  char buffer[128];
  return ::strerror_r(number, buffer, sizeof(buffer));
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

// An open file that is closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ != -1) ::close(number_);
  }

  int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

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
  Descriptor descriptor_;
  const std::string path_;
};

// flock(2) belongs to the open file, so that closing it, or dying, is what frees it.
class PosixFileLock : public FileLock {
 public:
  explicit PosixFileLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  const Descriptor descriptor_;
};

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

void PosixFileSystem::remove_file(const std::string& path) {
  if (::unlink(path.c_str()) == -1) throw failure("remove", path, errno);
}

void PosixFileSystem::remove_directory(const std::string& path) {
  if (::rmdir(path.c_str()) == -1) throw failure("remove the folder", path, errno);
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
  return std::make_unique<PosixFileLock>(std::move(descriptor));
}

}  // namespace lifeboat::os
