// Network mode: how the client certificate of etcd gets to the pod.
#pragma once

#include "manifests/object.h"

namespace lifeboat::manifests {

// On OpenShift copies of the Secret and the ConfigMap that openshift-etcd has, and what renews
// them: the policy itself, or a CronJob with the right to read just these two. None where the
// user brings them.
Objects etcd_client_objects(const Plan& plan);

}  // namespace lifeboat::manifests
