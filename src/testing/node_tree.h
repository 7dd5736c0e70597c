// The files of a control plane's node, written below a folder as each platform lays them out, with
// certificates that work. A test then spoils the one file that it is about.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "testing/test_pki.h"

namespace lifeboat::testing {

struct NodeTreeOptions {
  std::string node_name = "cp-0.example.com";
  // Of the members' machines, this node's first. IPv6 without brackets.
  std::vector<std::string> addresses = {"10.0.0.5", "10.0.0.6", "10.0.0.7"};
  // The one endpoint, for an etcd that really listens there: "https://127.0.0.1:34567". Takes the
  // place of https://ADDRESS:2379, and its host that of `addresses`. Not on 4.1 to 4.3, k3s and
  // RKE2, whose port is always 2379.
  std::string endpoint = {};
  std::string api_server = "https://localhost:6443";  // in the kubeconfigs
  const TestCa* ca = nullptr;  // borrowed; signs everything. nullptr: a new one for the tree
  // OpenShift: of the four static pods' folders.
  int live_revision = 7;                      // that the manifests name
  std::vector<int> other_revisions = {6, 8};  // that are there as well
};

// All of them may be called on a folder that has files already; they replace their own.
//
// 4.4 and later: etcd.env, the etcd-certs that it names, four manifests with the folders of their
// revisions, localhost.kubeconfig (CA, certificate and key embedded), var/lib/etcd/revision.json.
void make_openshift_node(const std::string& root, const NodeTreeOptions& options = {});
// 4.1 to 4.3: static-pod-resources/etcd-member, etc/etcd/etcd.conf, run/etcd/environment, three
// manifests with the folders of their revisions, and etcd-member.yaml.
void make_old_openshift_node(const std::string& root, const NodeTreeOptions& options = {});
// manifests/ and pki/ with etcd on the node, as kubeadm 1.29 writes them.
void make_kubeadm_node(const std::string& root, const NodeTreeOptions& options = {});
// The same with an etcd elsewhere: no etcd.yaml, flags of kube-apiserver.
void make_kubeadm_node_with_external_etcd(const std::string& root,
                                          const NodeTreeOptions& options = {});
// server/{token,tls,cred,db} below var/lib/rancher.
void make_k3s_node(const std::string& root, const NodeTreeOptions& options = {});
void make_rke2_node(const std::string& root, const NodeTreeOptions& options = {});

// The file at `path` below `root`, which is made or replaced, with the folders above it.
void write_node_file(const std::string& root, std::string_view path, std::string_view content);
// A kubeconfig with all three embedded (base64), as OpenShift's node-kubeconfigs are.
std::string make_kubeconfig(const std::string& server, const std::string& ca_pem,
                            const KeyPair& pair);

}  // namespace lifeboat::testing
