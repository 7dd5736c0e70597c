// The file system, as the few calls this program makes of it.
//
// Every call that can fail throws base::Error and names the path: kNotFound, kExists, kInvalid (a
// file where a folder should be, or the reverse), kDenied (also a read-only file system), kNoSpace
// (also a quota), kIo for the rest. Nothing opened, listed, made or removed here is reached through
// a symbolic link in the last part of its path, unless the call says so or that part ends in a
// slash. Calls are thread-safe; a file is used by one thread at a time.
//
// Durability is the caller's business, spelled out: data is safe after File::sync, a name (made,
// renamed, removed) only after sync_directory of the folder that holds it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/io.h"

namespace lifeboat::os {

enum class FileType { kFile, kDirectory, kSymlink, kOther };

// Whether a symbolic link as the last part of a path is followed. Files that the user names may be
// links (every file of a mounted Secret is one); what is found in a vault may not.
enum class Links { kRefuse, kFollow };

struct FileInfo {
  FileType type = FileType::kOther;
  std::uint64_t size_bytes = 0;
};

// By the numbers: inside a container the names are often unknown.
struct Owner {
  std::uint32_t user_id = 0;
  std::uint32_t group_id = 0;

  bool operator==(const Owner&) const = default;
};

struct DirectoryEntry {
  std::string name;
  FileType type = FileType::kOther;
};

// Reads throw kIo.
class ReadableFile : public base::RandomSource {};

// Closes without syncing when it is destroyed; what was not synced may be lost.
class WritableFile : public base::RandomSink {
 public:
  // Returns when everything appended and overwritten survives a power cut.
  virtual void sync() = 0;
  // Reports what the kernel kept for the last moment. Nothing may follow.
  virtual void close() = 0;
};

// Held as long as the object lives; the kernel frees it when the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual std::unique_ptr<ReadableFile> open(const std::string& path,
                                             Links links = Links::kRefuse) = 0;
  // A new, empty file, mode 0600. Throws kExists if the name is taken, by whatever.
  virtual std::unique_ptr<WritableFile> create(const std::string& path) = 0;

  // What is at `path`, itself and not what it points to; nullopt if nothing is.
  virtual std::optional<FileInfo> info(const std::string& path) = 0;
  // Sorted by name, without "." and "..".
  virtual std::vector<DirectoryEntry> list(const std::string& path) = 0;

  // Mode 0700. Throws kExists if the name is taken.
  virtual void make_directory(const std::string& path) = 0;
  // Replaces `to` in one step if it is there.
  virtual void rename(const std::string& from, const std::string& to) = 0;
  // As rename, but throws kExists, nothing having changed, if anything is at `to`. Throws
  // kUnsupported, likewise, where the file system can't do that in one step. `from` is a file.
  virtual void rename_new(const std::string& from, const std::string& to) = 0;
  // What is at either path is at the other afterwards, in one step. Both are there. Throws
  // kUnsupported, nothing having changed, where the file system can't.
  virtual void exchange(const std::string& one, const std::string& other) = 0;
  virtual void remove_file(const std::string& path) = 0;
  // The folder must be empty.
  virtual void remove_directory(const std::string& path) = 0;
  // Gives what is at `path`, itself and not what it points to, to `owner`. As safe as a name: after
  // sync_directory of the folder that holds it.
  virtual void set_owner(const std::string& path, const Owner& owner) = 0;
  // Follows a symbolic link.
  virtual void sync_directory(const std::string& path) = 0;

  // What is left for this user on the file system of `path`.
  virtual std::uint64_t available_bytes(const std::string& path) = 0;

  // Locks the file at `path` for one process, making it (mode 0600) if need be. Throws kBusy at
  // once if another process, or another FileLock of this one, holds it.
  virtual std::unique_ptr<FileLock> lock(const std::string& path) = 0;
};

// Whether a folder is at `path`, itself or through a symbolic link.
bool is_folder(FileSystem& fs, const std::string& path);

// Removes the folder at `path` with all that is in it. Links are removed, not followed. When it
// throws, part of it may be gone.
void remove_tree(FileSystem& fs, const std::string& path);

}  // namespace lifeboat::os
