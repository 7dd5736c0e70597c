// Pods: where they run, as whom, with what mounted. The one place that says what the backup asks of
// a node.
#pragma once

#include "manifests/object.h"

namespace lifeboat::manifests {

// The `spec` of the pod that takes a backup.
Commented backup_pod(const Plan& plan);

// The `spec` of a pod with the volume for looking around.
Commented inspect_pod(const Plan& plan);

// Labels and annotations of a pod of this component.
base::Json pod_metadata(const Plan& plan, std::string_view component);

// "securityContext" of a container that asks for nothing.
base::Json unprivileged();
// The same of a pod that fits the restricted profile; on OpenShift the namespace has its own range
// of user ids, and the platform chooses from it.
base::Json restricted_pod(const Plan& plan);

}  // namespace lifeboat::manifests
