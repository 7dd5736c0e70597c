#include "node/official_script.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "node/script_folder.h"
#include "os/paths.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;
using Steady = std::chrono::steady_clock;

constexpr std::string_view kNewScript = "usr/local/bin/cluster-backup.sh";
constexpr std::string_view kOldScript = "usr/local/bin/etcd-snapshot-backup.sh";
constexpr std::uint64_t kScriptBytesMax = std::uint64_t{1} << 20;

constexpr std::string_view kSnapshotPrefix = "snapshot_";
constexpr std::string_view kSnapshotSuffix = ".db";
constexpr std::string_view kStaticPodsPrefix = "static_kuberesources_";
constexpr std::string_view kStaticPodsSuffix = ".tar.gz";
constexpr std::string_view kDirtyMark = "__POSSIBLY_DIRTY__";

// How much it may print: its folder is on the disk that etcd writes to.
constexpr std::uint64_t kOutputBytesMax = std::uint64_t{16} << 20;
constexpr std::chrono::milliseconds kLookInterval{1000};

constexpr std::size_t kTailBytes = 64 * 1024;
constexpr std::size_t kLinesLoggedMax = 200;
constexpr std::size_t kLineBytesMax = 400;
constexpr std::size_t kLastWordsMax = 3;  // lines
constexpr std::size_t kNamesToldMax = 10;

// What the name of one of the files says.
struct FileMark {
  std::string stamp;  // "2026-11-21_060000"
  bool possibly_dirty = false;
};

bool is_stamp(std::string_view text) {
  constexpr std::string_view kShape = "dddd-dd-dd_dddddd";
  return std::ranges::equal(text, kShape, [](char character, char shape) {
    return shape == 'd' ? character >= '0' && character <= '9' : character == shape;
  });
}

std::optional<FileMark> parse_name(std::string_view name, std::string_view prefix,
                                   std::string_view suffix) {
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  if (name.size() < prefix.size() + suffix.size()) return std::nullopt;
  name.remove_prefix(prefix.size());
  name.remove_suffix(suffix.size());
  const bool dirty = name.ends_with(kDirtyMark);
  if (dirty) name.remove_suffix(kDirtyMark.size());
  if (!is_stamp(name)) return std::nullopt;
  return FileMark{std::string(name), dirty};
}

class FinishedBackup : public ScriptBackup {
 public:
  FinishedBackup(std::unique_ptr<ScriptFolder> folder, std::string snapshot,
                 std::string static_pods, bool possibly_dirty)
      : folder_(std::move(folder)),
        snapshot_(std::move(snapshot)),
        static_pods_(std::move(static_pods)),
        possibly_dirty_(possibly_dirty) {}

  const std::string& snapshot_path() const override { return snapshot_; }
  const std::string& static_pods_path() const override { return static_pods_; }
  bool possibly_dirty() const override { return possibly_dirty_; }

 private:
  const std::unique_ptr<ScriptFolder> folder_;
  const std::string snapshot_;
  const std::string static_pods_;
  const bool possibly_dirty_;
};

class ScriptRun {
 public:
  ScriptRun(os::FileSystem& fs, const ScriptFolder& folder, std::string script,
            const ScriptOptions& options, base::Log& log)
      : fs_(fs), folder_(folder), script_(std::move(script)), options_(options), log_(log) {}

  // Returns when it has ended well.
  void run(os::Programs& programs, const os::ProgramStart& start, const std::stop_token& stop);

  struct Files {
    std::string snapshot;
    std::string static_pods;
    bool possibly_dirty = false;
  };
  // What it left.
  Files files() const;

 private:
  void watch(os::Process& process, const std::stop_token& stop) const;
  std::uint64_t output_bytes() const;
  std::vector<std::string> last_lines() const;
  void log_output() const;
  std::string describe_files() const;
  Error failure(std::string_view what) const;
  bool is_filled(const os::DirectoryEntry& entry) const;

  os::FileSystem& fs_;
  const ScriptFolder& folder_;
  const std::string script_;  // "/usr/local/bin/cluster-backup.sh"
  const ScriptOptions& options_;
  base::Log& log_;
};

