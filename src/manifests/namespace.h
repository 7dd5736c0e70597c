// The namespace: who may run what in it.
#pragma once

#include "manifests/object.h"

namespace lifeboat::manifests {

// None for a namespace that every cluster has: it is not ours to change.
Objects namespace_objects(const Plan& plan);

// What keeps an object when whatever made it would prune or uninstall it: Argo CD, Flux and Helm.
void keep_forever(base::Json& object);

}  // namespace lifeboat::manifests
