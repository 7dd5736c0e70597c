#include "backup/scratch_etcd.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "etcd/etcd_version.h"
#include "os/loopback.h"
#include "os/paths.h"

namespace lifeboat::backup {
namespace {

using base::cat;
using base::Code;
using base::Error;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr milliseconds kLookInterval{50};
constexpr milliseconds kStopGrace{30000};
constexpr milliseconds kVersionTimeout{30000};
// A port that was free can be somebody else's a moment later.
constexpr int kPortAttemptsMax = 3;

constexpr std::uint64_t kLogTailBytes = 64 * 1024;
constexpr std::size_t kLogLineBytesMax = 400;
constexpr std::size_t kLinesToldMax = 3;

// etcd of 2 GiB and more refuses writes unless it is told otherwise.
constexpr std::uint64_t kQuotaBeyondBytes = std::uint64_t{2} << 30;

constexpr etcd::EtcdVersion kLastWithOldLogger{3, 4};

// Nothing of what this program was started with: an ETCD_ variable would be a flag.
std::vector<std::string> environment_in(const std::string& folder) {
  return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
          cat("HOME=", folder)};
}

std::string local_url(std::uint16_t port) { return cat("http://127.0.0.1:", port); }

std::vector<std::string> arguments_for(const ScratchEtcdOptions& options,
                                       const std::string& client_url, const std::string& peer_url) {
  std::vector<std::string> arguments = {
      "--name",
      options.name,
      "--data-dir",
      options.data_dir,
      "--listen-client-urls",
      client_url,
      "--advertise-client-urls",
      client_url,
      // Where it listens for the peers that it does not have. Those that the restore wrote down
      // count for who it is, whatever is said here.
      "--listen-peer-urls",
      peer_url,
      "--initial-advertise-peer-urls",
      peer_url,
      "--initial-cluster",
      cat(options.name, "=", peer_url),
      "--quota-backend-bytes",
      std::to_string(2 * options.db_size_bytes + kQuotaBeyondBytes),
      "--log-outputs",
      "stderr",
  };
  // Its other logger goes to the journal where it thinks that there is one.
  if (etcd::parse_etcd_version(options.version) <= kLastWithOldLogger) {
    arguments.insert(arguments.end(), {"--logger", "zap"});
  }
  return arguments;
}

// The last bytes of a file, "" if there is none.
std::string read_tail(os::FileSystem& fs, const std::string& path) {
  if (!fs.info(path)) return {};
  const auto file = fs.open(path);
  const std::uint64_t size = file->size_bytes();
  base::Buffer buffer(std::min(size, kLogTailBytes));
  buffer.resize(file->read_at(size - buffer.size(), buffer));
  return std::string(base::as_text(buffer));
}

// A line that says why etcd gave up: of what Go prints after it nobody wants the end.
bool tells_the_end(std::string_view line) {
  constexpr std::string_view kSigns[] = {R"("level":"fatal")", R"("level":"panic")",
                                         "panic: ", "fatal error: "};
  return std::ranges::any_of(
      kSigns, [line](std::string_view sign) { return line.find(sign) != line.npos; });
}

std::string describe_log(const std::vector<std::string>& lines) {
  const auto telling = std::ranges::find_if(lines, &tells_the_end);
  if (telling != lines.end()) return cat("etcd's log says: ", *telling);
  const auto count = std::min(lines.size(), kLinesToldMax);
  const std::vector<std::string> last(lines.end() - static_cast<std::ptrdiff_t>(count),
                                      lines.end());
  if (last.empty()) return "it logged nothing";
  return cat("its log ends with: ", base::join(last, " | "));
}

}  // namespace

ScratchEtcd::ScratchEtcd(os::FileSystem& fs, os::Programs& programs, ConnectKeyValue connect,
                         ScratchEtcdOptions options)
    : fs_(fs), programs_(programs), connect_(std::move(connect)), options_(std::move(options)) {}

