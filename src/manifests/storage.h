// The volume that the backups are on, and their configuration.
#pragma once

#include "manifests/object.h"

namespace lifeboat::manifests {

// None where the vault is in a bucket.
Objects storage_objects(const Plan& plan);

// The ConfigMap with lifeboat.yaml.
Objects config_objects(const Plan& plan);

// Where lifeboat.yaml is mounted, and what it names in network mode.
inline constexpr const char* kConfigFolder = "/etc/lifeboat";
inline constexpr const char* kClientFolder = "/etc/etcd-client";
inline constexpr const char* kClientCaFolder = "/etc/etcd-ca";
// What it names for a bucket.
inline constexpr const char* kBucketKeysFolder = "/etc/s3-credentials";
inline constexpr const char* kBucketCaFolder = "/etc/s3-ca";
inline constexpr const char* kScratchFolder = "/scratch";

// The members of etcd in network mode; none where the pod asks the etcd of its own node.
std::vector<std::string> network_endpoints(const Plan& plan);

}  // namespace lifeboat::manifests
