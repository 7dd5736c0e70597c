// Whether OpenShift's control plane is at rest: a backup taken while one of its operators rolls out
// a new revision may hold a mixture of two.
//
// Asks the API server as cluster-backup.sh of openshift/cluster-etcd-operator does, with the node's
// own kubeconfig: the condition Progressing of the cluster operators kube-apiserver,
// kube-controller-manager, kube-scheduler and etcd.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "http/client.h"
#include "os/host_tree.h"

namespace lifeboat::node {

// Of the node. Its user may do everything in the cluster; here it only reads.
inline constexpr std::string_view kLocalhostKubeconfig =
    "etc/kubernetes/static-pod-resources/kube-apiserver-certs/secrets/node-kubeconfigs/"
    "localhost.kubeconfig";

struct SettledAnswer {
  bool settled = false;
  std::string reason;  // why not, or why nobody knows: a sentence without its full stop
};

// Makes a client of the API server; tests hand in another.
using MakeHttpClient =
    std::function<std::unique_ptr<http::Client>(const http::ClientOptions& options)>;

// Never throws for what the node or the API server says: no answer is an answer, and not a settled
// one. Throws kCancelled. `timeout` is for all questions together.
SettledAnswer ask_whether_settled(os::HostTree& host, const MakeHttpClient& make_client,
                                  std::chrono::milliseconds timeout, std::stop_token stop);

}  // namespace lifeboat::node
