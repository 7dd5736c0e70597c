// Finds out what a control plane's node is, and how its etcd is reached, from the node's own files.
//
// OpenShift 4.4 and later: etcd.env of the etcd operator (bindata/etcd, pkg/etcdenvvar of
// openshift/cluster-etcd-operator); 4.1 to 4.3: static-pod-resources/etcd-member. kubeadm: the
// flags in manifests/etcd.yaml, pki/etcd/healthcheck-client. k3s and RKE2: server/tls/etcd. What is
// read from where, and why: docs/OPENSHIFT.md, docs/KUBERNETES.md.
//
// Nothing is executed, and nothing is written. What the files say is not trusted: sizes are
// bounded, and what can't be understood is kInvalid with the file's path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/host_tree.h"

namespace lifeboat::node {

enum class Platform { kNone, kOpenShift, kKubeadm, kK3s, kRke2 };

// As it stands in a catalog: "none", "openshift", "kubeadm", "k3s", "rke2".
std::string_view platform_name(Platform platform);

// A PEM file of the node: where this program found it, for messages, and what is in it.
struct NodePem {
  std::string path;
  std::string content;
};

// How etcd is reached.
struct EtcdAccess {
  std::vector<std::string> endpoints;  // URLs, this node's own first, none twice
  NodePem ca;
  NodePem cert;
  NodePem key;
};

struct ControlPlane {
  Platform platform = Platform::kNone;
  std::string node_name;           // as the cluster calls the node; empty if its files don't say
  std::optional<EtcdAccess> etcd;  // nullopt where the platform is kNone
};

// What the node looks like, by the first that matches of OpenShift, kubeadm, RKE2, k3s (a server
// with an etcd of its own, or that of kubeadm; an agent is none). Never throws for what it finds.
Platform detect_platform(os::HostTree& host);

// How etcd of that platform is reached. `host_name` is this machine's: it tells which member is
// this node's own where the files don't. Throws kNotFound, naming the path and what would be there,
// for a file that is missing; kInvalid for one that can't be understood; kDenied and kIo as the
// tree does.
ControlPlane find_control_plane(os::HostTree& host, Platform platform,
                                const std::string& host_name);

}  // namespace lifeboat::node
