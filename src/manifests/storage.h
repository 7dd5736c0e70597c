// The volume that the backups are on, and their configuration.
#pragma once

#include "manifests/object.h"

namespace lifeboat::manifests {

Objects storage_objects(const Plan& plan);

// The ConfigMap with lifeboat.yaml.
Objects config_objects(const Plan& plan);

// Where lifeboat.yaml is mounted, and what it names in network mode.
inline constexpr const char* kConfigFolder = "/etc/lifeboat";
inline constexpr const char* kClientFolder = "/etc/etcd-client";
inline constexpr const char* kClientCaFolder = "/etc/etcd-ca";

// The members of etcd in network mode; none where the pod asks the etcd of its own node.
std::vector<std::string> network_endpoints(const Plan& plan);

}  // namespace lifeboat::manifests
