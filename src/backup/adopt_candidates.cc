#include "backup/adopt_candidates.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "base/stop.h"
#include "base/text.h"
#include "os/paths.h"
#include "vault/catalog.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using os::DirectoryEntry;
using os::FileType;
using std::chrono::sys_seconds;
using vault::Mark;

constexpr int kDepthMax = 32;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// ---- Times in names -----------------------------------------------------------------------------

// Reads a text from its front; what does not fit is left where it is.
class NameReader {
 public:
  explicit NameReader(std::string_view text) : rest_(text) {}

  std::optional<int> digits(std::size_t count) {
    if (rest_.size() < count) return std::nullopt;
    const std::string_view text = rest_.substr(0, count);
    if (!std::ranges::all_of(text, is_digit)) return std::nullopt;
    int number = 0;
    std::from_chars(text.data(), text.data() + count, number);
    rest_.remove_prefix(count);
    return number;
  }

  // Takes one of `characters` and returns it; 0 if there is none.
  char any_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == characters.npos) return 0;
    const char taken = rest_.front();
    rest_.remove_prefix(1);
    return taken;
  }

  bool take(char separator) { return separator == 0 || any_of({&separator, 1}) != 0; }
  bool at_digit() const { return !rest_.empty() && is_digit(rest_.front()); }

 private:
  std::string_view rest_;
};

std::optional<sys_seconds> read_date(NameReader& reader) {
  const auto year = reader.digits(4);
  const char separator = reader.any_of("-");
  const auto month = year ? reader.digits(2) : std::nullopt;
  if (!month || !reader.take(separator)) return std::nullopt;
  const auto day = reader.digits(2);
  if (!day || *year < 2000) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok()) return std::nullopt;
  return sys_seconds(std::chrono::sys_days(date));
}

std::optional<std::chrono::seconds> read_time_of_day(NameReader& reader) {
  const auto hour = reader.digits(2);
  const char separator = reader.any_of(":-.");
  const auto minute = hour ? reader.digits(2) : std::nullopt;
  if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
  const std::chrono::seconds time = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
  NameReader further = reader;
  const auto second = further.take(separator) ? further.digits(2) : std::nullopt;
  if (!second) return reader.at_digit() ? std::nullopt : std::optional(time);
  reader = further;
  if (reader.at_digit() || *second > 59) return std::nullopt;
  return time + std::chrono::seconds(*second);
}

// "+01:00" is how far local time is ahead. Without a colon it could as well be a number of the
// tool's own, unless the T before the time says that all of it is ISO 8601.
std::chrono::seconds read_offset(NameReader reader, bool is_iso) {
  const char sign = reader.any_of("+-");
  const auto hours = sign == 0 ? std::nullopt : reader.digits(2);
  const char colon = reader.any_of(":");
  const auto minutes = hours ? reader.digits(2) : std::nullopt;
  if (!minutes || reader.at_digit() || (colon == 0 && !is_iso) || *hours > 14 || *minutes > 59) {
    return {};
  }
  const std::chrono::seconds offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return sign == '+' ? offset : -offset;
}

std::optional<NameTime> read_time(std::string_view text) {
  NameReader reader(text);
  const auto date = read_date(reader);
  if (!date) return std::nullopt;
  NameReader after_date = reader;
  const char separator = after_date.any_of("Tt_- ");
  if (const auto time_of_day = read_time_of_day(after_date)) {
    const bool is_iso = separator == 'T' || separator == 't';
    return NameTime{*date + *time_of_day - read_offset(after_date, is_iso), true};
  }
  if (reader.at_digit()) return std::nullopt;
  return NameTime{*date, false};
}

// ---- Names of files -----------------------------------------------------------------------------

enum class Kind { kSnapshot, kStaticPods, kSingleTar };

// What a file's name says: "snapshot_" + key + mark + ".db" and so on.
struct BackupName {
  Kind kind = Kind::kSnapshot;
  std::string key;
  Mark mark = Mark::kNone;
};

