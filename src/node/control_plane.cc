#include "node/control_plane.h"

#include "base/error.h"
#include "base/text.h"
#include "node/kubeadm_etcd.h"
#include "node/node_files.h"
#include "node/openshift_etcd.h"

namespace lifeboat::node {
namespace {

using base::cat;

// k3s and RKE2 lay out their servers alike.
std::string server_folder(Platform platform) {
  return cat("var/lib/rancher/", platform_name(platform), "/server");
}

// k3s on a single server keeps its data in SQLite unless it was told otherwise. The certificates
// for an etcd are there all the same.
bool keeps_data_in_sqlite(os::HostTree& host, Platform platform) {
  const std::string database = cat(server_folder(platform), "/db/");
  return is_there(host, cat(database, "state.db")) && !is_there(host, cat(database, "etcd"));
}

bool looks_like_server(os::HostTree& host, Platform platform) {
  return is_there(host, cat(server_folder(platform), "/tls/etcd")) &&
         !keeps_data_in_sqlite(host, platform);
}

// The member is called as the node is, with a dash and eight hexadecimal digits behind it.
std::string node_of_member(std::string_view member) {
  while (member.ends_with('\n')) member.remove_suffix(1);
  const std::size_t dash = member.rfind('-');
  return dash == std::string_view::npos || member.size() - dash != 9
             ? std::string()
             : std::string(member.substr(0, dash));
}

// Other members are known to etcd only: a server has no list of them.
ControlPlane find_server_etcd(os::HostTree& host, Platform platform) {
  const std::string server = server_folder(platform);
  if (keeps_data_in_sqlite(host, platform)) {
    throw base::Error(base::Code::kNotFound,
                      cat("this server keeps its data in SQLite, not in etcd: ",
                          host.show(cat(server, "/db/state.db"))),
                      "start it once with --cluster-init, which moves its data into an etcd");
  }
  const std::string tls = cat(server, "/tls/etcd/");
  return {
      .platform = platform,
      .node_name = node_of_member(read_node_file(host, cat(server, "/db/etcd/name")).value_or("")),
      .etcd = EtcdAccess{.endpoints = {"https://127.0.0.1:2379"},
                         .ca = require_pem(host, {cat(tls, "server-ca.crt")},
                                           "the CA certificate of etcd", server),
                         .cert = require_pem(host, {cat(tls, "client.crt")},
                                             "the client certificate for etcd", server),
                         .key = require_pem(host, {cat(tls, "client.key")},
                                            "the key of the client certificate for etcd", server)}};
}

}  // namespace

std::string_view platform_name(Platform platform) {
  switch (platform) {
    case Platform::kNone:
      return "none";
    case Platform::kOpenShift:
      return "openshift";
    case Platform::kKubeadm:
      return "kubeadm";
    case Platform::kK3s:
      return "k3s";
    case Platform::kRke2:
      return "rke2";
  }
  return "";
}

Platform detect_platform(os::HostTree& host) {
  if (looks_like_openshift(host)) return Platform::kOpenShift;
  if (looks_like_kubeadm(host)) return Platform::kKubeadm;
  if (looks_like_server(host, Platform::kRke2)) return Platform::kRke2;
  if (looks_like_server(host, Platform::kK3s)) return Platform::kK3s;
  return Platform::kNone;
}

ControlPlane find_control_plane(os::HostTree& host, Platform platform,
                                const std::string& host_name) {
  switch (platform) {
    case Platform::kNone:
      return {};
    case Platform::kOpenShift:
      return find_openshift_etcd(host, host_name);
    case Platform::kKubeadm:
      return find_kubeadm_etcd(host);
    case Platform::kK3s:
    case Platform::kRke2:
      return find_server_etcd(host, platform);
  }
  return {};
}

}  // namespace lifeboat::node
