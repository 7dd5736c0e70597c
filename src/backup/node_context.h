// The control plane's node as a backup sees it, where there is one to read from.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "node/control_plane.h"
#include "node/official_script.h"
#include "node/settled.h"
#include "os/fs.h"
#include "os/host_tree.h"

namespace lifeboat::backup {

// The files and the world. What is a reference is borrowed.
struct NodeContext {
  os::FileSystem& fs;
  os::HostTree& tree;
  node::Platform platform = node::Platform::kNone;
  std::vector<os::FileId> vaults = {};  // the vaults' folders, which may be on this node
  std::function<node::SettledAnswer(std::stop_token)> ask_whether_settled;
  // With `force` where the script is not to refuse while an operator is progressing.
  std::function<std::unique_ptr<node::ScriptBackup>(bool force, std::stop_token)> run_script;
};

}  // namespace lifeboat::backup
