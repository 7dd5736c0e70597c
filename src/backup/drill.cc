#include "backup/drill.h"

#include <algorithm>
#include <utility>

#include "backup/live_check.h"
#include "backup/sample.h"
#include "backup/scratch_folder.h"
#include "backup/space.h"
#include "base/error.h"
#include "base/random.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/units.h"
#include "etcd/data_dir.h"
#include "os/paths.h"

namespace lifeboat::backup {
namespace {

using base::as_bytes;
using base::cat;
using base::Code;
using base::Error;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr const char* kMemberName = "drill";
// Of a member that nobody reaches there.
constexpr const char* kInitialCluster = "drill=http://127.0.0.1:2380";

// etcd lays out two files of its write-ahead log, whatever is in them.
constexpr std::uint64_t kLogBytes = 2 * etcd::kWalFileSizeBytes;

constexpr std::size_t kDifferencesToldMax = 3;
constexpr std::size_t kLogLinesKept = 40;

std::string describe(const etcd::HashKv& hash) {
  return cat(hash.hash, " at revision ", hash.revision,
             hash.compact_revision < 0 ? "" : cat(", compacted at ", hash.compact_revision));
}

// What differs between two answers for one key, in words; "" if nothing does.
std::string difference(const etcd::StoredKey& expected,
                       const std::optional<etcd::StoredKey>& actual) {
  if (!actual) return "etcd does not have it";
  if (expected == *actual) return {};
  std::vector<std::string> parts;
  const auto compare = [&parts](std::string_view what, std::int64_t wanted, std::int64_t got) {
    if (wanted != got) parts.push_back(cat(what, " ", got, " instead of ", wanted));
  };
  if (expected.value != actual->value) parts.emplace_back("another value");
  compare("mod revision", expected.mod_revision, actual->mod_revision);
  compare("create revision", expected.create_revision, actual->create_revision);
  compare("version", expected.version, actual->version);
  compare("lease", expected.lease, actual->lease);
  return base::join(parts, ", ");
}

// One run. What it learns goes from step to step through the members.
class Drill {
 public:
  Drill(const DrillContext& context, const RestoreSource& source, const DrillOptions& options,
        std::stop_token stop)
      : context_(context),
        fs_(context.restore.fs),
        source_(source),
        options_(options),
        stop_(std::move(stop)),
        scratch_(fs_, options.scratch, context.restore.log) {
    LIFEBOAT_CHECK(source_.stream == nullptr);
  }

  DrillResult run() {
    result_.subject = source_.name;
    result_.started = context_.restore.clock.now();
    result_.etcd_program = options_.etcd_program;
    result_.etcd_version =
        ask_etcd_version(fs_, context_.programs, options_.etcd_program, scratch_.path(), stop_);
    check_space();
    if (restore()) rehearse();
    result_.finished = context_.restore.clock.now();
    return std::move(result_);
  }

 private:
  void check_space() {
    const std::uint64_t needed = needed_bytes(source_.open()->size_bytes()) + kLogBytes;
    const std::uint64_t available = fs_.available_bytes(scratch_.path());
    if (available >= needed) return;
    throw Error(Code::kNoSpace,
                cat("the drill needs ", base::format_size(needed), " in ",
                    base::printable(options_.scratch, 1000), ", where ",
                    base::format_size(available), " are free"),
                "name a folder with more room with --scratch DIR");
  }

  std::string data_dir() const { return os::join_path(scratch_.path(), "data"); }

