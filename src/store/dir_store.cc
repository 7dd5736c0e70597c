#include "store/dir_store.h"

#include <string_view>

#include "base/error.h"
#include "base/random_stream.h"
#include "base/text.h"
#include "os/atomic_file.h"
#include "os/paths.h"

namespace lifeboat::store {
namespace {

using base::Code;
using os::FileType;

// Whether a part of a name is left to others: locks, files that are being written, and what a
// storage system keeps for itself, such as ".snapshot".
bool is_hidden(std::string_view part) { return part.starts_with('.') || os::is_partial_name(part); }

bool has_hidden_part(std::string_view name) {
  for (;;) {
    const std::size_t slash = name.find('/');
    if (is_hidden(name.substr(0, slash))) return true;
    if (slash == std::string_view::npos) return false;
    name.remove_prefix(slash + 1);
  }
}

void check_blob_name(const std::string& name) {
  check_name(name);
  if (!has_hidden_part(name)) return;
  throw base::Error(Code::kInvalid,
                    base::cat("\"", base::printable(name), "\" is no name for a file of a vault: ",
                              "a part of it begins with a dot or ends in ", os::kPartialSuffix));
}

void check_folder_name(const std::string& folder) {
  if (!folder.empty()) check_name(folder);
}

// What other tools left under a name that no blob can have does not count.
bool is_listed(const std::string& name) { return is_valid_name(name) && !is_hidden(name); }

class DirStoreLock : public StoreLock {
 public:
  explicit DirStoreLock(std::unique_ptr<os::FileLock> lock) : lock_(std::move(lock)) {}

 private:
  const std::unique_ptr<os::FileLock> lock_;
};

}  // namespace

DirStore::DirStore(os::FileSystem& fs, std::string root) : fs_(fs), tree_(fs, std::move(root)) {}

void DirStore::check() { tree_.check(); }

Listing DirStore::list(const std::string& folder) {
  check_folder_name(folder);
  Listing listing;
  for (const os::DirectoryEntry& entry : tree_.list(folder)) {
    if (!is_listed(entry.name)) continue;
    if (entry.type == FileType::kDirectory) listing.folders.push_back(entry.name);
    if (entry.type != FileType::kFile) continue;
    const std::string name = os::join_path(folder, entry.name);
    const std::optional<os::FileInfo> info = tree_.file_info(name);
    if (info) listing.blobs.push_back({entry.name, info->size_bytes});
  }
  return listing;
}

std::unique_ptr<os::ReadableFile> DirStore::open_file(const std::string& name) {
  check_blob_name(name);
  if (!tree_.file_info(name)) {
    throw base::Error(Code::kNotFound,
                      base::cat("there is no file ", base::printable(tree_.path(name), 1000)));
  }
  return fs_.open(tree_.path(name), os::Links::kRefuse);
}

std::unique_ptr<base::Source> DirStore::get(const std::string& name) {
  return std::make_unique<base::RandomStream>(open_file(name));
}

std::unique_ptr<base::RandomSource> DirStore::open(const std::string& name) {
  return open_file(name);
}

std::optional<std::uint64_t> DirStore::size_bytes(const std::string& name) {
  check_blob_name(name);
  const std::optional<os::FileInfo> info = tree_.file_info(name);
  if (!info) return std::nullopt;
  return info->size_bytes;
}

bool DirStore::is_taken(const std::string& name) {
  check_blob_name(name);
  return tree_.info(name).has_value();
}

std::optional<std::string> DirStore::fingerprint(const std::string& name) {
  check_blob_name(name);
  return std::nullopt;
}

std::unique_ptr<base::Sink> DirStore::put(const std::string& name) {
  check_blob_name(name);
  tree_.make_place(name);
  return std::make_unique<os::AtomicFile>(fs_, tree_.path(name));
}

std::unique_ptr<base::Sink> DirStore::put_new(const std::string& name) {
  check_blob_name(name);
  tree_.make_place(name);
  return std::make_unique<os::AtomicFile>(fs_, tree_.path(name), os::IfThere::kRefuse);
}

void DirStore::remove(const std::string& name) {
  check_blob_name(name);
  tree_.remove_file(name);
}

void DirStore::remove_folder(const std::string& folder) {
  check_name(folder);
  tree_.remove_all(folder);
}

void DirStore::remove_unfinished(const std::string& folder) {
  check_folder_name(folder);
  for (const os::DirectoryEntry& entry : tree_.list(folder)) {
    if (entry.type != FileType::kFile || !os::is_partial_name(entry.name)) continue;
    fs_.remove_file(os::join_path(tree_.path(folder), entry.name));
  }
}

std::optional<std::uint64_t> DirStore::available_bytes() {
  return fs_.available_bytes(tree_.path(""));
}

std::unique_ptr<StoreLock> DirStore::lock(const std::string& name) {
  check_name(name);
  tree_.make_place(name);
  return std::make_unique<DirStoreLock>(fs_.lock(tree_.path(name)));
}

}  // namespace lifeboat::store
