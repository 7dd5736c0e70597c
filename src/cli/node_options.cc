#include "cli/node_options.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

using base::cat;
using base::Code;
using base::Error;
using node::Platform;

constexpr Platform kPlatforms[] = {Platform::kNone, Platform::kOpenShift, Platform::kKubeadm,
                                   Platform::kK3s, Platform::kRke2};

std::vector<std::string> platform_choices() {
  std::vector<std::string> choices{"auto"};
  for (const Platform platform : kPlatforms) choices.emplace_back(platform_name(platform));
  return choices;
}

Platform choose_platform(const NodeOptions& options, os::HostTree& tree) {
  for (const Platform platform : kPlatforms) {
    if (options.platform == platform_name(platform)) return platform;
  }
  const Platform found = node::detect_platform(tree);
  if (found != Platform::kNone) return found;
  throw Error(Code::kNotFound,
              cat("--host-root: there is no control plane that this program knows below ",
                  base::printable(tree.location(), 1000)),
              "mount the node's /etc/kubernetes (k3s, RKE2: /var/lib/rancher) there, or say what "
              "it is with --platform");
}

// For all four operators together: it is asked once, at the beginning.
constexpr std::chrono::seconds kSettledTimeout{15};

rpc::PemFile pem(const node::NodePem& file) { return {file.path, file.content}; }

// Then nothing of what the node says about its etcd would be used.
bool says_all(const EtcdOptions& etcd) {
  return !etcd.endpoints.empty() && !etcd.cacert.empty() && !etcd.cert.empty();
}

// Those of the vaults that are folders.
std::vector<os::FileId> find_folders(const std::vector<std::string>& vaults, const World& world) {
  std::vector<os::FileId> folders;
  for (const std::string& vault : vaults) {
    if (const auto folder = folder_id(vault, world)) folders.push_back(*folder);
  }
  return folders;
}

// No flag's help tells how a file of the node is mended.
node::ControlPlane read_control_plane(os::HostTree& tree, Platform platform,
                                      const std::string& host_name) {
  try {
    return node::find_control_plane(tree, platform, host_name);
  } catch (const Error& error) {
    if (error.code() != Code::kInvalid || !error.hint().empty()) throw;
    throw Error(error.code(), error.what(),
                "mend the file on the node, or do without it: give --endpoints, --cacert, --cert "
                "and --key");
  }
}

bool is_plain(const std::string& endpoint) { return endpoint.starts_with("http://"); }

}  // namespace

void declare_node_flags(FlagTable& flags, NodeOptions* options) {
  flags.group("Control plane");
  flags.text("host-root", "DIR", "where the control plane node's / is, or the mounted parts of it",
             &options->host_root);
  flags.choice("platform", platform_choices(), "what kind of node it is", &options->platform);
}

void declare_method_flags(FlagTable& flags, MethodOptions* options) {
  flags.choice("method", {"native", "auto", "script"},
               "who takes the backup: this program, OpenShift's own script on the node, or that "
               "and this program where it fails",
               &options->method);
  flags.choice("settled", {"require", "mark", "ignore"},
               "what to do while OpenShift's control plane is changing: fail, mark the backup, or "
               "not even ask",
               &options->settled);
}

void declare_script_flags(FlagTable& flags, MethodOptions* options) {
  flags.duration("script-timeout", "how long OpenShift's script may take",
                 &options->script_timeout);
}

std::optional<Node> open_node(const NodeOptions& options, const EtcdOptions& etcd, World& world) {
  if (options.host_root.empty()) {
    if (options.platform == "auto" || options.platform == "none") return std::nullopt;
    throw Error(Code::kInvalid, cat("--platform ", options.platform, " needs --host-root"),
                "say where the node's / is, with --host-root DIR");
  }
  Node node{world.open_host_tree(options.host_root), {}};
  const Platform platform = choose_platform(options, *node.tree);
  if (says_all(etcd)) {
    node.control_plane.platform = platform;
  } else {
    node.control_plane = read_control_plane(*node.tree, platform, world.host_name);
  }
  return node;
}

rpc::ClientOptions make_client_options(const EtcdOptions& options, const std::optional<Node>& node,
                                       os::FileSystem& fs) {
  rpc::ClientOptions client = make_client_options(options, fs);
  if (!node || !node->control_plane.etcd) return client;
  const node::EtcdAccess& found = *node->control_plane.etcd;
  if (options.endpoints.empty()) client.endpoints = found.endpoints;
  if (std::ranges::all_of(client.endpoints, is_plain)) return client;
  if (!client.ca.given() && !client.skip_verify) client.ca = pem(found.ca);
  if (!client.cert.given() && !client.key.given()) {
    client.cert = pem(found.cert);
    client.key = pem(found.key);
  }
  return client;
}

std::string node_name(const std::optional<Node>& node, const World& world) {
  const bool known = node && !node->control_plane.node_name.empty();
  return known ? node->control_plane.node_name : world.host_name;
}

void apply_method(const MethodOptions& options, const std::optional<Node>& node,
                  backup::TakeOptions* take) {
  using backup::Method;
  using backup::Settled;
  if (options.method != "native" && !node) {
    throw Error(Code::kInvalid, cat("--method ", options.method, " needs --host-root"),
                "the script is on the control plane's node: say where that node's / is");
  }
  const bool can_ask = node && node->control_plane.platform == Platform::kOpenShift;
  if (options.settled == "require" && !can_ask) {
    throw Error(Code::kInvalid,
                node ? cat("--settled require needs a node of OpenShift, and this one is ",
                           platform_name(node->control_plane.platform))
                     : std::string("--settled require needs --host-root"),
                "it is the node of an OpenShift control plane that can be asked whether its "
                "operators are at rest; leave it out where there is none");
  }
  take->method = options.method == "script" ? Method::kScript
                 : options.method == "auto" ? Method::kAuto
                                            : Method::kNative;
  take->settled = options.settled == "require"  ? Settled::kRequire
                  : options.settled == "ignore" ? Settled::kIgnore
                                                : Settled::kMark;
}

std::optional<backup::NodeContext> make_node_context(const std::vector<std::string>& vaults,
                                                     const MethodOptions& method,
                                                     const std::optional<Node>& node,
                                                     Context& context) {
  if (!node) return std::nullopt;
  World& world = context.world;
  const auto ask = [&world, &node](std::stop_token stop) {
    return node::ask_whether_settled(*node->tree, world.make_http_client, kSettledTimeout,
                                     std::move(stop));
  };
  const auto run = [&world, &node, &method, &context](bool force, std::stop_token stop) {
    node::ScriptOptions script;
    script.timeout = method.script_timeout;
    script.force = force;
    return node::run_official_script(*node->tree, world.fs, world.programs, script, context.log,
                                     std::move(stop));
  };
  return backup::NodeContext{.fs = world.fs,
                             .tree = *node->tree,
                             .platform = node->control_plane.platform,
                             .vaults = find_folders(vaults, world),
                             .ask_whether_settled = ask,
                             .run_script = run};
}

}  // namespace lifeboat::cli