  // Whether there is something to start etcd on. Damage is what a drill is there to find.
  bool restore() {
    RestoreOptions restore;
    restore.initial_cluster = {
        .members = kInitialCluster,
        .token = cat("lifeboat-drill-", base::to_hex_id(base::random_number()))};
    restore.members = {{.name = kMemberName, .target = {.data_dir = data_dir(), .wal_dir = {}}}};
    restore.etcd_version = result_.etcd_version;
    restore.bump_amount = 0;
    restore.skip_hash_check = options_.skip_hash_check;
    restore.turn_auth_off = true;
    const auto begun = Steady::now();
    try {
      restored_ = restore_snapshot(context_.restore, source_, restore, stop_);
    } catch (const Error& error) {
      if (error.code() != Code::kCorrupt) throw;
      add_check("restore", false, "a whole snapshot", error.what());
      return false;
    }
    result_.restore_time = since(begun);
    result_.revision = restored_.revision;
    result_.size_bytes = restored_.size_bytes;
    result_.notes = restored_.notes;
    result_.notes.insert(result_.notes.end(), restored_.warnings.begin(), restored_.warnings.end());
    add_check("restore", true, "a whole snapshot",
              cat("restored in ", base::format_duration(*result_.restore_time)));
    return true;
  }

  // From here on etcd itself may fail, and then this is the result.
  void rehearse() {
    ScratchEtcd etcd(fs_, context_.programs, context_.connect, etcd_options());
    try {
      step_ = "boot";
      result_.boot_time = start(etcd);
      compare_hash(etcd.endpoint());
      compare_count(etcd.endpoint());
      compare_sample(etcd.endpoint());
      write_and_restart(etcd);
      stop_etcd(etcd);
    } catch (const Error& error) {
      if (error.code() != Code::kUnavailable && error.code() != Code::kDenied) throw;
      etcd_failed(etcd, error);
    }
  }

  ScratchEtcdOptions etcd_options() const {
    return {.program = options_.etcd_program,
            .version = result_.etcd_version,
            .folder = scratch_.path(),
            .data_dir = data_dir(),
            .name = kMemberName,
            .cluster_id = restored_.cluster_id,
            .db_size_bytes = restored_.size_bytes,
            .start_timeout = options_.timeout};
  }

  milliseconds start(ScratchEtcd& etcd) {
    const milliseconds took = etcd.start(stop_);
    add_check(step_, true, cat("etcd serves within ", base::format_duration(options_.timeout)),
              cat("after ", base::format_duration(took)));
    return took;
  }

  void compare_hash(etcd::KeyValueEndpoint& etcd) {
    step_ = "hash_kv";
    result_.expected_hash = restored_.hash_kv;
    if (options_.expected_hash &&
        options_.expected_hash->compact_revision == restored_.hash_kv.compact_revision) {
      result_.expected_hash = options_.expected_hash;
    } else if (options_.expected_hash) {
      result_.notes.push_back(cat(
          "the catalog's HashKV is for a compaction at ", options_.expected_hash->compact_revision,
          ", which came after the snapshot; etcd was compared with the snapshot's records"));
    }
    const etcd::HashKv& expected = *result_.expected_hash;
    result_.actual_hash = ask_for_hash(
        etcd, {.compact_revision = expected.compact_revision, .revision = expected.revision},
        stop_);
    add_check(step_, *result_.expected_hash == *result_.actual_hash,
              describe(*result_.expected_hash), describe(*result_.actual_hash));
  }

  void compare_count(etcd::KeyValueEndpoint& etcd) {
    step_ = "keys";
    result_.expected_keys = options_.expected_keys.value_or(restored_.keys);
    result_.actual_keys = etcd.count_keys(restored_.revision, stop_);
    add_check(step_, *result_.expected_keys == *result_.actual_keys,
              std::to_string(*result_.expected_keys), std::to_string(*result_.actual_keys));
  }

  // At the snapshot's revision, so that no lease that ends meanwhile makes a difference.
  void compare_sample(etcd::KeyValueEndpoint& etcd) {
    step_ = "sample";
    const auto snapshot = source_.open();
    const auto sample = sample_keys(*snapshot, {.seed = base::random_number()}, stop_);
    std::vector<std::string> differences;
    for (const SampledKey& sampled : sample) {
      base::throw_if_stopped(stop_);
      const auto answer = etcd.get(as_bytes(sampled.key), restored_.revision, stop_);
      const std::string differs = difference(read_sampled(*snapshot, sampled), answer);
      if (!differs.empty()) {
        differences.push_back(cat(base::printable(sampled.key), ": ", differs));
      }
    }
    result_.sampled_keys = sample.size();
    const std::string count = base::count_of(sample.size(), "key");
    add_check(step_, differences.empty(), cat(count, " read back byte for byte"),
              differences.empty() ? cat(count, " equal") : describe_differences(differences));
  }

