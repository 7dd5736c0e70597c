// The etcd program in memory: started on a data directory in a FaultFs, it serves what the database
// there holds, as far as a drill asks for it. A test makes it lie, forget or die.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "etcd/key_value_endpoint.h"
#include "os/fs.h"
#include "os/process.h"

namespace lifeboat::testing {

struct FakeEtcd {
  // Tests change these between runs, and while one is going on from `on_call`.
  std::string version_output = "etcd Version: 3.5.30\nGit SHA: none\n";
  std::optional<std::string> path = "/usr/bin/etcd";  // where it is found; nullopt: nowhere
  std::string log;                                    // what it writes at its start
  int starts_that_fail = 0;                           // so many first starts end at once
  bool never_serves = false;
  int calls_too_early = 0;   // so many first calls are refused, and all over the same connection
  bool is_stranger = false;  // somebody else's etcd answers on the port
  bool ignores_sigterm = false;
  bool forgets_writes = false;  // over a restart
  // Instead of what the database holds.
  std::optional<std::uint32_t> hash;
  std::optional<std::uint64_t> keys;
  std::function<std::optional<etcd::StoredKey>(std::optional<etcd::StoredKey>)> on_get;
  // Before each call that a client makes, by its name: "hash_kv", "get", ...
  std::function<void(const std::string&)> on_call;

  // What was seen.
  std::vector<os::ProgramStart> started;
  int living = 0;  // processes that were not ended

  // Ends it as a crash would: further calls find nobody.
  void crash() { crashed_ = true; }

  // Borrow `fs` and this.
  std::unique_ptr<os::Programs> programs(os::FileSystem& fs);
  std::unique_ptr<etcd::KeyValueEndpoint> connect(const std::string& url);

 private:
  friend class FakePrograms;
  friend class FakeEtcdProcess;
  friend class FakeKeyValueEndpoint;

  struct Database {
    base::Buffer image;
    std::uint64_t cluster_id = 0;
    std::map<std::string, etcd::StoredKey> keys;  // live ones
  };

  void load(os::FileSystem& fs, const std::string& data_dir);

  std::optional<Database> database_;  // that is served now
  std::map<std::string, std::string> written_;
  bool crashed_ = false;
};

}  // namespace lifeboat::testing