void ScriptRun::run(os::Programs& programs, const os::ProgramStart& start,
                    const std::stop_token& stop) {
  const auto process = programs.start(start);
  try {
    watch(*process, stop);
  } catch (const Error& error) {
    const bool stopped = error.code() == Code::kCancelled;
    // Without `stop`: who has asked for it wants an orderly end, too.
    process->shut_down(stopped ? options_.stop_grace : options_.grace, {});
    log_output();
    throw;
  }
  log_output();
  if (process->end() != "exit status 0") throw failure(cat("ended with ", process->end()));
}

// Throws kUnavailable if it has to be ended.
void ScriptRun::watch(os::Process& process, const std::stop_token& stop) const {
  const auto deadline = Steady::now() + options_.timeout;
  for (;;) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now());
    if (rest <= rest.zero()) {
      throw failure(cat("did not end within ", base::format_duration(options_.timeout)));
    }
    if (process.wait(std::min(rest, kLookInterval), stop)) return;
    if (output_bytes() > kOutputBytesMax) {
      throw failure(cat("printed more than ", base::format_size(kOutputBytesMax)));
    }
  }
}

std::uint64_t ScriptRun::output_bytes() const {
  const auto info = fs_.info(folder_.output_path());
  return info ? info->size_bytes : 0;
}

// Of the last 64 KiB of its output, those that are not empty, fit to be shown.
std::vector<std::string> ScriptRun::last_lines() const {
  if (!fs_.info(folder_.output_path())) return {};
  const auto file = fs_.open(folder_.output_path());
  const std::uint64_t size = file->size_bytes();
  base::Buffer buffer(static_cast<std::size_t>(std::min<std::uint64_t>(size, kTailBytes)));
  buffer.resize(file->read_at(size - buffer.size(), buffer));
  std::string_view text = base::as_text(buffer);
  // The first line was cut in two.
  if (size > kTailBytes) text.remove_prefix(std::min(text.find('\n'), text.size()));
  std::vector<std::string> lines;
  for (const std::string& line : base::split(text, '\n')) {
    lines.push_back(base::printable(line, kLineBytesMax));
  }
  return lines;
}

void ScriptRun::log_output() const {
  const std::vector<std::string> lines = last_lines();
  const std::size_t count = std::min(lines.size(), kLinesLoggedMax);
  if (count < lines.size() || output_bytes() > kTailBytes) {
    log_.info(cat(os::base_name(script_), ": (the first lines are left out)"));
  }
  for (std::size_t i = lines.size() - count; i < lines.size(); ++i) {
    log_.info(cat(os::base_name(script_), ": ", lines[i]));
  }
}

Error ScriptRun::failure(std::string_view what) const {
  std::vector<std::string> words = last_lines();
  if (words.size() > kLastWordsMax) {
    words.erase(words.begin(), words.end() - static_cast<std::ptrdiff_t>(kLastWordsMax));
  }
  const std::string said = words.empty() ? "it printed nothing" : base::join(words, " | ");
  return Error(Code::kUnavailable, cat("the host's ", script_, " ", what, ": ", said),
               "run it by hand on the node to see why; --method native does without it");
}

bool ScriptRun::is_filled(const os::DirectoryEntry& entry) const {
  if (entry.type != os::FileType::kFile) return false;
  const auto info = fs_.info(os::join_path(folder_.files_path(), entry.name));
  return info && info->size_bytes > 0;
}

ScriptRun::Files ScriptRun::files() const {
  std::vector<std::pair<std::string, FileMark>> snapshots;
  std::vector<std::pair<std::string, FileMark>> static_pods;
  bool others = false;
  for (const os::DirectoryEntry& entry : fs_.list(folder_.files_path())) {
    const std::string path = os::join_path(folder_.files_path(), entry.name);
    const auto snapshot = parse_name(entry.name, kSnapshotPrefix, kSnapshotSuffix);
    const auto pods = parse_name(entry.name, kStaticPodsPrefix, kStaticPodsSuffix);
    if (snapshot && is_filled(entry)) {
      snapshots.emplace_back(path, *snapshot);
    } else if (pods && is_filled(entry)) {
      static_pods.emplace_back(path, *pods);
    } else {
      others = true;
    }
  }
  if (others || snapshots.size() != 1 || static_pods.size() != 1 ||
      snapshots[0].second.stamp != static_pods[0].second.stamp) {
    throw failure(
        cat("ended well, but did not leave one snapshot and one archive of the same time ",
            "and nothing else; it left ", describe_files(), "; it said"));
  }
  return {snapshots[0].first, static_pods[0].first,
          snapshots[0].second.possibly_dirty || static_pods[0].second.possibly_dirty};
}

