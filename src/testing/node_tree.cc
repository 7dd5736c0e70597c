#include "testing/node_tree.h"

#include <filesystem>
#include <fstream>
#include <optional>

#include "base/bytes.h"
#include "base/error.h"
#include "base/text.h"

namespace lifeboat::testing {
namespace {

namespace filesystem = std::filesystem;
using base::cat;

constexpr std::string_view kResources = "etc/kubernetes/static-pod-resources/";
constexpr std::string_view kRevisionJson =
    R"({"clusterId":"30a2e9b9d6b1a4c9","raftIndex":{"10.0.0.5":200010},)"
    R"("maxRaftIndex":200010,"created":"2026-11-21T06:00:00Z"})";

std::string to_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = group << 8 | (i + j < text.size() ? static_cast<unsigned char>(text[i + j]) : 0);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      const bool padding = j > text.size() - i;
      result += padding ? '=' : kDigits[group >> (18 - 6 * j) & 63];
    }
  }
  return result;
}

// As etcd.env has it in the names of variables.
std::string variable_part(std::string text) {
  for (char& character : text) {
    if (character == '-' || character == '.') character = '_';
  }
  return text;
}

std::string in_brackets(const std::string& address) {
  return address.find(':') == std::string::npos ? address : cat("[", address, "]");
}

std::string host_of(const std::string& url) {
  const std::size_t begin = url.find("://") + 3;
  return url.substr(begin, url.rfind(':') - begin);
}

// "cp-0.example.com", then "cp-1.example.com".
std::string member_name(const NodeTreeOptions& options, std::size_t index) {
  std::string name = options.node_name;
  if (index == 0) return name;
  const std::size_t digit = name.find('0');
  if (digit == std::string::npos) return cat(name, "-", index);
  return name.replace(digit, 1, std::to_string(index));
}

// Writes the files of one tree, all signed by one authority.
class TreeMaker {
 public:
  TreeMaker(std::string root, const NodeTreeOptions& options)
      : root_(std::move(root)), options_(options) {
    if (options.ca == nullptr) own_ca_.emplace("etcd-signer");
    if (options_.endpoint.empty()) return;
    options_.addresses = {host_of(options_.endpoint)};
  }

  const NodeTreeOptions& options() const { return options_; }
  const TestCa& ca() const { return options_.ca != nullptr ? *options_.ca : *own_ca_; }

  void write(std::string_view path, std::string_view content) const {
    write_node_file(root_, path, content);
  }

  void write_ca(const std::string& path) const { write(path, ca().certificate_pem()); }

  // "PATH.crt" and "PATH.key", good for this machine and for this node's address.
  KeyPair write_pair(const std::string& path, const std::string& common_name) const {
    std::string names = cat("DNS:localhost,IP:127.0.0.1,IP:::1,DNS:", options_.node_name);
    const std::string& address = options_.addresses.front();
    if (address.find_first_not_of("0123456789.") == std::string::npos) names += ",IP:" + address;
    const KeyPair pair = ca().issue({.common_name = common_name, .alternative_names = names});
    write(path + ".crt", pair.certificate_pem);
    write(path + ".key", pair.key_pem);
    return pair;
  }

  std::string endpoint(std::size_t index) const {
    if (!options_.endpoint.empty()) return options_.endpoint;
    return cat("https://", in_brackets(options_.addresses[index]), ":2379");
  }
  std::string endpoints() const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < options_.addresses.size(); ++i) all.push_back(endpoint(i));
    return base::join(all, ",");
  }

  void write_kubeconfig(const std::string& path) const {
    const KeyPair pair = ca().issue({.common_name = "system:admin"});
    write(path, make_kubeconfig(options_.api_server, ca().certificate_pem(), pair));
  }

  void link(const std::string& target, std::string_view path) const {
    const filesystem::path full = cat(root_, "/", path);
    filesystem::create_directories(full.parent_path());
    filesystem::remove(full);
    filesystem::create_symlink(target, full);
  }

 private:
  const std::string root_;
  NodeTreeOptions options_;
  std::optional<TestCa> own_ca_;
};

// ---- OpenShift --------------------------------------------------------------------------------

