#include "node/archive_files.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/units.h"
#include "node/host_walk.h"
#include "node/owner_names.h"
#include "os/paths.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;
using os::FileType;
using os::HostFileInfo;

constexpr std::uint64_t kSmallBytesMax = 1024 * 1024;
constexpr std::size_t kPieceBytes = 256 * 1024;
constexpr int kReadingsMax = 3;
constexpr std::chrono::milliseconds kReadAgainAfter{50};
constexpr std::size_t kProblemsMax = 100;

// A file that is ready to be stored.
struct Reading {
  HostFileInfo info;
  base::Buffer content;  // the whole of it, unless there is a `large`
  bool at_rest = true;
  std::unique_ptr<os::HostFile> large;
};

class Archiver {
 public:
  Archiver(os::HostTree& host, const FileSelection& selection, TarWriter& tar,
           base::Progress& progress, const std::stop_token& stop)
      : host_(host),
        selection_(selection),
        tar_(tar),
        progress_(progress),
        stop_(stop),
        names_(host),
        missing_(selection.expected) {}

  ArchivedFiles run() {
    walk_host(host_,
              {.base = selection_.base,
               .paths = selection_.paths,
               .vaults = selection_.vaults,
               .visit = [this](const auto& path, const auto& info) { put(path, info); },
               .report =
                   [this](const auto& path, const auto& problem) {
                     no_longer_missing_below(path);
                     report(path, problem);
                   }},
              stop_);
    const std::set<std::string> missing = std::move(missing_);
    for (const std::string& path : missing) {
      report(path, cat("not in the archive: ", show(path),
                       ", which was there when the backup began and is there no more"));
    }
    if (problem_count_ > kProblemsMax) {
      archived_.problems.push_back(cat("and ", problem_count_ - kProblemsMax, " more like these"));
    }
    return std::move(archived_);
  }

 private:
  void put(const std::string& path, const HostFileInfo& info) {
    if (selection_.left_out.contains(path)) return;
    if (info.type == FileType::kDirectory) {
      tar_.add_folder(entry_of(path, info));
      stored(path);
    } else if (const std::string* first = find_other_name(info)) {
      tar_.add_hard_link(entry_of(path, info), *first);
      stored(path);
    } else if (info.type == FileType::kSymlink) {
      put_symlink(path, info);
    } else if (info.type == FileType::kFile) {
      put_file(path);
    } else {
      report(path, cat("not in the archive: ", show(path),
                       " is neither a file nor a folder nor a symbolic link"));
    }
  }

  void put_symlink(const std::string& path, const HostFileInfo& info) {
    std::string target;
    if (!try_host(path, [&] { target = host_.read_link(on_node(path)); })) return;
    tar_.add_symlink(entry_of(path, info), target);
    stored(path);
    remember_name(path, info);
  }

  void put_file(const std::string& path) {
    Reading reading;
    if (!try_host(path, [&] { reading = read_at_rest(path); })) return;
    if (reading.info.size_bytes > kArchivedFileBytesMax) {
      report(path, cat("not in the archive: ", show(path), " has ",
                       base::format_size(reading.info.size_bytes), ", and more than ",
                       base::format_size(kArchivedFileBytesMax), " are taken of no file"));
      return;
    }
    if (reading.large) return stream(path, *reading.large, reading.info);
    TarEntry entry = entry_of(path, reading.info);
    entry.size_bytes = reading.content.size();
    tar_.begin_file(entry);
    tar_.write(reading.content);
    progress_.advance(reading.content.size());
    stored(path);
    remember_name(path, reading.info);
    if (!reading.at_rest) {
      report(path, cat(show(path), " changed each of the ", kReadingsMax,
                       " times it was read: what the archive has of it may be a mixture"));
    }
  }

  // By its name every time: most programs change a file by putting another in its place.
  Reading read_at_rest(const std::string& path) {
    for (int readings = 1;; ++readings) {
      auto file = host_.open(on_node(path));
      Reading reading;
      reading.info = file->info();
      if (reading.info.size_bytes > kSmallBytesMax) {
        reading.large = std::move(file);
        return reading;
      }
      reading.content.resize(reading.info.size_bytes);
      reading.content.resize(file->read_at(0, reading.content));
      reading.at_rest =
          reading.content.size() == reading.info.size_bytes && file->info() == reading.info;
      if (reading.at_rest || readings == kReadingsMax) return reading;
      base::wait(kReadAgainAfter, stop_);
      base::throw_if_stopped(stop_);
    }
  }