std::optional<BackupName> parse_name(std::string_view name) {
  struct Form {
    Kind kind;
    std::string_view head;
    std::string_view tail;
  };
  constexpr Form kForms[] = {{Kind::kSingleTar, "snapshot_db_kuberesources", ".tar.gz"},
                             {Kind::kStaticPods, "static_kuberesources", ".tar.gz"},
                             {Kind::kSnapshot, "snapshot", ".db"}};
  for (const auto& [kind, head, tail] : kForms) {
    if (!name.starts_with(head) || !name.ends_with(tail)) continue;
    if (name.size() < head.size() + tail.size()) continue;
    std::string_view key = name.substr(head.size(), name.size() - head.size() - tail.size());
    if (!key.empty() && key.front() != '_') continue;
    const Mark mark = key.ends_with(vault::kPossiblyDirty) ? Mark::kPossiblyDirty : Mark::kNone;
    if (mark != Mark::kNone) key.remove_suffix(vault::kPossiblyDirty.size());
    return BackupName{kind, std::string(key), mark};
  }
  return std::nullopt;
}

// ---- The walk -----------------------------------------------------------------------------------

class Search {
 public:
  Search(os::HostTree& tree, base::TimePoint now, const std::stop_token& stop)
      : tree_(tree), now_(std::chrono::floor<std::chrono::seconds>(now)), stop_(stop) {}

  AdoptSearch run() {
    look_into("", tree_.list(""), 0);
    std::ranges::sort(result_.candidates, {}, [](const AdoptCandidate& candidate) {
      const bool lacks_archive = candidate.static_pods.empty() && !candidate.is_single_tar;
      return std::tuple(candidate.time, lacks_archive, candidate.snapshot);
    });
    return std::move(result_);
  }

 private:
  using Archives = std::map<std::pair<std::string, Mark>, std::string>;  // paths by key and mark

  void look_into(const std::string& folder, const std::vector<DirectoryEntry>& entries, int depth) {
    base::throw_if_stopped(stop_);
    if (has(entries, std::string(vault::kCatalogName))) {
      if (is_own_backup(folder)) {
        note(folder, "is a backup of lifeboat's own, passed over");
        return;
      }
      note(folder, cat("has a ", vault::kCatalogName, " that is no catalog of lifeboat's"));
    }
    take_files(folder, entries);
    const bool is_cluster = has(entries, ".lock");
    for (const DirectoryEntry& entry : entries) {
      const std::string path = os::join_path(folder, entry.name);
      if (entry.type == FileType::kSymlink && !parse_name(entry.name)) {
        note(path, "is a symbolic link, not followed");
      }
      if (entry.type != FileType::kDirectory || parse_name(entry.name)) continue;
      if (is_cluster && entry.name == "backups") {
        note(path, "belongs to a vault of lifeboat's own, passed over");
      } else if (depth == kDepthMax) {
        note(path, "lies too deep, not looked into");
      } else {
        look_into_next(path, depth + 1);
      }
    }
  }

  // Other tools have files of that name, too. A format newer than ours is ours all the same.
  bool is_own_backup(const std::string& folder) {
    try {
      const auto text = os::read_host_file(tree_, os::join_path(folder, vault::kCatalogName),
                                           vault::kCatalogMaxBytes);
      if (text) vault::decode_catalog(*text);
      return text.has_value();
    } catch (const base::Error& error) {
      if (error.code() == base::Code::kCancelled) throw;
      return error.code() == base::Code::kUnsupported;
    }
  }

  void look_into_next(const std::string& folder, int depth) {
    std::vector<DirectoryEntry> entries;
    try {
      entries = tree_.list(folder);
    } catch (const base::Error& error) {
      if (error.code() == base::Code::kCancelled) throw;
      return refuse(folder, error.what(), error.code());
    }
    look_into(folder, entries, depth);
  }

  void take_files(const std::string& folder, const std::vector<DirectoryEntry>& entries) {
    Archives archives;
    std::vector<std::pair<AdoptCandidate, std::string>> found;  // with their keys
    for (const DirectoryEntry& entry : entries) {
      const auto name = parse_name(entry.name);
      if (!name) continue;
      const std::string path = os::join_path(folder, entry.name);
      if (entry.type != FileType::kFile) {
        refuse(path, entry.type == FileType::kSymlink ? "it is a symbolic link, not followed"
                                                      : "it is no regular file");
      } else if (name->kind == Kind::kStaticPods) {
        archives[{name->key, name->mark}] = path;
      } else {
        AdoptCandidate& candidate = found.emplace_back(AdoptCandidate(), name->key).first;
        candidate.snapshot = path;
        candidate.is_single_tar = name->kind == Kind::kSingleTar;
        candidate.mark = name->mark;
      }
    }
    for (auto& [candidate, key] : found) add(std::move(candidate), key, archives);
    for (const auto& [key, path] : archives) {
      if (!paired_.contains(path)) note(path, "has no snapshot of the same name, passed over");
    }
  }

