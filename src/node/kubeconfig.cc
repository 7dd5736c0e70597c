#include "node/kubeconfig.h"

#include <array>
#include <string_view>
#include <vector>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "node/node_files.h"
#include "node/node_yaml.h"

namespace lifeboat::node {
namespace {

using base::cat;
using base::Code;
using base::Error;

// What the API server's pod sees as the former is the latter on the node.
constexpr std::string_view kPodCerts = "/static-pod-certs/";
constexpr std::string_view kNodeCerts = "/static-pod-resources/kube-apiserver-certs/";

// Other ways to log in or to get there. To leave one of these out would be to ask as somebody else.
constexpr std::array<std::string_view, 6> kUserUnsupported = {
    "exec", "auth-provider", "as", "username", "password", "as-uid"};
constexpr std::array<std::string_view, 1> kClusterUnsupported = {"proxy-url"};

class KubeconfigReader {
 public:
  KubeconfigReader(os::HostTree& host, std::string path)
      : host_(host), path_(std::move(path)), shown_(base::printable(host.show(path_), 1000)) {}

  Kubeconfig read() {
    const NodeYaml config = NodeYaml::parse(require(path_, "the kubeconfig"), shown_);
    const NodeYaml& context =
        entry(config, "contexts", "context", required(config, "current-context"));
    const NodeYaml& cluster = entry(config, "clusters", "cluster", required(context, "cluster"));
    const NodeYaml& user = entry(config, "users", "user", required(context, "user"));
    refuse_unsupported(cluster, kClusterUnsupported);
    refuse_unsupported(user, kUserUnsupported);
    Kubeconfig result;
    result.client = {.url = url(cluster),
                     .ca_pem = content(cluster, "certificate-authority"),
                     .cert_pem = content(user, "client-certificate"),
                     .key_pem = content(user, "client-key"),
                     .skip_verify = flag(cluster, "insecure-skip-tls-verify"),
                     .server_name = cluster.at("tls-server-name").text().value_or("")};
    result.bearer_token = token(user);
    return result;
  }

 private:
  [[noreturn]] void refuse(std::string_view why) const {
    throw Error(Code::kInvalid, cat(shown_, ": ", why));
  }

  std::string require(const std::string& path, std::string_view what) const {
    return require_node_file(host_, path, what, "etc/kubernetes");
  }

  std::string required(const NodeYaml& map, std::string_view name) const {
    const auto text = map.at(name).text();
    if (!text || text->empty()) refuse(cat("it has no ", name));
    return *text;
  }

  // Of `list`, what is called `member` in the item called `name`.
  const NodeYaml& entry(const NodeYaml& config, std::string_view list, std::string_view member,
                        const std::string& name) const {
    for (const NodeYaml& item : config.at(list).items()) {
      if (item.at("name").text() == name) return item.at(member);
    }
    refuse(cat("it names the ", member, " '", base::printable(name), "', which is not in it"));
  }

  template <std::size_t kCount>
  void refuse_unsupported(const NodeYaml& map,
                          const std::array<std::string_view, kCount>& names) const {
    for (const std::string_view name : names) {
      if (map.at(name).kind() == NodeYaml::Kind::kNull) continue;
      throw Error(Code::kUnsupported, cat(shown_, ": it has ", name, ", which is not supported"));
    }
  }

  http::Url url(const NodeYaml& cluster) const {
    const std::string server = required(cluster, "server");
    try {
      return http::parse_url(server);
    } catch (const Error& error) {
      throw error.with_context(shown_);
    }
  }

  bool flag(const NodeYaml& map, std::string_view name) const {
    const std::string text = map.at(name).text().value_or("false");
    if (text != "true" && text != "false") refuse(cat(name, " is neither true nor false"));
    return text == "true";
  }

  // What NAME-data holds, or else the file that NAME names; empty if there is neither.
  std::string content(const NodeYaml& map, const std::string& name) const {
    const std::string data_name = name + "-data";
    const std::string data = map.at(data_name).text().value_or("");
    if (data.empty()) return file_content(map, name);
    auto decoded = base::decode_base64(data);
    if (!decoded) refuse(cat(data_name, " is no base64"));
    return *std::move(decoded);
  }

  std::string file_content(const NodeYaml& map, const std::string& name) const {
    const std::string path = map.at(name).text().value_or("");
    if (path.empty()) return {};
    std::vector<std::string> paths = {absolute(path)};
    const std::size_t pod_certs = paths[0].find(kPodCerts);
    if (pod_certs != std::string::npos) {
      paths.push_back(std::string(paths[0]).replace(pod_certs, kPodCerts.size(), kNodeCerts));
    }
    return require_pem(host_, paths, cat("the ", name, " of ", shown_), "etc/kubernetes").content;
  }

  // Relative to the node's root, as the tree takes it.
  std::string absolute(const std::string& path) const {
    if (path.starts_with('/')) return path.substr(path.find_first_not_of('/'));
    return path_.substr(0, path_.rfind('/') + 1) + path;
  }

  // The file goes before the text, as it does for kubectl.
  std::string token(const NodeYaml& user) const {
    std::string text = file_content(user, "tokenFile");
    if (text.empty()) text = user.at("token").text().value_or("");
    text.erase(text.find_last_not_of(" \t\r\n") + 1);
    return text;
  }

  os::HostTree& host_;
  const std::string path_;
  const std::string shown_;
};

}  // namespace

Kubeconfig read_kubeconfig(os::HostTree& host, const std::string& path) {
  return KubeconfigReader(host, path).read();
}

}  // namespace lifeboat::node