milliseconds ScratchEtcd::start(std::stop_token stop) {
  const auto begun = Steady::now();
  const auto deadline = begun + options_.start_timeout;
  for (int attempt = 1;; ++attempt) {
    launch();
    if (wait_until_it_serves(deadline, stop)) {
      return std::chrono::duration_cast<milliseconds>(Steady::now() - begun);
    }
    const bool ended = !process_->end().empty();
    if (ended && attempt < kPortAttemptsMax && port_was_taken()) continue;
    const std::string why =
        ended ? cat("it ended with ", process_->end())
              : cat("it does not serve within ", base::format_duration(options_.start_timeout));
    throw Error(Code::kUnavailable,
                cat("etcd ", options_.version, " does not start on the restored data: ", why),
                describe_log(log_lines(kLogTailBytes)));
  }
}

void ScratchEtcd::launch() {
  process_.reset();
  if (fs_.info(log_path())) fs_.remove_file(log_path());
  const auto ports = os::free_loopback_ports(2);
  client_url_ = local_url(ports[0]);
  process_ =
      programs_.start({.path = options_.program,
                       .arguments = arguments_for(options_, client_url_, local_url(ports[1])),
                       .environment = environment_in(options_.folder),
                       .output_path = log_path()});
}

bool ScratchEtcd::wait_until_it_serves(Steady::time_point deadline, const std::stop_token& stop) {
  while (Steady::now() < deadline) {
    if (process_->wait(kLookInterval, stop)) return false;
    if (serves(stop)) return true;
  }
  return false;
}

// Asks over a new connection each time: one that was refused once may stay so.
bool ScratchEtcd::serves(const std::stop_token& stop) {
  endpoint_ = connect_(client_url_);
  try {
    const etcd::MemberStatus status = endpoint_->status(stop);
    if (status.cluster_id != options_.cluster_id || status.leader_id == 0) return false;
    endpoint_->alarms(stop);  // through raft
    return true;
  } catch (const Error& error) {
    // Not yet.
    if (error.code() == Code::kUnavailable) return false;
    throw;
  }
}

bool ScratchEtcd::port_was_taken() {
  const auto lines = log_lines(kLogTailBytes);
  return std::ranges::any_of(lines, [](const std::string& line) {
    return line.find("address already in use") != line.npos;
  });
}

bool ScratchEtcd::stop(std::stop_token stop) {
  // It waits for its clients to go.
  endpoint_.reset();
  return process_->shut_down(kStopGrace, std::move(stop));
}

std::string ScratchEtcd::end() const {
  if (process_ == nullptr) return {};
  process_->wait(milliseconds(0), {});
  return process_->end();
}

std::vector<std::string> ScratchEtcd::log_lines(std::size_t count_max) {
  std::vector<std::string> lines;
  for (const std::string& line : base::split(read_tail(fs_, log_path()), '\n')) {
    lines.push_back(base::printable(line, kLogLineBytesMax));
  }
  if (lines.size() > count_max) {
    lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count_max));
  }
  return lines;
}

std::string ScratchEtcd::log_path() const { return os::join_path(options_.folder, "etcd.log"); }

std::string ask_etcd_version(os::FileSystem& fs, os::Programs& programs, const std::string& program,
                             const std::string& folder, std::stop_token stop) {
  constexpr std::string_view kPrefix = "etcd Version: ";
  const std::string answer = os::join_path(folder, "version");
  const auto process = programs.start({.path = program,
                                       .arguments = {"--version"},
                                       .environment = environment_in(folder),
                                       .output_path = answer});
  process->wait(kVersionTimeout, std::move(stop));
  for (const std::string& line : base::split(read_tail(fs, answer), '\n')) {
    if (!line.starts_with(kPrefix)) continue;
    // Distributors put words of their own behind the numbers.
    std::string version = line.substr(kPrefix.size());
    version.resize(std::min(version.find_first_not_of("0123456789."), version.size()));
    etcd::parse_etcd_version(version);
    return version;
  }
  throw Error(Code::kInvalid,
              cat(base::printable(program, 1000), " is no etcd: it does not tell its version"),
              "name the etcd binary with --etcd PATH");
}

}  // namespace lifeboat::backup