// The installer writes manifests as JSON in one line.
std::string static_pod_json(const std::string& component, int revision) {
  const std::string resources = cat("/", kResources, component);
  return cat(R"({"kind":"Pod","apiVersion":"v1","metadata":{"name":")", component,
             R"(","namespace":"openshift-)", component, R"(","labels":{"revision":")", revision,
             R"("}},"spec":{"volumes":[{"name":"resource-dir","hostPath":{"path":")", resources,
             "-pod-", revision, R"("}},{"name":"cert-dir","hostPath":{"path":")", resources,
             R"(-certs"}}],"containers":[{"name":")", component,
             R"(","command":["/bin/bash","-ec"],"args":["exec )", component,
             R"( --config=/etc/kubernetes/static-pod-resources/configmaps/config/config.yaml"]}],)",
             R"("hostNetwork":true}})", "\n");
}

void write_static_pod(const TreeMaker& tree, const std::string& component) {
  std::vector<int> revisions = tree.options().other_revisions;
  revisions.push_back(tree.options().live_revision);
  for (const int revision : revisions) {
    const std::string folder = cat(kResources, component, "-pod-", revision, "/");
    tree.write(cat(folder, component, "-pod.yaml"), static_pod_json(component, revision));
    tree.write(cat(folder, "configmaps/config/config.yaml"), cat("revision: ", revision, "\n"));
    tree.write(cat(folder, "secrets/", component, "-client/tls.key"), cat("key ", revision, "\n"));
    tree.write(cat(folder, "version"), cat("revision ", revision, "\n"));
  }
  tree.write(cat("etc/kubernetes/manifests/", component, "-pod.yaml"),
             static_pod_json(component, tree.options().live_revision));
}

std::string make_etcd_env(const TreeMaker& tree) {
  const NodeTreeOptions& options = tree.options();
  const std::string certs = "/etc/kubernetes/static-pod-certs/";
  const std::string peer = cat(certs, "secrets/etcd-all-certs/etcd-peer-", options.node_name);
  std::string text =
      cat("export ALL_ETCD_ENDPOINTS=\"", tree.endpoints(), "\"\n", "export ETCDCTL_CACERT=\"",
          certs, "configmaps/etcd-all-bundles/server-ca-bundle.crt\"\n", "export ETCDCTL_CERT=\"",
          peer, ".crt\"\n", "export ETCDCTL_ENDPOINTS=\"", tree.endpoints(), "\"\n",
          "export ETCDCTL_KEY=\"", peer, ".key\"\n", "export ETCD_DATA_DIR=\"/var/lib/etcd\"\n",
          "export ETCD_INITIAL_CLUSTER_STATE=\"existing\"\n");
  for (std::size_t i = 0; i < options.addresses.size(); ++i) {
    const std::string name = member_name(options, i);
    const std::string variable = cat("export NODE_", variable_part(name));
    const std::string address = in_brackets(options.addresses[i]);
    text += cat(variable, "_ETCD_NAME=\"", name, "\"\n", variable, "_ETCD_URL_HOST=\"", address,
                "\"\n", variable, "_IP=\"", address, "\"\n");
  }
  return text;
}

}  // namespace

void make_openshift_node(const std::string& root, const NodeTreeOptions& options) {
  const TreeMaker tree(root, options);
  const std::string certs = cat(kResources, "etcd-certs/");
  tree.write(cat(certs, "configmaps/etcd-scripts/etcd.env"), make_etcd_env(tree));
  tree.write_ca(cat(certs, "configmaps/etcd-all-bundles/server-ca-bundle.crt"));
  tree.write_pair(cat(certs, "secrets/etcd-all-certs/etcd-peer-", options.node_name),
                  "system:etcd-peer:etcd-client");
  tree.write_pair(cat(certs, "secrets/etcd-all-certs/etcd-serving-", options.node_name),
                  "system:etcd-server:etcd-client");
  for (const char* component :
       {"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"}) {
    write_static_pod(tree, component);
  }
  const std::string kubeconfigs = cat(kResources, "kube-apiserver-certs/secrets/node-kubeconfigs/");
  tree.write_kubeconfig(cat(kubeconfigs, "localhost.kubeconfig"));
  tree.write_kubeconfig(cat(kubeconfigs, "lb-int.kubeconfig"));
  tree.write("var/lib/etcd/revision.json", kRevisionJson);
  tree.write("etc/hostname", cat(options.node_name, "\n"));
}