  void add(AdoptCandidate candidate, const std::string& key, const Archives& archives) {
    try {
      if (!candidate.is_single_tar) pair(candidate, key, archives);
      date(candidate);
      for (const std::string& path : {candidate.snapshot, candidate.static_pods}) {
        const auto info = path.empty() ? std::nullopt : tree_.info(path);
        if (info) candidate.size_bytes += info->size_bytes;
      }
      result_.candidates.push_back(std::move(candidate));
    } catch (const base::Error& error) {
      if (error.code() == base::Code::kCancelled) throw;
      refuse(candidate.snapshot, error.what(), error.code());
    }
  }

  // With the archive of the same key; of two, that with the same mark.
  void pair(AdoptCandidate& candidate, const std::string& key, const Archives& archives) {
    const Mark other = candidate.mark == Mark::kNone ? Mark::kPossiblyDirty : Mark::kNone;
    for (const Mark mark : {candidate.mark, other}) {
      const auto archive = archives.find({key, mark});
      if (archive == archives.end()) continue;
      candidate.static_pods = archive->second;
      paired_.insert(archive->second);
      // What is marked is marked for the whole of it.
      if (mark == Mark::kPossiblyDirty) candidate.mark = mark;
      return;
    }
  }

  // By the first name that says a time of day, from the file's up to that of the tree's root; else
  // by the first that has a date.
  void date(AdoptCandidate& candidate) {
    std::optional<sys_seconds> day;
    std::string root = tree_.location();
    while (root.ends_with('/')) root.pop_back();
    const std::string whole = os::join_path(os::base_name(root), candidate.snapshot);
    for (std::string_view path = whole; !path.empty();) {
      const std::size_t slash = path.rfind('/');
      const auto found = find_time(path.substr(slash == path.npos ? 0 : slash + 1));
      path = path.substr(0, slash == path.npos ? 0 : slash);
      if (!found || found->time > now_) continue;
      if (found->has_time_of_day) {
        candidate.time = found->time;
        return;
      }
      if (!day) day = found->time;
    }
    candidate.time_is_of_file = !day;
    candidate.time = day ? *day : modified(candidate.snapshot);
  }

  sys_seconds modified(const std::string& path) {
    const auto info = tree_.info(path);
    if (!info) throw base::Error(base::Code::kNotFound, "it is gone");
    const auto seconds = std::chrono::floor<std::chrono::seconds>(info->modified);
    return std::clamp(seconds, sys_seconds(), now_);
  }

  static bool has(const std::vector<DirectoryEntry>& entries, const std::string& name) {
    const auto found = std::ranges::find(entries, name, &DirectoryEntry::name);
    return found != entries.end() && found->type == FileType::kFile;
  }

  void note(const std::string& path, std::string_view what) {
    result_.notes.push_back(cat(base::printable(tree_.show(path), 1000), " ", what));
  }

  void refuse(const std::string& path, std::string_view why,
              base::Code code = base::Code::kCorrupt) {
    result_.refused.push_back({path, std::string(why), code});
  }

  os::HostTree& tree_;
  const sys_seconds now_;
  const std::stop_token& stop_;
  std::set<std::string> paired_;
  AdoptSearch result_;
};

}  // namespace

std::optional<NameTime> find_time(std::string_view name) {
  std::optional<NameTime> day;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (!is_digit(name[at]) || (at > 0 && is_digit(name[at - 1]))) continue;
    const auto found = read_time(name.substr(at));
    if (found && found->has_time_of_day) return found;
    if (!day) day = found;
  }
  return day;
}

AdoptSearch find_candidates(os::HostTree& tree, base::TimePoint now, const std::stop_token& stop) {
  return Search(tree, now, stop).run();
}

}  // namespace lifeboat::backup
