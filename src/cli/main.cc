// The program as a process: the real world, signals, and the last catch. What it does is in
// command.h.
#include <nss.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <stop_token>
#include <thread>

#include "base/error.h"
#include "cli/command.h"
#include "os/posix_fs.h"
#include "os/process.h"
#include "os/standard_input.h"
#include "rpc/etcd_client.h"
#include "rpc/tls_probe.h"

namespace lifeboat::cli {
namespace {

// As `nohup` leaves it for what it starts.
bool is_ignored(int number) {
  struct sigaction action = {};
  return ::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// Ends the process as whoever sent the signal expects, so that a shell and a container runtime see
// "killed by SIGTERM" and not an exit status of ours.
[[noreturn]] void die_by_signal(int number) {
  ::signal(number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::raise(number);
  // Process 1 of a container has no default actions: the signal did nothing.
  ::_exit(128 + number);
}

// SIGTERM, SIGINT and SIGHUP (the end of the terminal, or of the ssh session), turned from
// interruptions into a request to stop. A second one ends the process at once, for whoever has no
// patience.
class SignalWatch {
 public:
  // Before any other thread exists, so that all of them inherit the mask.
  SignalWatch() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (!is_ignored(SIGHUP)) sigaddset(&set, SIGHUP);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    // Detached, sharing its state: it sits in sigwait until the process ends, and nothing could
    // wake it for a join.
    std::thread([set, state = state_] {
      state->wait_for_signal(set);
      state->stop.request_stop();
      state->wait_for_signal(set);
      die_by_signal(state->received);
    }).detach();
  }

  std::stop_token token() const { return state_->stop.get_token(); }
  // 0 if none came.
  int received() const { return state_->received; }

 private:
  struct State {
    void wait_for_signal(const sigset_t& set) {
      int number = 0;
      while (::sigwait(&set, &number) != 0) continue;
      received = number;
    }

    std::stop_source stop;
    std::atomic<int> received{0};
  };

  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof(name) - 1) == 0 ? name : "";
}

// Whoever stands in a folder that is gone gets paths as they were given.
std::string working_folder() {
  std::string path(PATH_MAX, '\0');
  return ::getcwd(path.data(), path.size()) == nullptr ? "" : path.c_str();
}

World make_world(base::Source& in, os::FileSystem& fs, const os::Clock& clock,
                 const Environment& environment, os::Programs& programs) {
  return {
      .in = in,
      .out = std::cout,
      .err = std::cerr,
      .fs = fs,
      .clock = clock,
      .environment = environment,
      .programs = programs,
      .connect = &rpc::make_endpoints,
      .connect_key_value = &rpc::make_key_value_endpoint,
      .probe =
          [](const rpc::EndpointUrl& url, const rpc::ClientOptions& options, std::stop_token stop) {
            return rpc::probe_endpoint(url, options, options.connect_timeout, stop);
          },
      .open_host_tree = &os::open_host_tree,
      .make_http_client = &http::make_client,
      .host_name = host_name(),
      .working_folder = working_folder(),
      .err_is_terminal = ::isatty(STDERR_FILENO) == 1};
}

int run(int argc, char** argv, const SignalWatch& signals) {
  const rpc::RpcGuard rpc_guard;
  os::PosixFileSystem fs;
  const os::SystemClock clock;
  const Environment environment = read_environment(environ);
  os::StandardInput in(signals.token());
  os::PosixPrograms programs;
  World world = make_world(in, fs, clock, environment, programs);
  try {
    return run_program({argv + std::min(argc, 1), argv + argc}, world, signals.token());
  } catch (const base::Error& error) {
    if (error.code() != base::Code::kCancelled || signals.received() == 0) throw;
    std::cerr << "stopped by SIG" << ::sigabbrev_np(signals.received())
              << "; nothing half done was left behind\n";
    die_by_signal(signals.received());
  }
}

}  // namespace
}  // namespace lifeboat::cli

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  // A closed pipe is an error like any other, reported and with an exit status.
  ::signal(SIGPIPE, SIG_IGN);
  // So is a file that grows beyond the limit of `ulimit -f`.
  ::signal(SIGXFSZ, SIG_IGN);
  // Keys are in memory: no core dump. The limit of one byte holds also for a dump that goes into a
  // pipe, which 0 does not (core(5)).
  rlimit core = {};
  if (::getrlimit(RLIMIT_CORE, &core) == 0) {
    core.rlim_cur = std::min<rlim_t>(1, core.rlim_max);
    ::setrlimit(RLIMIT_CORE, &core);
  }
  // glibc would load the modules that the host's nsswitch.conf names, and a static binary that
  // loads the shared libraries of an unknown glibc crashes. These two are built in.
  ::__nss_configure_lookup("hosts", "files dns");
  try {
    const lifeboat::cli::SignalWatch signals;
    return lifeboat::cli::run(argc, argv, signals);
  } catch (const std::exception& error) {
    std::cerr << "lifeboat: bug: " << error.what() << '\n';
    return lifeboat::cli::kBug;
  }
}
