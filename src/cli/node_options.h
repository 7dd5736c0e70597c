// The flags of the control plane's node, and what is made of them.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backup/node_context.h"
#include "backup/take.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/options.h"
#include "node/control_plane.h"
#include "os/host_tree.h"

namespace lifeboat::cli {

struct NodeOptions {
  std::string host_root;  // empty: no node is read
  std::string platform = "auto";
};

void declare_node_flags(FlagTable& flags, NodeOptions* options);

// How a backup is taken on a node.
struct MethodOptions {
  std::string method = "native";
  std::string settled = "mark";
  std::chrono::milliseconds script_timeout = node::ScriptOptions().timeout;
};

// Those that also say what there is to check beforehand.
void declare_method_flags(FlagTable& flags, MethodOptions* options);
void declare_script_flags(FlagTable& flags, MethodOptions* options);

// A node that was opened.
struct Node {
  std::unique_ptr<os::HostTree> tree;
  node::ControlPlane control_plane;
};

// The node that the flags name; nullopt if they name none. How its etcd is reached is read only
// where `etcd` leaves it open. Throws kInvalid for flags that contradict each other, kNotFound if
// the folder or a control plane in it is not there: a mount that is missing must not go unnoticed.
std::optional<Node> open_node(const NodeOptions& options, const EtcdOptions& etcd, World& world);

// How etcd is reached: what was given with flags, and the rest as `node` says, if there is one.
// Throws as make_client_options does.
rpc::ClientOptions make_client_options(const EtcdOptions& options, const std::optional<Node>& node,
                                       os::FileSystem& fs);

// As the cluster calls the node, or as this machine is called.
std::string node_name(const std::optional<Node>& node, const World& world);

// Throws kInvalid for a method that there is no node for, and for a control plane that is required
// to be at rest where nobody can be asked.
void apply_method(const MethodOptions& options, const std::optional<Node>& node,
                  backup::TakeOptions* take);

// What a backup into `vaults` needs of the node; nullopt if there is none. Borrows all it is given,
// and the world.
std::optional<backup::NodeContext> make_node_context(const std::vector<std::string>& vaults,
                                                     const MethodOptions& method,
                                                     const std::optional<Node>& node,
                                                     Context& context);

}  // namespace lifeboat::cli
