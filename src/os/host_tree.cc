// The way through the tree is walked by hand, a part of the path at a time.
// openat2(RESOLVE_IN_ROOT) would do it in one call, but kernels before 5.6 don't have it and
// seccomp profiles of containers refuse it; and chroot takes a privilege.
#include "os/host_tree.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "os/descriptor.h"
#include "os/paths.h"
#include "os/posix_calls.h"

namespace lifeboat::os {
namespace {

using base::Code;
using base::Error;

// As many as the kernel follows on one path.
constexpr int kLinksMax = 40;

// The kernel takes no longer path either, and a link holds at most as much.
constexpr std::size_t kPathMaxBytes = 4096;

constexpr std::size_t kReadBytes = 64 * 1024;

// To stand at a place without opening what is there: no device notices, nothing is waited for, and
// only the folders above it need to let us through.
constexpr int kStand = O_PATH | O_NOFOLLOW | O_CLOEXEC;

// The parts of `path` from its end to its beginning. A slash at the end asks for a folder, which is
// what a "." behind it does.
std::vector<std::string> reversed_parts(std::string_view path) {
  std::vector<std::string> parts;
  if (path.ends_with('/')) parts.emplace_back(".");
  while (!path.empty()) {
    const std::size_t slash = path.rfind('/');
    const std::size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
    if (begin < path.size()) parts.emplace_back(path.substr(begin));
    path = path.substr(0, begin == 0 ? 0 : begin - 1);
  }
  return parts;
}

std::string link_target(std::string_view action, const std::string& shown, int descriptor) {
  std::string target(kPathMaxBytes, '\0');
  const ssize_t size = ::readlinkat(descriptor, "", target.data(), target.size());
  if (size == -1) throw posix_failure(action, shown, errno);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

// Where a walk ended.
struct Place {
  Descriptor entry;  // to stand on, not to read from
  struct stat status;
  Descriptor folder;  // that holds it, under `name`
  std::string name;
};

// One way through the tree. Keeps every folder from the root to where it is open, so that ".." is
// the folder that it came from: the kernel's own ".." would lead out of the root if somebody moved
// a folder on the way out of it meanwhile.
class Walk {
 public:
  // `shown` is for messages. Borrows all three.
  Walk(int root, std::string_view action, const std::string& shown)
      : root_(root), action_(action), shown_(shown) {}

  // Nullopt if nothing is there or if what leads there is no folder; why() is which of the two.
  std::optional<Place> run(const std::string& path, Links links) {
    if (path.size() > kPathMaxBytes) throw posix_failure(action_, shown_, ENAMETOOLONG);
    // No name has a zero byte, and the calls below would read no further.
    if (path.find('\0') != std::string::npos) return missing(ENOENT);
    parts_ = reversed_parts(path);
    // A path that ends in a folder on the way: the root, "..", or a link to either.
    std::string name = ".";
    while (!parts_.empty()) {
      name = std::exchange(parts_.back(), {});
      parts_.pop_back();
      if (name == ".." && !folders_.empty()) folders_.pop_back();
      if (name == "." || name == "..") continue;
      const int number = ::openat(here(), name.c_str(), kStand);
      if (number == -1) return missing(errno);
      Descriptor entry(number);
      const struct stat status = status_of(action_, shown_, entry.get());
      if (S_ISLNK(status.st_mode) && (!parts_.empty() || links == Links::kFollow)) {
        take_link(entry.get());
      } else if (parts_.empty()) {
        return Place{std::move(entry), status, stand(here()), name};
      } else if (!S_ISDIR(status.st_mode)) {
        return missing(ENOTDIR);
      } else {
        folders_.push_back(std::move(entry));
      }
    }
    Descriptor entry = stand(here());
    const struct stat status = status_of(action_, shown_, entry.get());
    return Place{std::move(entry), status, stand(here()), "."};
  }

  int why() const { return why_; }

 private:
  int here() const { return folders_.empty() ? root_ : folders_.back().get(); }

  Descriptor stand(int folder) const {
    const int number = ::openat(folder, ".", kStand | O_DIRECTORY);
    if (number == -1) throw posix_failure(action_, shown_, errno);
    return Descriptor(number);
  }

  std::optional<Place> missing(int number) {
    if (number != ENOENT && number != ENOTDIR) throw posix_failure(action_, shown_, number);
    why_ = number;
    return std::nullopt;
  }

  void take_link(int descriptor) {
    if (++links_taken_ > kLinksMax) {
      throw Error(Code::kInvalid,
                  base::cat("cannot ", action_, " ", base::printable(shown_, 1000), ": more than ",
                            kLinksMax, " symbolic links lead from one to the next"));
    }
    const std::string target = link_target(action_, shown_, descriptor);
    if (target.starts_with('/')) folders_.clear();
    std::ranges::move(reversed_parts(target), std::back_inserter(parts_));
  }

  const int root_;
  const std::string_view action_;
  const std::string& shown_;
  std::vector<Descriptor> folders_;  // below the root, down to where the walk is
  std::vector<std::string> parts_;   // still to be walked, the next one last
  int links_taken_ = 0;
  int why_ = 0;
};

base::TimePoint time_of(const timespec& time) {
  const auto since_epoch =
      std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  return base::TimePoint(std::chrono::floor<std::chrono::milliseconds>(since_epoch));
}

HostFileInfo info_of(const struct stat& status) {
  return {
      .type = type_of(status.st_mode),
      .size_bytes = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0,
      .mode = status.st_mode & 07777,
      .owner = {status.st_uid, status.st_gid},
      .modified = time_of(status.st_mtim),
      .changed = time_of(status.st_ctim),
      .id = {.device = status.st_dev, .inode = status.st_ino},
      .link_count = status.st_nlink,
  };
}

class PosixHostFile : public HostFile {
 public:
  PosixHostFile(Descriptor descriptor, std::string shown)
      : descriptor_(std::move(descriptor)), shown_(std::move(shown)) {}

  std::size_t read_at(std::uint64_t offset, base::MutableBytes buffer) override {
    return os::read_at(descriptor_.get(), shown_, offset, buffer);
  }
  std::uint64_t size_bytes() override { return info().size_bytes; }
  HostFileInfo info() override { return info_of(status_of("examine", shown_, descriptor_.get())); }

 private:
  const Descriptor descriptor_;
  const std::string shown_;
};

class PosixHostTree : public HostTree {
 public:
  PosixHostTree(std::string location, Descriptor root)
      : location_(std::move(location)), root_(std::move(root)) {}

  std::string location() const override { return location_; }

  std::optional<HostFileInfo> info(const std::string& path, Links links) override {
    const std::string shown = show(path);
    const auto place = Walk(root_.get(), "examine", shown).run(path, links);
    if (!place) return std::nullopt;
    return info_of(place->status);
  }

  std::vector<DirectoryEntry> list(const std::string& path) override {
    const Place place = require("list", path, Links::kRefuse);
    refuse_link("list", path, place);
    // A FIFO, too, would be opened here, were it not for O_DIRECTORY.
    return list_entries(open_at("list", path, place.entry.get(), ".", O_DIRECTORY), show(path));
  }

  std::string read_link(const std::string& path) override {
    const Place place = require("read the link", path, Links::kRefuse);
    if (!S_ISLNK(place.status.st_mode)) {
      throw Error(Code::kInvalid, base::cat("cannot read the link ", printable(path),
                                            ": it is not a symbolic link"));
    }
    return link_target("read the link", show(path), place.entry.get());
  }

  std::unique_ptr<HostFile> open(const std::string& path, Links links) override {
    const Place place = require("open", path, links);
    refuse_link("open", path, place);
    // Before anything is opened: opening a device, a tape for one, is already doing something.
    refuse_what_is_no_file("open", show(path), place.status.st_mode);
    Descriptor file = open_at("open", path, place.folder.get(), place.name, O_NOFOLLOW);
    // Another may have taken the name since.
    refuse_what_is_no_file("open", show(path), status_of("open", show(path), file.get()).st_mode);
    return std::make_unique<PosixHostFile>(std::move(file), show(path));
  }

 private:
  std::string printable(const std::string& path) const {
    return base::printable(show(path), kPathMaxBytes);
  }

  Place require(std::string_view action, const std::string& path, Links links) const {
    const std::string shown = show(path);
    Walk walk(root_.get(), action, shown);
    auto place = walk.run(path, links);
    if (!place) throw posix_failure(action, shown, walk.why());
    return std::move(*place);
  }

  void refuse_link(std::string_view action, const std::string& path, const Place& place) const {
    if (S_ISLNK(place.status.st_mode)) throw posix_failure(action, show(path), ELOOP);
  }

  Descriptor open_at(std::string_view action, const std::string& path, int folder,
                     const std::string& name, int flags) const {
    const int number = uninterrupted(
        [&] { return ::openat(folder, name.c_str(), O_RDONLY | flags | kAlwaysOpenWith); });
    if (number == -1) throw posix_failure(action, show(path), errno);
    return Descriptor(number);
  }

  const std::string location_;
  const Descriptor root_;
};

}  // namespace

std::string HostTree::show(const std::string& path) const {
  const std::size_t begin = path.find_first_not_of('/');
  if (begin == std::string::npos) return location();
  return join_path(location(), path.substr(begin));
}

std::unique_ptr<HostTree> open_host_tree(const std::string& root) {
  const int number = ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (number == -1) {
    const Error failure = posix_failure("open", root, errno);
    if (!failure.hint().empty()) throw Error(failure);
    throw Error(failure.code(), failure.what(),
                "name a folder that is there for this program; a container sees what is mounted");
  }
  return std::make_unique<PosixHostTree>(root, Descriptor(number));
}

std::optional<std::string> read_host_file(HostTree& tree, const std::string& path,
                                          std::uint64_t max_bytes) {
  if (!tree.info(path, Links::kFollow)) return std::nullopt;
  const auto file = tree.open(path, Links::kFollow);
  // The size is not asked for: that of a file in /proc is 0, and others grow meanwhile.
  std::string content;
  for (;;) {
    const std::size_t size = content.size();
    content.resize(size + kReadBytes);
    const std::size_t count =
        file->read_at(size, {reinterpret_cast<std::uint8_t*>(content.data()) + size, kReadBytes});
    content.resize(size + count);
    if (content.size() > max_bytes) {
      throw Error(Code::kInvalid, base::cat("cannot read ", base::printable(tree.show(path), 1000),
                                            ": it has more than ", max_bytes, " bytes"));
    }
    if (count < kReadBytes) return content;
  }
}

}  // namespace lifeboat::os
