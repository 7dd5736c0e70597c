// Whom the pods may talk to.
#pragma once

#include "manifests/object.h"

namespace lifeboat::manifests {

Objects network_policy_objects(const Plan& plan);

}  // namespace lifeboat::manifests
