// kubeadm writes a static pod for etcd, and certificates that its health checks use
// (cmd/kubeadm/app/phases/etcd and phases/certs of kubernetes/kubernetes). Its pods see their
// certificates under the node's own paths.
#include "node/kubeadm_etcd.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "node/node_files.h"
#include "node/node_yaml.h"
#include "os/paths.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;

constexpr std::string_view kFolder = "etc/kubernetes";
constexpr std::string_view kEtcdManifest = "etc/kubernetes/manifests/etcd.yaml";
constexpr std::string_view kApiServerManifest = "etc/kubernetes/manifests/kube-apiserver.yaml";
constexpr std::string_view kCaWhat = "the CA certificate of etcd";
constexpr std::string_view kCertWhat = "the client certificate for etcd";
constexpr std::string_view kKeyWhat = "the key of the client certificate for etcd";

// The command line of one program in a pod.
class Flags {
 public:
  // Of the container that runs `program`. Throws kInvalid if none does.
  Flags(os::HostTree& host, std::string_view manifest, const std::string& program)
      : shown_(base::printable(host.show(std::string(manifest)), 1000)) {
    const std::string text =
        require_node_file(host, std::string(manifest), cat("the manifest of ", program), kFolder);
    const NodeYaml pod = NodeYaml::parse(text, shown_);
    for (const NodeYaml& container : pod.at("spec").at("containers").items()) {
      std::vector<std::string> words = container.at("command").texts();
      std::ranges::move(container.at("args").texts(), std::back_inserter(words));
      const bool runs_it = !words.empty() && os::base_name(words.front()) == program;
      if (!runs_it && container.at("name").text() != program) continue;
      take(words);
      return;
    }
    refuse(cat("no container in it runs ", program));
  }

  // Empty if it is not given.
  std::string get(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::string() : found->second;
  }

  std::string required(const std::string& name) const {
    std::string value = get(name);
    if (value.empty()) refuse(cat("the flag --", name, " is not in it"));
    return value;
  }

  [[noreturn]] void refuse(std::string_view why) const {
    throw Error(Code::kInvalid, cat(shown_, ": ", why),
                "give --platform none with --endpoints, --cacert, --cert and --key");
  }

 private:
  // "--name=value", or "--name" and then "value". The last one counts.
  void take(const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (!words[i].starts_with("--")) continue;
      const std::size_t equals = words[i].find('=');
      const std::string name =
          words[i].substr(2, equals == std::string::npos ? equals : equals - 2);
      const bool next_is_value = i + 1 < words.size() && !words[i + 1].starts_with('-');
      values_[name] = equals != std::string::npos ? words[i].substr(equals + 1)
                      : next_is_value             ? words[i + 1]
                                                  : "";
    }
  }

  const std::string shown_;
  std::map<std::string, std::string> values_;
};

bool uses_tls(const std::vector<std::string>& endpoints) {
  return std::ranges::any_of(
      endpoints, [](const std::string& endpoint) { return !endpoint.starts_with("http://"); });
}

// Where clients get this node's etcd. What it tells clients is an address that works from a
// container as well; what it listens on may be any address of the machine.
std::string own_endpoint(const Flags& flags) {
  for (const std::string& url : base::split(flags.get("advertise-client-urls"), ',')) return url;
  for (const std::string& url : base::split(flags.get("listen-client-urls"), ',')) {
    const std::string address = host_of_url(url);
    if (address != "0.0.0.0" && address != "[::]") return url;
    const std::size_t at = url.find(address);
    return cat(url.substr(0, at), "127.0.0.1", url.substr(at + address.size()));
  }
  flags.refuse("neither --advertise-client-urls nor --listen-client-urls is in it");
}

// The certificate for health checks may do least; that of the API server is there where somebody
// removed it.
std::string find_client_pair(os::HostTree& host, const std::string& ca_path) {
  std::string pair = os::join_path(os::parent_path(ca_path), "healthcheck-client");
  const std::string apiserver = "/etc/kubernetes/pki/apiserver-etcd-client";
  if (!is_there(host, pair + ".crt") && is_there(host, apiserver + ".crt")) return apiserver;
  return pair;
}

EtcdAccess find_stacked(os::HostTree& host, const Flags& flags) {
  EtcdAccess access;
  access.endpoints = {own_endpoint(flags)};
  if (!uses_tls(access.endpoints)) return access;
  std::string ca_path = flags.get("trusted-ca-file");
  if (ca_path.empty()) ca_path = "/etc/kubernetes/pki/etcd/ca.crt";
  const std::string pair = find_client_pair(host, ca_path);
  access.ca = require_pem(host, {ca_path}, kCaWhat, kFolder);
  access.cert = require_pem(host, {pair + ".crt"}, kCertWhat, kFolder);
  access.key = require_pem(host, {pair + ".key"}, kKeyWhat, kFolder);
  return access;
}

// An etcd that kubeadm did not set up is reached as the API server reaches it.
EtcdAccess find_external(os::HostTree& host) {
  const Flags flags(host, kApiServerManifest, "kube-apiserver");
  EtcdAccess access;
  access.endpoints = without_repetitions(base::split(flags.required("etcd-servers"), ','));
  if (!uses_tls(access.endpoints)) return access;
  const auto pem = [&](const std::string& flag, std::string_view what) {
    const std::string path = flags.required(flag);
    return require_pem(host, {path}, what, os::parent_path(path));
  };
  access.ca = pem("etcd-cafile", kCaWhat);
  access.cert = pem("etcd-certfile", kCertWhat);
  access.key = pem("etcd-keyfile", kKeyWhat);
  return access;
}

}  // namespace

bool looks_like_kubeadm(os::HostTree& host) {
  return is_there(host, std::string(kEtcdManifest)) ||
         is_there(host, std::string(kApiServerManifest));
}

ControlPlane find_kubeadm_etcd(os::HostTree& host) {
  ControlPlane found{.platform = Platform::kKubeadm, .node_name = {}, .etcd = {}};
  const bool external = !is_there(host, std::string(kEtcdManifest)) &&
                        is_there(host, std::string(kApiServerManifest));
  if (external) {
    found.etcd = find_external(host);
    return found;
  }
  const Flags flags(host, kEtcdManifest, "etcd");
  found.node_name = flags.get("name");
  found.etcd = find_stacked(host, flags);
  return found;
}

}  // namespace lifeboat::node
