// How etcd of a node that kubeadm set up is reached. Inside this folder only.
#pragma once

#include "node/control_plane.h"
#include "os/host_tree.h"

namespace lifeboat::node {

bool looks_like_kubeadm(os::HostTree& host);

// As find_control_plane. Of an etcd on this node, only this node's member: --initial-cluster lists
// those that there were when this node joined, and a member that is long gone would be a warning
// with every backup.
ControlPlane find_kubeadm_etcd(os::HostTree& host);

}  // namespace lifeboat::node
