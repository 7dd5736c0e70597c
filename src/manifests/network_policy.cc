#include "manifests/network_policy.h"

#include <algorithm>
#include <set>

#include "base/text.h"
#include "manifests/checks.h"
#include "manifests/storage.h"

namespace lifeboat::manifests {
namespace {

using base::cat;
using base::Json;

constexpr const char* kFile = "network-policy.yaml";
constexpr int kEtcdPort = 2379;
constexpr int kApiServerPort = 6443;
constexpr int kDnsPort = 53;

std::string about(const Plan& plan) {
  if (plan.in_network_mode()) {
    return cat("To the members of etcd", plan.in_bucket() ? " and to the bucket," : "",
               " and nowhere else; nobody has to talk to the pod.");
  }
  return cat("What the backup needs: etcd, ", plan.in_bucket() ? "the bucket, " : "",
             "and on OpenShift the node's own API server, which says whether the control plane is "
             "changing. A pod on the host's network is not held back by this: network policies see "
             "only pods with an address of their own. It holds for the day that somebody takes "
             "hostNetwork away.");
}

Json tcp(int port) { return map({{"protocol", "TCP"}, {"port", port}}); }

Json policy_spec(std::string_view component, Json egress) {
  return map({{"podSelector", map({{"matchLabels", selector(component)}})},
              {"policyTypes", list({"Ingress", "Egress"})},
              {"ingress", Json::array()},
              {"egress", std::move(egress)}});
}

Object policy(const Plan& plan, const char* name, const char* component, std::string about,
              Json egress) {
  Object object{kFile,
                std::move(about),
                make_object(plan, "networking.k8s.io/v1", "NetworkPolicy", name,
                            plan.options.namespace_name, component),
                {}};
  object.value.set("spec", policy_spec(component, std::move(egress)));
  return object;
}

// ---- Egress of a backup over the network ------------------------------------------------------

Json dns_rule(const Plan& plan) {
  const char* space = plan.on_openshift() ? "openshift-dns" : "kube-system";
  // OpenShift's pods listen on a port of their own behind the service's 53.
  const int port = plan.on_openshift() ? 5353 : kDnsPort;
  const Json peer = map({{"namespaceSelector",
                          map({{"matchLabels", map({{"kubernetes.io/metadata.name", space}})}})}});
  return map({{"to", list({peer})},
              {"ports", list({map({{"protocol", "UDP"}, {"port", port}}), tcp(port)})}});
}

// The bucket's server; Amazon's own has no host here.
Endpoint bucket_server(const Plan& plan) {
  return plan.options.s3_endpoint.empty() ? Endpoint{"", 443, false}
                                          : *parse_server_url(plan.options.s3_endpoint);
}

// Rules for servers: each address by itself, names by their ports, and DNS for them.
class Egress {
 public:
  void to_port(int port) { ports_.insert(port); }

  void to(const Endpoint& endpoint) {
    const int port = static_cast<int>(endpoint.port);
    if (!endpoint.is_address) {
      asks_dns_ = true;
      return to_port(port);
    }
    const bool v6 = endpoint.host.find(':') != std::string::npos;
    const Json block = map({{"ipBlock", map({{"cidr", cat(endpoint.host, v6 ? "/128" : "/32")}})}});
    rules_.push(map({{"to", list({block})}, {"ports", list({tcp(port)})}}));
  }

  Json rules(const Plan& plan) const {
    Json result = rules_;
    for (const int port : ports_) result.push(map({{"ports", list({tcp(port)})}}));
    if (asks_dns_) result.push(dns_rule(plan));
    return result;
  }

 private:
  Json rules_ = Json::array();
  std::set<int> ports_;
  bool asks_dns_ = false;
};

// etcd is on the host's network, where no selector finds it: what is known is an address or a port.
Json network_egress(const Plan& plan) {
  Egress egress;
  const auto endpoints = network_endpoints(plan);
  if (endpoints.empty()) egress.to_port(kEtcdPort);
  for (const std::string& text : endpoints) egress.to(*parse_endpoint(text));
  if (plan.in_bucket()) egress.to(bucket_server(plan));
  return egress.rules(plan);
}

Json host_egress(const Plan& plan) {
  std::set<int> ports;
  if (plan.options.endpoints.empty()) ports.insert(kEtcdPort);
  for (const std::string& text : plan.options.endpoints) {
    ports.insert(static_cast<int>(parse_endpoint(text)->port));
  }
  if (plan.on_openshift() && plan.options.settled != "ignore") ports.insert(kApiServerPort);
  if (plan.in_bucket()) ports.insert(static_cast<int>(bucket_server(plan).port));
  Json list_of_ports = Json::array();
  for (const int port : ports) list_of_ports.push(tcp(port));
  // The bucket's name is looked up where the node looks names up.
  if (plan.in_bucket() && !bucket_server(plan).is_address) {
    list_of_ports.push(map({{"protocol", "UDP"}, {"port", kDnsPort}})).push(tcp(kDnsPort));
  }
  return list({map({{"ports", std::move(list_of_ports)}})});
}

}  // namespace

Objects network_policy_objects(const Plan& plan) {
  const bool network = plan.in_network_mode();
  Objects objects{policy(plan, kBackupName, kBackupComponent, about(plan),
                         network ? network_egress(plan) : host_egress(plan))};
  if (plan.options.inspect_pod) {
    objects.push_back(policy(plan, kInspectName, kInspectComponent,
                             "It has the keys of the cluster at hand, and talks to nobody.",
                             Json::array()));
  }
  if (plan.copies_client() && plan.options.format != Format::kAcmPolicy) {
    objects.push_back(policy(plan, kCopyName, kCopyComponent, "To the API server.",
                             list({map({{"ports", list({tcp(kApiServerPort)})}})})));
  }
  return objects;
}

}  // namespace lifeboat::manifests
