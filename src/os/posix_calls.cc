#include "os/posix_calls.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "base/text.h"
#include "os/errno_text.h"
#include "os/paths.h"

namespace lifeboat::os {
namespace {

using base::Code;

struct CloseFolder {
  void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

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

}  // namespace

base::Error posix_failure(std::string_view action, const std::string& path, int number) {
  return base::Error(
      code_of(number),
      base::cat("cannot ", action, " ", base::printable(path, 1000), ": ", text_of(number)),
      std::string(hint_of(number)));
}

struct stat status_of(std::string_view action, const std::string& path, int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) == -1) throw posix_failure(action, path, errno);
  return status;
}

void refuse_what_is_no_file(std::string_view action, const std::string& path, mode_t mode) {
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

std::size_t read_at(int descriptor, const std::string& path, std::uint64_t offset,
                    base::MutableBytes buffer) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const ssize_t count = uninterrupted([&] {
      return ::pread(descriptor, buffer.data() + done, buffer.size() - done,
                     static_cast<off_t>(offset + done));
    });
    if (count == -1) throw posix_failure("read", path, errno);
    if (count == 0) break;
    done += static_cast<std::size_t>(count);
  }
  return done;
}

namespace {

Folder take_over(Descriptor descriptor, const std::string& path) {
  Folder folder(::fdopendir(descriptor.get()));
  if (folder == nullptr) throw posix_failure("list", path, errno);
  descriptor.release();
  return folder;
}

// Some file systems (NFS, old XFS) leave the type to a further call. An entry that goes away
// meanwhile counts as something else. One that can't be looked at does not: in a vault, what is no
// file is not there, and a backup whose catalog is not there is removed.
FileType type_of_entry(DIR* folder, const dirent& entry, const std::string& path) {
  if (entry.d_type != DT_UNKNOWN) return type_of(static_cast<mode_t>(DTTOIF(entry.d_type)));
  struct stat status {};
  if (::fstatat(::dirfd(folder), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
    return type_of(status.st_mode);
  }
  const int number = errno;
  if (number != ENOENT) throw posix_failure("examine", join_path(path, entry.d_name), number);
  return FileType::kOther;
}

}  // namespace

std::vector<DirectoryEntry> list_entries(Descriptor descriptor, const std::string& path) {
  const Folder folder = take_over(std::move(descriptor), path);
  std::vector<DirectoryEntry> entries;
  for (;;) {
    // readdir tells its end from a failure by errno alone.
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    entries.push_back({std::string(name), type_of_entry(folder.get(), *entry, path)});
  }
  if (errno != 0) throw posix_failure("list", path, errno);
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

}  // namespace lifeboat::os
