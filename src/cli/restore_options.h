// The flags of a restore, which are etcdutl's and a few more, and what is made of them.
#pragma once

#include <string>
#include <vector>

#include "backup/restore.h"
#include "cli/flags.h"
#include "os/fs.h"

namespace lifeboat::cli {

// As etcdutl has them, defaults included.
struct RestoreFlags {
  std::string data_dir;  // empty: NAME.etcd
  std::string wal_dir;
  std::string name = "default";
  std::string initial_cluster = "default=http://localhost:2380";
  std::string initial_cluster_token = "etcd-cluster";
  std::string initial_advertise_peer_urls;  // empty: what the initial cluster says of NAME
  bool skip_hash_check = false;
  std::string bump_revision = "auto";
  bool mark_compacted = false;
  // More than etcdutl has.
  std::string all_members;  // the folder for the data directories of all members
  std::string etcd_version;
  bool replace = false;
  bool force_corrupt = false;
  std::string owner;
};

void declare_restore_flags(FlagTable& flags, RestoreFlags* target);

// Reads /etc/passwd and /etc/group through `fs` where an owner is given by name. Throws kInvalid
// for flags that can't be right or contradict each other.
backup::RestoreOptions make_restore_options(const RestoreFlags& flags, os::FileSystem& fs);

}  // namespace lifeboat::cli
