// Runs OpenShift's own backup script on the node: /usr/local/bin/cluster-backup.sh (4.4 and later)
// or etcd-snapshot-backup.sh (before), in a chroot of the host's root, as its documentation has the
// operator do by hand. Takes root and the whole of the host's root, writable.
//
// The script gets a fresh folder of its own on the host, a clean environment and a deadline.
// Whatever happens to it, nothing of it stays: not its folder, and no process that it started. Only
// SIGKILL for this program leaves the folder behind.
//
// The etcd-snapshot-backup.sh of the first releases (4.1, early 4.2: a database at the path of a
// file; then one archive for both) is not run. It has no static pod resources in a file of their
// own, and leaves copies of certificates in the folder that it is started in.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "os/fs.h"
#include "os/host_tree.h"
#include "os/process.h"

namespace lifeboat::node {

struct ScriptOptions {
  std::chrono::milliseconds timeout{900'000};  // what OpenShift gives its own Job
  // From SIGTERM to SIGKILL: at the deadline, and when this program is asked to stop, which has to
  // be within a second.
  std::chrono::milliseconds grace{10'000};
  std::chrono::milliseconds stop_grace{500};
  // --force: don't ask whether the operators are progressing. A script that does not know the flag
  // never asks.
  bool force = false;
};

// The two files that the script left, in a folder that goes with this object; a folder that can't
// be removed is a warning in the log.
class ScriptBackup {
 public:
  virtual ~ScriptBackup() = default;

  // As this program sees them.
  virtual const std::string& snapshot_path() const = 0;
  virtual const std::string& static_pods_path() const = 0;
  // Whether the script itself marked them as taken while an operator was progressing.
  virtual bool possibly_dirty() const = 0;
};

// The script's path on the host ("usr/local/bin/cluster-backup.sh"), or nullopt if it has none that
// is an executable file.
std::optional<std::string> find_official_script(os::HostTree& host);

// The folders that runs left behind that were killed, as this program sees them; none where it may
// not look. Where it may not lock them, one of a run that goes on may be among them.
std::vector<std::string> find_script_leftovers(os::HostTree& host, os::FileSystem& fs);

// Removes those that it may remove. Returns what went wrong with the others, a sentence each.
std::vector<std::string> remove_script_leftovers(os::HostTree& host, os::FileSystem& fs,
                                                 base::Log& log);

// Runs it, with host.location() as its root, which `fs` has to know under the same name. What it
// prints goes to `log`, line by line, at the end. Throws kNotFound if the host has no such script,
// kUnsupported for one of the first releases; kDenied if this program may not change its root or
// write on the host; kUnavailable if the script fails (with its exit status and last words),
// exceeds the deadline, or leaves other than the two files; kCancelled. Borrows `fs` and `log` for
// as long as the result lives.
std::unique_ptr<ScriptBackup> run_official_script(os::HostTree& host, os::FileSystem& fs,
                                                  os::Programs& programs,
                                                  const ScriptOptions& options, base::Log& log,
                                                  std::stop_token stop);

}  // namespace lifeboat::node