void make_old_openshift_node(const std::string& root, const NodeTreeOptions& options) {
  const TreeMaker tree(root, options);
  const std::string member = cat(kResources, "etcd-member/");
  const std::string dns_name = "etcd-0.prod.example.com";
  tree.write_ca(cat(member, "ca.crt"));
  tree.write(cat(member, "root-ca.crt"), TestCa("root-ca").certificate_pem());
  tree.write(cat(member, "metric-ca.crt"), TestCa("metric-ca").certificate_pem());
  for (const char* kind : {"peer", "server", "metric"}) {
    const std::string name = cat("system:etcd-", kind, ":", dns_name);
    tree.write_pair(cat(member, name), name);
  }
  tree.write("etc/etcd/etcd.conf",
             "#[member]\nETCD_SNAPSHOT_COUNT=100000\nETCD_HEARTBEAT_INTERVAL=100\n\n"
             "#[storage]\nETCD_QUOTA_BACKEND_BYTES=7516192768\n");
  tree.write("run/etcd/environment",
             cat("ETCD_IPV4_ADDRESS=", tree.options().addresses.front(),
                 "\nETCD_DNS_NAME=", dns_name, "\nETCD_WILDCARD_DNS_NAME=*.prod.example.com\n"));
  tree.write("etc/kubernetes/manifests/etcd-member.yaml",
             "apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd-member\nspec:\n  containers:\n"
             "  - name: etcd-member\n    command: [/bin/sh, -c, exec etcd]\n");
  for (const char* component : {"kube-apiserver", "kube-controller-manager", "kube-scheduler"}) {
    write_static_pod(tree, component);
  }
  tree.write("etc/hostname", cat(options.node_name, "\n"));
}

// ---- kubeadm ----------------------------------------------------------------------------------

namespace {

std::string pod_yaml(const std::string& component, const std::vector<std::string>& flags) {
  std::string text = cat("apiVersion: v1\nkind: Pod\nmetadata:\n  name: ", component,
                         "\n  namespace: kube-system\nspec:\n  containers:\n  - command:\n    - ",
                         component, "\n");
  for (const std::string& flag : flags) text += cat("    - ", flag, "\n");
  return text += cat("    image: registry.k8s.io/", component, "\n    name: ", component,
                     "\n  hostNetwork: true\nstatus: {}\n");
}

void write_kubeadm_base(const TreeMaker& tree, const std::vector<std::string>& apiserver_flags) {
  const std::string manifests = "etc/kubernetes/manifests/";
  tree.write(cat(manifests, "kube-apiserver.yaml"), pod_yaml("kube-apiserver", apiserver_flags));
  for (const char* component : {"kube-controller-manager", "kube-scheduler"}) {
    tree.write(cat(manifests, component, ".yaml"), pod_yaml(component, {"--leader-elect=true"}));
  }
  const std::string pki = "etc/kubernetes/pki/";
  tree.write_ca(cat(pki, "ca.crt"));
  tree.write_pair(cat(pki, "apiserver"), "kube-apiserver");
  tree.write_pair(cat(pki, "apiserver-etcd-client"), "kube-apiserver-etcd-client");
  tree.write(cat(pki, "sa.key"), "the key of service accounts\n");
  tree.write_kubeconfig("etc/kubernetes/admin.conf");
  tree.write("etc/hostname", cat(tree.options().node_name, "\n"));
}

std::string initial_cluster(const TreeMaker& tree) {
  std::vector<std::string> members;
  for (std::size_t i = 0; i < tree.options().addresses.size(); ++i) {
    members.push_back(cat(member_name(tree.options(), i), "=https://",
                          in_brackets(tree.options().addresses[i]), ":2380"));
  }
  return base::join(members, ",");
}

}  // namespace

