// Takes one backup: the whole of it as a sequence of steps over interfaces, so that it runs against
// the real etcd and a disk as well as in memory with every call made to fail.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "backup/node_context.h"
#include "backup/other_members.h"
#include "backup/prove.h"
#include "base/log.h"
#include "base/progress.h"
#include "etcd/cluster.h"
#include "os/clock.h"
#include "vault/encoding.h"
#include "vault/retention.h"
#include "vault/vault.h"

namespace lifeboat::backup {

// What a backup is taken with; all borrowed for the call.
struct TakeContext {
  const etcd::Endpoints& endpoints;
  vault::ClusterVault& vault;
  const os::Clock& clock;
  base::Log& log;
  base::Progress& progress;
  // The control plane's node; nullptr: there is none to read from, and etcd is all there is.
  const NodeContext* node = nullptr;
  // What the vault holds, from a caller that holds its lock, and goes on holding it.
  const vault::Inventory* inventory = nullptr;
  // What other vaults hold that the backup goes to as well: its id comes after all of theirs.
  std::vector<vault::Inventory> elsewhere = {};
  // Leads to the members that no endpoint leads to, which are compared with as well; empty: they
  // are left alone.
  ConnectFurther connect_further = {};
};

// Who takes the snapshot: this program, OpenShift's own script, or that and this program where the
// script fails.
enum class Method { kNative, kScript, kAuto };

// What becomes of a backup while OpenShift's control plane is changing: it is not taken, it is
// taken and marked, or nobody asks.
enum class Settled { kRequire, kMark, kIgnore };

struct TakeOptions {
  vault::RetentionPolicy retention;
  ProveOptions prove;
  Method method = Method::kNative;  // anything else needs a node
  Settled settled = Settled::kMark;
  std::string tool_version;
  std::string node;  // host name, for the catalog; may be empty
  // How what comes from the node is stored; the snapshot is plain, to be proven where it lies. What
  // OpenShift's script leaves is read back, so it can't be encrypted: for kNative only.
  vault::Encoding node_files = {};
};

struct TakeResult {
  // As written.
  vault::Catalog backup;
  std::vector<vault::BackupId> pruned;  // by retention, oldest first
  // What went wrong after the backup existed (retention that failed), as sentences.
  std::vector<std::string> late_warnings;
  // Whether any warning is more than a note of what was asked for.
  bool needs_attention = false;
};

// Throws kBusy if another run holds the vault; kUnavailable if no member could be used, the script
// failed, or the control plane is not at rest and has to be; kNoSpace before anything is written if
// it can't fit; kCorrupt if no member gives a snapshot that is whole, or they disagree where
// agreement is required; what the store throws; kCancelled soon after `stop`. Whenever it throws,
// no new backup exists and every backup that was there still is, but for those that retention was
// about to remove and whose room was needed.
TakeResult take_backup(const TakeContext& context, const TakeOptions& options,
                       std::stop_token stop);

}  // namespace lifeboat::backup
