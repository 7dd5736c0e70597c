// A real etcd, started on a restored data directory for nobody but this program: one member, on
// 127.0.0.1 only, on ports that were free.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "etcd/key_value_endpoint.h"
#include "os/fs.h"
#include "os/process.h"

namespace lifeboat::backup {

// Connects to an etcd by its URL.
using ConnectKeyValue =
    std::function<std::unique_ptr<etcd::KeyValueEndpoint>(const std::string& url)>;

struct ScratchEtcdOptions {
  std::string program;           // its path
  std::string version;           // "3.5.30", as it says itself
  std::string folder;            // for its log
  std::string data_dir;          // as a restore has made it
  std::string name;              // of the member
  std::uint64_t cluster_id = 0;  // that it has to answer with: a stranger may sit on the port
  std::uint64_t db_size_bytes = 0;
  std::chrono::milliseconds start_timeout{};
};

// Used by one thread. Ends with its object.
class ScratchEtcd {
 public:
  // Starts nothing yet. Borrows `fs` and `programs`.
  ScratchEtcd(os::FileSystem& fs, os::Programs& programs, ConnectKeyValue connect,
              ScratchEtcdOptions options);

  // Starts it and waits until it leads itself and answers through raft; returns how long that took.
  // Throws kUnavailable, with what it logged as the hint, if it ends before or takes too long.
  std::chrono::milliseconds start(std::stop_token stop);

  // While it runs.
  etcd::KeyValueEndpoint& endpoint() { return *endpoint_; }

  // As its service would be stopped. False if it had to be killed.
  bool stop(std::stop_token stop);

  // "exit status 1", "signal 9"; "" while it runs, or before it was started.
  std::string end() const;

  // The last lines of its log, fit for a terminal each.
  std::vector<std::string> log_lines(std::size_t count_max);

 private:
  void launch();
  bool serves(const std::stop_token& stop);
  // Whether it serves before the deadline and before it ends.
  bool wait_until_it_serves(std::chrono::steady_clock::time_point deadline,
                            const std::stop_token& stop);
  bool port_was_taken();
  std::string log_path() const;

  os::FileSystem& fs_;
  os::Programs& programs_;
  const ConnectKeyValue connect_;
  const ScratchEtcdOptions options_;
  std::string client_url_;
  std::unique_ptr<etcd::KeyValueEndpoint> endpoint_;
  std::unique_ptr<os::Process> process_;
};

// What `etcd --version` says: "3.5.30". Keeps its output in `folder`. Throws kInvalid if the
// program is no etcd, and what Programs::start throws.
std::string ask_etcd_version(os::FileSystem& fs, os::Programs& programs, const std::string& program,
                             const std::string& folder, std::stop_token stop);

}  // namespace lifeboat::backup