void make_kubeadm_node(const std::string& root, const NodeTreeOptions& options) {
  const TreeMaker tree(root, options);
  const std::string etcd = "/etc/kubernetes/pki/etcd/";
  const std::string etcd_pki = etcd.substr(1);
  write_kubeadm_base(tree, {cat("--etcd-cafile=", etcd, "ca.crt"),
                            "--etcd-certfile=/etc/kubernetes/pki/apiserver-etcd-client.crt",
                            "--etcd-keyfile=/etc/kubernetes/pki/apiserver-etcd-client.key",
                            "--etcd-servers=https://127.0.0.1:2379"});
  tree.write(
      "etc/kubernetes/manifests/etcd.yaml",
      pod_yaml("etcd",
               {cat("--advertise-client-urls=", tree.endpoint(0)),
                cat("--cert-file=", etcd, "server.crt"), "--client-cert-auth=true",
                "--data-dir=/var/lib/etcd", cat("--initial-cluster=", initial_cluster(tree)),
                cat("--key-file=", etcd, "server.key"),
                cat("--listen-client-urls=https://127.0.0.1:2379,", tree.endpoint(0)),
                cat("--name=", options.node_name), cat("--trusted-ca-file=", etcd, "ca.crt")}));
  tree.write_ca(cat(etcd_pki, "ca.crt"));
  for (const char* name : {"server", "peer", "healthcheck-client"}) {
    tree.write_pair(cat(etcd_pki, name), cat("kube-etcd-", name));
  }
}

void make_kubeadm_node_with_external_etcd(const std::string& root, const NodeTreeOptions& options) {
  const TreeMaker tree(root, options);
  write_kubeadm_base(
      tree, {"--etcd-cafile=/etc/ssl/etcd/ca.pem", "--etcd-certfile=/etc/ssl/etcd/node.crt",
             "--etcd-keyfile=/etc/ssl/etcd/node.key", cat("--etcd-servers=", tree.endpoints())});
  tree.write_ca("etc/ssl/etcd/ca.pem");
  tree.write_pair("etc/ssl/etcd/node", "node");
}

// ---- k3s, RKE2 --------------------------------------------------------------------------------

namespace {

void make_rancher_node(const std::string& root, const std::string& product,
                       const NodeTreeOptions& options) {
  const TreeMaker tree(root, options);
  const std::string server = cat("var/lib/rancher/", product, "/server/");
  tree.write_ca(cat(server, "tls/etcd/server-ca.crt"));
  tree.write_ca(cat(server, "tls/etcd/peer-ca.crt"));
  for (const char* name : {"client", "server-client", "peer-server-client"}) {
    tree.write_pair(cat(server, "tls/etcd/", name), cat("etcd-", name));
  }
  tree.write_ca(cat(server, "tls/server-ca.crt"));
  tree.write_pair(cat(server, "tls/serving-kube-apiserver"), "kube-apiserver");
  tree.write_kubeconfig(cat(server, "cred/admin.kubeconfig"));
  tree.write(cat(server, "cred/passwd"), "secret,node,node\n");
  tree.write(cat(server, "token"), "K10abc::server:secret\n");
  tree.link(cat("/", server, "token"), cat(server, "node-token"));
  tree.write(cat(server, "db/etcd/name"), cat(options.node_name, "-1a2b3c4d"));
  tree.write("etc/hostname", cat(options.node_name, "\n"));
}

}  // namespace

void make_k3s_node(const std::string& root, const NodeTreeOptions& options) {
  make_rancher_node(root, "k3s", options);
}

void make_rke2_node(const std::string& root, const NodeTreeOptions& options) {
  make_rancher_node(root, "rke2", options);
}

// ---- Pieces -----------------------------------------------------------------------------------

void write_node_file(const std::string& root, std::string_view path, std::string_view content) {
  const filesystem::path full = cat(root, "/", path);
  filesystem::create_directories(full.parent_path());
  std::ofstream file(full, std::ios::binary);
  file << content;
  file.close();
  LIFEBOAT_CHECK(!file.fail());
}

std::string make_kubeconfig(const std::string& server, const std::string& ca_pem,
                            const KeyPair& pair) {
  return cat(
      "apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n    certificate-authority-data: ",
      to_base64(ca_pem), "\n    server: ", server,
      "\n  name: loopback\ncontexts:\n- context:\n    cluster: loopback\n"
      "    user: system:admin\n  name: system:admin\ncurrent-context: system:admin\n"
      "users:\n- name: system:admin\n  user:\n    client-certificate-data: ",
      to_base64(pair.certificate_pem), "\n    client-key-data: ", to_base64(pair.key_pem), "\n");
}

}  // namespace lifeboat::testing
