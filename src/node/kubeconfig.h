// A kubeconfig of the node: which API server, and as whom. Inside this folder only.
#pragma once

#include <string>

#include "http/client.h"
#include "os/host_tree.h"

namespace lifeboat::node {

struct Kubeconfig {
  http::ClientOptions client;
  std::string bearer_token;  // empty if there is none
};

// What the current context of the kubeconfig at `path` says, with the contents of the files of the
// node that it names: an absolute path begins at the node's root, a relative one at the
// kubeconfig's folder, and static-pod-certs, as the API server's pod calls its folder, is tried as
// the node calls it, too. Throws kNotFound if one of these files is missing; kInvalid if the
// kubeconfig, or a part that is needed, can't be understood; kUnsupported for a way to log in, or
// to get there, that needs another program or a proxy.
Kubeconfig read_kubeconfig(os::HostTree& host, const std::string& path);

}  // namespace lifeboat::node
