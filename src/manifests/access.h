// Who the pods are, and what they may do: as little as the mode allows.
#pragma once

#include "manifests/object.h"

namespace lifeboat::manifests {

// The service account; on OpenShift in control-plane mode the right to use one constraint; the
// known names and rights where they are asked for.
Objects access_objects(const Plan& plan);

}  // namespace lifeboat::manifests