  void stream(const std::string& path, os::HostFile& file, const HostFileInfo& info) {
    TarEntry entry = entry_of(path, info);
    entry.size_bytes = info.size_bytes;
    tar_.begin_file(entry);
    std::string trouble;
    for (std::uint64_t offset = 0; offset < info.size_bytes; offset += kPieceBytes) {
      base::throw_if_stopped(stop_);
      const auto size = std::min<std::uint64_t>(kPieceBytes, info.size_bytes - offset);
      read_piece(file, offset, size, trouble);
      tar_.write(piece_);
      progress_.advance(size);
    }
    stored(path);
    remember_name(path, info);
    if (trouble.empty()) trouble = change_of(file, info);
    if (!trouble.empty()) report(path, cat(show(path), " ", trouble));
  }

  // Fills piece_ with `size` bytes: zeros, once there is trouble.
  void read_piece(os::HostFile& file, std::uint64_t offset, std::size_t size,
                  std::string& trouble) {
    piece_.resize(size);
    std::size_t count = 0;
    if (trouble.empty()) {
      try {
        count = file.read_at(offset, piece_);
        if (count < size) {
          trouble = cat("became shorter while it was read: from byte ", offset + count,
                        " on, the archive has zeros");
        }
      } catch (const Error& error) {
        if (error.code() == Code::kCancelled) throw;
        trouble = cat("could not be read to its end: from byte ", offset,
                      " on, the archive has zeros (", error.what(), ")");
      }
    }
    std::fill(piece_.begin() + static_cast<std::ptrdiff_t>(count), piece_.end(), 0);
  }

  // A sentence without its subject if the file is not what it was, else "".
  static std::string change_of(os::HostFile& file, const HostFileInfo& info) {
    try {
      if (file.info() == info) return "";
      return "changed while it was read: what the archive has of it may be a mixture";
    } catch (const Error& error) {
      if (error.code() == Code::kCancelled) throw;
      return cat("may have changed while it was read (", error.what(), ")");
    }
  }

  // Whether the call succeeded; if not, that is reported.
  bool try_host(const std::string& path, const std::function<void()>& call) {
    try {
      call();
      return true;
    } catch (const Error& error) {
      if (error.code() == Code::kCancelled) throw;
      report(path, cat("not in the archive: ", error.what()));
      return false;
    }
  }

  const std::string* find_other_name(const HostFileInfo& info) const {
    const auto found = first_names_.find(info.id);
    return info.link_count < 2 || found == first_names_.end() ? nullptr : &found->second;
  }

  void stored(const std::string& path) {
    ++archived_.entries;
    missing_.erase(path);
  }

  void remember_name(const std::string& path, const HostFileInfo& info) {
    if (info.link_count > 1) first_names_.try_emplace(info.id, path);
  }

  TarEntry entry_of(const std::string& path, const HostFileInfo& info) const {
    return {.name = path,
            .mode = info.mode,
            .modified = info.modified,
            .owner = info.owner,
            .user_name = names_.user(info.owner.user_id),
            .group_name = names_.group(info.owner.group_id)};
  }

  void no_longer_missing_below(const std::string& path) {
    const std::string folder = path + "/";
    for (auto it = missing_.lower_bound(folder); it != missing_.end() && it->starts_with(folder);) {
      it = missing_.erase(it);
    }
  }

  // Once for each file: what is named is not missed as well.
  void report(const std::string& path, const std::string& problem) {
    missing_.erase(path);
    if (++problem_count_ <= kProblemsMax) archived_.problems.push_back(problem);
  }

  std::string on_node(const std::string& path) const {
    return os::join_path(selection_.base, path);
  }
  std::string show(const std::string& path) const {
    return base::printable(host_.show(on_node(path)), 1000);
  }

  os::HostTree& host_;
  const FileSelection& selection_;
  TarWriter& tar_;
  base::Progress& progress_;
  const std::stop_token& stop_;
  const OwnerNames names_;
  std::map<os::FileId, std::string> first_names_;
  std::set<std::string> missing_;  // of what is expected: neither stored nor named yet
  base::Buffer piece_;
  ArchivedFiles archived_;
  std::size_t problem_count_ = 0;
};

}  // namespace

ArchivedFiles archive_files(os::HostTree& host, const FileSelection& selection, TarWriter& tar,
                            base::Progress& progress, std::stop_token stop) {
  return Archiver(host, selection, tar, progress, stop).run();
}

}  // namespace lifeboat::node
