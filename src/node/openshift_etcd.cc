// Since 4.4 the etcd operator leaves a file of variables on the node for its own backup script
// (pkg/etcdenvvar and bindata/etcd of openshift/cluster-etcd-operator). Before, etcd was a static
// pod of the machine-config operator (templates/master/00-master/_base/files/
// etc-kubernetes-manifests-etcd-member.yaml, release-4.1 to 4.3), and members were known by the DNS
// names in their certificates' file names.
#include "node/openshift_etcd.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "node/node_files.h"
#include "node/shell_assignments.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr std::string_view kFolder = "etc/kubernetes";
constexpr std::string_view kCertsFolder = "etc/kubernetes/static-pod-resources/etcd-certs";
constexpr std::string_view kEnvFile =
    "etc/kubernetes/static-pod-resources/etcd-certs/configmaps/etcd-scripts/etcd.env";
constexpr std::string_view kMemberFolder = "etc/kubernetes/static-pod-resources/etcd-member";

// What the operator's pods see as the former is the latter on the node.
constexpr std::string_view kPodCerts = "static-pod-certs";
constexpr std::string_view kNodeCerts = "static-pod-resources/etcd-certs";

// Where nobody has put the node's name in yet.
constexpr std::string_view kPlaceholder = "NODE_NAME";

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// "x/PREFIXname.crt" gives "name"; empty if `path` is no such path.
std::string name_in_cert_path(std::string_view path, std::string_view prefix) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (!name.starts_with(prefix) || !name.ends_with(".crt")) return {};
  name.remove_suffix(4);
  return std::string(name.substr(std::min(prefix.size(), name.size())));
}

std::string first_label(const std::string& name) { return name.substr(0, name.find('.')); }

// The node's name in the names of variables: "cp-0.example.com" is "cp_0_example_com".
std::string variable_part(std::string name) {
  std::ranges::replace_if(
      name,
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
      },
      '_');
  return name;
}

// What the etcd operator of 4.4 and later says.
class EtcdEnv {
 public:
  // Borrows both.
  EtcdEnv(os::HostTree& host, const std::string& host_name)
      : host_(host), host_name_(host_name), shown_(host.show(std::string(kEnvFile))) {
    const std::string text =
        require_node_file(host, std::string(kEnvFile),
                          "the variables that the etcd operator leaves on the node", kFolder);
    variables_ = parse_shell_assignments(text, shown_);
    node_name_ = find_node_name();
  }

  ControlPlane read() const {
    return {.platform = Platform::kOpenShift,
            .node_name = node_name_,
            .etcd = EtcdAccess{
                .endpoints = endpoints(),
                .ca = pem("ETCDCTL_CACERT", "the CA certificate of etcd"),
                .cert = pem("ETCDCTL_CERT", "the client certificate for etcd"),
                .key = pem("ETCDCTL_KEY", "the key of the client certificate for etcd")}};
  }

 private:
  // Empty if it is not set.
  std::string value(const std::string& name) const {
    const auto found = variables_.find(name);
    return found == variables_.end() ? std::string() : found->second;
  }

  [[noreturn]] void refuse(std::string_view why) const {
    throw Error(Code::kInvalid, cat(base::printable(shown_, 1000), ": ", why),
                "give --platform none with --endpoints, --cacert, --cert and --key");
  }

  std::string required(const std::string& name) const {
    std::string text = value(name);
    if (text.empty()) refuse(cat(name, " is not set"));
    return text;
  }

  std::string find_node_name() const {
    std::string name = name_in_cert_path(value("ETCDCTL_CERT"), "etcd-peer-");
    return name.empty() || name == kPlaceholder ? match_host_name() : name;
  }

  // The node that this machine is, of those that the file names: by the whole name, or by what
  // stands before the first dot where that is one node's only.
  std::string match_host_name() const {
    std::vector<std::string> similar;
    for (const auto& [name, node] : variables_) {
      if (!name.starts_with("NODE_") || !name.ends_with("_ETCD_NAME")) continue;
      if (node == host_name_) return node;
      if (first_label(node) == first_label(host_name_)) similar.push_back(node);
    }
    return similar.size() == 1 ? similar.front() : host_name_;
  }

  std::vector<std::string> endpoints() const {
    // The other list may hold the bootstrap machine, which is gone once the cluster stands.
    std::string listed = value("ETCDCTL_ENDPOINTS");
    if (listed.empty()) listed = value("ALL_ETCD_ENDPOINTS");
    std::vector<std::string> all = base::split(listed, ',');
    const std::string own = own_endpoint(all);
    if (!own.empty()) all.insert(all.begin(), own);
    if (all.empty()) refuse("neither ETCDCTL_ENDPOINTS nor this node's address is set");
    return without_repetitions(all);
  }

