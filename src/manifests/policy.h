// Policies of Open Cluster Management (ACM): the objects of a cluster, brought to a fleet.
#pragma once

#include "manifests/object.h"

namespace lifeboat::manifests {

// What is applied on the hub: a Policy that enforces the objects, one that reports a backup in
// trouble, the settings that their templates read, and what decides which clusters get them.
Objects policy_objects(const Plan& plan);

}  // namespace lifeboat::manifests