  static std::string describe_differences(std::vector<std::string> differences) {
    const std::string count = cat(differences.size(), " differ: ");
    if (differences.size() > kDifferencesToldMax) differences.resize(kDifferencesToldMax);
    return cat(count, base::join(differences, "; "));
  }

  void write_and_restart(ScratchEtcd& etcd) {
    const std::string key = cat("lifeboat-drill/", base::to_hex_id(base::random_number()));
    const std::string value = base::format_time(result_.started);
    step_ = "write";
    etcd.endpoint().put(as_bytes(key), as_bytes(value), stop_);
    check_key(etcd, key, value);
    stop_etcd(etcd);
    step_ = "restart";
    result_.restart_time = start(etcd);
    step_ = "write";
    check_key(etcd, key, value);
  }

  void check_key(ScratchEtcd& etcd, const std::string& key, const std::string& value) {
    const auto answer = etcd.endpoint().get(as_bytes(key), 0, stop_);
    const bool same = answer && answer->value == value;
    const bool again = result_.restart_time.has_value();
    add_check(step_, same, again ? "the new key is there after a restart" : "a key can be written",
              same     ? (again ? "still there" : "written and read")
              : answer ? "its value is another"
                       : "it is not there");
  }

  void stop_etcd(ScratchEtcd& etcd) {
    step_ = "stop";
    const bool by_itself = etcd.stop(stop_);
    if (by_itself && !result_.restart_time) return;
    add_check(step_, by_itself, "etcd stops when it is asked to",
              by_itself ? "stopped" : "it had to be killed");
  }

  void etcd_failed(ScratchEtcd& etcd, const Error& error) {
    const std::string end = etcd.end();
    result_.etcd_log = etcd.log_lines(kLogLinesKept);
    const bool died = !end.empty() && step_ != "boot" && step_ != "restart";
    result_.etcd_failure =
        died ? Error(Code::kUnavailable, cat("etcd ended with ", end, " during the drill"),
                     cat("it did so at the check ", step_))
             : error;
    add_check(step_, false, "etcd answers", result_.etcd_failure->what());
  }

  void add_check(const std::string& name, bool ok, std::string expected, std::string actual) {
    result_.checks.push_back({name, ok, std::move(expected), std::move(actual)});
    const DrillCheck& check = result_.checks.back();
    if (ok) {
      context_.restore.log.info(cat("drill: ", name, ": ", check.actual));
    } else {
      context_.restore.log.warning(
          cat("drill: ", name, ": ", check.actual, "; expected: ", check.expected));
    }
  }

  static milliseconds since(Steady::time_point begun) {
    return std::chrono::duration_cast<milliseconds>(Steady::now() - begun);
  }

  const DrillContext& context_;
  os::FileSystem& fs_;
  const RestoreSource& source_;
  const DrillOptions& options_;
  const std::stop_token stop_;

  // Outlives what works in it.
  const ScratchFolder scratch_;
  RestoreResult restored_;
  std::string step_;  // the check that is being made
  DrillResult result_;
};

}  // namespace

bool DrillResult::ok() const {
  const bool complete = restart_time.has_value() && !etcd_failure;
  return complete && std::ranges::all_of(checks, &DrillCheck::ok);
}

std::optional<milliseconds> DrillResult::recovery_time() const {
  if (!restore_time || !boot_time) return std::nullopt;
  return *restore_time + *boot_time;
}

DrillResult run_drill(const DrillContext& context, const RestoreSource& source,
                      const DrillOptions& options, std::stop_token stop) {
  return Drill(context, source, options, std::move(stop)).run();
}

}  // namespace lifeboat::backup
