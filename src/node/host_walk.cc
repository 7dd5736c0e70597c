#include "node/host_walk.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "os/paths.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;
using os::FileType;

constexpr std::size_t kDepthMax = 64;
constexpr std::size_t kFilesMax = 200'000;

class Walker {
 public:
  Walker(os::HostTree& host, const HostWalk& walk, const std::stop_token& stop)
      : host_(host), walk_(walk), stop_(stop) {}

  void run() {
    std::vector<os::DirectoryEntry> entries;
    for (const std::string& path : walk_.paths) {
      const auto info = look(path);
      if (info) entries.push_back({path, info->type});
    }
    visit_all("", std::move(entries), 0);
  }

 private:
  void visit_all(const std::string& folder, std::vector<os::DirectoryEntry> entries,
                 std::size_t depth) {
    for (os::DirectoryEntry& entry : entries) {
      if (entry.type == FileType::kDirectory) entry.name += '/';
    }
    std::ranges::sort(entries, {}, &os::DirectoryEntry::name);
    for (os::DirectoryEntry& entry : entries) {
      if (entry.type == FileType::kDirectory) entry.name.pop_back();
      visit(os::join_path(folder, entry.name), depth);
    }
  }

  void visit(const std::string& path, std::size_t depth) {
    base::throw_if_stopped(stop_);
    if (file_count_ > kFilesMax) return;
    if (++file_count_ > kFilesMax) {
      walk_.report(path, cat("not in the archive: ", show(path),
                             " and what comes after it, being more than ", kFilesMax, " files"));
      return;
    }
    const auto info = look(path);
    if (!info) return;
    if (info->type == FileType::kDirectory && std::ranges::count(walk_.vaults, info->id) > 0) {
      walk_.report(path, cat("not in the archive: ", show(path), ", which is the vault itself"));
      return;
    }
    walk_.visit(path, *info);
    if (info->type == FileType::kDirectory) descend(path, depth);
  }

  void descend(const std::string& path, std::size_t depth) {
    if (depth == kDepthMax) {
      walk_.report(path, cat("not in the archive: what is in ", show(path), ", ", kDepthMax,
                             " folders deep"));
      return;
    }
    std::vector<os::DirectoryEntry> entries;
    try {
      entries = host_.list(on_node(path));
    } catch (const Error& error) {
      report(path, error);
    }
    visit_all(path, std::move(entries), depth + 1);
  }

  // Nullopt, and reported, if nothing is there any more.
  std::optional<os::HostFileInfo> look(const std::string& path) {
    try {
      const auto info = host_.info(on_node(path));
      if (!info) walk_.report(path, cat("not in the archive: ", show(path), " has just vanished"));
      return info;
    } catch (const Error& error) {
      report(path, error);
      return std::nullopt;
    }
  }

  void report(const std::string& path, const Error& error) {
    if (error.code() == Code::kCancelled) throw error;
    walk_.report(path, cat("not in the archive: ", error.what()));
  }

  std::string on_node(const std::string& path) const { return os::join_path(walk_.base, path); }
  std::string show(const std::string& path) const {
    return base::printable(host_.show(on_node(path)), 1000);
  }

  os::HostTree& host_;
  const HostWalk& walk_;
  const std::stop_token& stop_;
  std::size_t file_count_ = 0;
};

}  // namespace

void walk_host(os::HostTree& host, const HostWalk& walk, const std::stop_token& stop) {
  Walker(host, walk, stop).run();
}

}  // namespace lifeboat::node