  std::string own_endpoint(const std::vector<std::string>& all) const {
    const std::string prefix = cat("NODE_", variable_part(node_name_));
    std::string address = value(prefix + "_IP");
    if (address.empty()) address = value(prefix + "_ETCD_URL_HOST");
    if (address.empty()) return {};
    const auto listed = std::ranges::find(all, address, host_of_url);
    return listed != all.end() ? *listed : cat("https://", address, ":2379");
  }

  NodePem pem(const std::string& variable, std::string_view what) const {
    const std::string path = replaced(required(variable), kPlaceholder, node_name_);
    if (!path.starts_with('/')) refuse(cat(variable, " is not the whole path of a file"));
    std::vector<std::string> paths = {path};
    if (const std::string on_node = replaced(path, kPodCerts, kNodeCerts); on_node != path) {
      paths.push_back(on_node);
    }
    return require_pem(host_, paths, what, kFolder);
  }

  os::HostTree& host_;
  const std::string& host_name_;
  const std::string shown_;
  ShellVariables variables_;
  std::string node_name_;
};

// ---- 4.1 to 4.3 -------------------------------------------------------------------------------

ShellVariables read_variables(os::HostTree& host, const std::string& path) {
  const auto text = read_node_file(host, path);
  if (!text) return {};
  return parse_shell_assignments(*text, host.show(path));
}

// The DNS name of this node's member, by the file names of its certificates.
std::string find_dns_name(os::HostTree& host, const ShellVariables& environment) {
  if (const auto known = environment.find("ETCD_DNS_NAME"); known != environment.end()) {
    return known->second;
  }
  std::vector<std::string> names;
  for (const os::DirectoryEntry& entry : host.list(cat(kMemberFolder, "/"))) {
    std::string name = name_in_cert_path(entry.name, "system:etcd-peer:");
    if (!name.empty()) names.push_back(std::move(name));
  }
  if (names.size() == 1) return names.front();
  const std::string shown = host.show(std::string(kMemberFolder));
  if (names.empty()) {
    throw Error(Code::kNotFound,
                cat("cannot find the client certificate for etcd: there is no "
                    "system:etcd-peer:NAME.crt in ",
                    shown),
                access_hint(kFolder));
  }
  throw Error(
      Code::kInvalid,
      cat(shown, " holds the certificates of several members: ",
          base::printable(base::join(names, ", "), 1000)),
      "mount the node's /run/etcd below --host-root as well: it tells which is this node's");
}

// "etcd-member-cp-0=https://etcd-0.prod.example.com:2380,..." as client URLs. These names stay a
// member's for as long as the cluster lives, so that an old list serves.
std::vector<std::string> client_urls(const std::string& initial_cluster) {
  std::vector<std::string> urls;
  for (const std::string& member : base::split(initial_cluster, ',')) {
    const std::size_t equals = member.find('=');
    if (equals == std::string::npos) continue;
    urls.push_back(cat("https://", host_of_url(member.substr(equals + 1)), ":2379"));
  }
  return urls;
}

ControlPlane find_member_of_old(os::HostTree& host) {
  const ShellVariables environment = read_variables(host, "run/etcd/environment");
  // A list of members is there after a recovery only.
  ShellVariables recovered = read_variables(host, "etc/etcd/etcd.conf");
  const std::string dns_name = find_dns_name(host, environment);
  std::vector<std::string> endpoints = client_urls(recovered["ETCD_INITIAL_CLUSTER"]);
  endpoints.insert(endpoints.begin(), cat("https://", dns_name, ":2379"));
  const std::string peer = cat(kMemberFolder, "/system:etcd-peer:", dns_name);
  const std::string member_prefix = "etcd-member-";
  const std::string& member = recovered["ETCD_NAME"];
  return {.platform = Platform::kOpenShift,
          .node_name = member.starts_with(member_prefix) ? member.substr(member_prefix.size()) : "",
          .etcd = EtcdAccess{
              .endpoints = without_repetitions(endpoints),
              .ca = require_pem(host, {cat(kMemberFolder, "/ca.crt")}, "the CA certificate of etcd",
                                kFolder),
              .cert = require_pem(host, {cat(peer, ".crt")}, "the client certificate for etcd",
                                  kFolder),
              .key = require_pem(host, {cat(peer, ".key")},
                                 "the key of the client certificate for etcd", kFolder)}};
}

}  // namespace

bool looks_like_openshift(os::HostTree& host) {
  return is_there(host, std::string(kCertsFolder)) || is_there(host, std::string(kMemberFolder));
}

ControlPlane find_openshift_etcd(os::HostTree& host, const std::string& host_name) {
  // A cluster that was upgraded from 4.3 has the old folder as well.
  const bool old =
      !is_there(host, std::string(kCertsFolder)) && is_there(host, std::string(kMemberFolder));
  return old ? find_member_of_old(host) : EtcdEnv(host, host_name).read();
}

}  // namespace lifeboat::node
