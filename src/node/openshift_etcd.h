// How etcd of an OpenShift node is reached. Inside this folder only.
#pragma once

#include <string>

#include "node/control_plane.h"
#include "os/host_tree.h"

namespace lifeboat::node {

bool looks_like_openshift(os::HostTree& host);

// As find_control_plane.
ControlPlane find_openshift_etcd(os::HostTree& host, const std::string& host_name);

}  // namespace lifeboat::node
