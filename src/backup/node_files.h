// The half of a backup that is not in etcd: what the control plane's node has on its disk.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "backup/node_context.h"
#include "base/progress.h"
#include "node/static_pods.h"
#include "vault/encoding.h"
#include "vault/vault.h"

namespace lifeboat::backup {

// The files of one node on their way into one backup. Used by one thread.
class NodeFiles {
 public:
  // Looks what there is, and will store it in `encoding`. Borrows `context`. Throws what the tree
  // throws.
  NodeFiles(const NodeContext& context, vault::Encoding encoding, std::stop_token stop);

  // What storing them takes at most, roughly.
  std::uint64_t estimated_bytes() const { return node::estimate_size_bytes(pods_); }

  // For a vault that has not that much room: gives up the largest file of the static pods or, where
  // none is large, all of them. False if there is nothing left to give up. The snapshot must not be
  // lost for what lies beside it; what is given up is a warning once the rest is stored.
  bool give_up_some();

  // Stores the static pod resources, if there are any. What can't be read, or finds no room after
  // all, is a warning, since the rest is still worth having. Throws what the vault throws, and
  // kCancelled.
  std::optional<vault::CatalogFile> store_static_pods(vault::ClusterVault& vault,
                                                      const vault::BackupId& id, vault::Mark mark,
                                                      base::Progress& progress);

  // Stores OpenShift's revision.json, which says how far the cluster's revisions had come; nullopt
  // where the node has none.
  std::optional<vault::CatalogFile> store_revision(vault::ClusterVault& vault,
                                                   const vault::BackupId& id);

  // What should be there and was not, or did not come to rest: a sentence each.
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void look_again();

  const NodeContext& context_;
  const vault::Encoding encoding_;
  const std::stop_token stop_;
  node::StaticPods pods_;
  std::vector<std::string> given_up_;  // a sentence each
  std::vector<std::string> warnings_;
};

}  // namespace lifeboat::backup