std::string ScriptRun::describe_files() const {
  std::vector<std::string> texts;
  const auto entries = fs_.list(folder_.files_path());
  for (const os::DirectoryEntry& entry : entries) {
    if (texts.size() == kNamesToldMax) {
      texts.push_back(cat("and ", entries.size() - kNamesToldMax, " more"));
      break;
    }
    const bool is_file = entry.type == os::FileType::kFile;
    const bool is_folder = entry.type == os::FileType::kDirectory;
    const bool is_empty = is_file && !is_filled(entry);
    const std::string_view remark = is_empty    ? " (empty)"
                                    : is_file   ? ""
                                    : is_folder ? " (a folder)"
                                                : " (not a regular file)";
    texts.push_back(cat(base::printable(entry.name), remark));
  }
  return texts.empty() ? "nothing" : base::join(texts, ", ");
}

std::string find_or_throw(os::HostTree& host) {
  if (auto script = find_official_script(host)) return *std::move(script);
  throw Error(Code::kNotFound,
              cat("the host has no backup script: neither ", host.show(std::string(kNewScript)),
                  " nor ", host.show(std::string(kOldScript)), " is an executable file"),
              "on a node of OpenShift's control plane it is there once the whole of its root is "
              "mounted; --method native does without it");
}

bool script_mentions(os::HostTree& host, const std::string& script, std::string_view word) {
  const auto text = os::read_host_file(host, script, kScriptBytesMax);
  return text && text->find(word) != text->npos;
}

// The older script kept its name while it learned to leave two files.
void refuse_the_first_releases(os::HostTree& host, const std::string& script) {
  if (script != kOldScript || script_mentions(host, script, kStaticPodsPrefix)) return;
  throw Error(Code::kUnsupported,
              cat(host.show(script), " is of a release (4.1, 4.2) that does not save the static ",
                  "pod resources in a file of their own"),
              "take the backup with --method native");
}

os::ProgramStart plan_start(os::HostTree& host, const std::string& script,
                            const ScriptFolder& folder, bool force) {
  os::ProgramStart start{
      .path = cat("/", script),
      .arguments = {folder.files_path_on_host()},
      // LC_ALL: the time stamps in the names come from date(1).
      .environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                      "HOME=/root", "LC_ALL=C"},
      .output_path = folder.output_path(),
      .root = host.location(),
      .take_descendants = true};
  constexpr const char* kForce = "--force";
  if (force && script_mentions(host, script, kForce)) {
    start.arguments.insert(start.arguments.begin(), kForce);
  }
  return start;
}

}  // namespace

std::optional<std::string> find_official_script(os::HostTree& host) {
  constexpr std::uint32_t kExecutable = 0111;
  for (const std::string_view script : {kNewScript, kOldScript}) {
    const auto info = host.info(std::string(script), os::Links::kFollow);
    const bool is_program =
        info && info->type == os::FileType::kFile && (info->mode & kExecutable) != 0;
    if (is_program) return std::string(script);
  }
  return std::nullopt;
}

std::unique_ptr<ScriptBackup> run_official_script(os::HostTree& host, os::FileSystem& fs,
                                                  os::Programs& programs,
                                                  const ScriptOptions& options, base::Log& log,
                                                  std::stop_token stop) {
  const std::string script = find_or_throw(host);
  refuse_the_first_releases(host, script);
  auto folder = std::make_unique<ScriptFolder>(host, fs, log);
  ScriptRun run(fs, *folder, cat("/", script), options, log);
  run.run(programs, plan_start(host, script, *folder, options.force), stop);
  const auto [snapshot, static_pods, possibly_dirty] = run.files();
  return std::make_unique<FinishedBackup>(std::move(folder), snapshot, static_pods, possibly_dirty);
}

}  // namespace lifeboat::node
