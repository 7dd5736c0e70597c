// OpenShift's SecurityContextConstraints: what the pod in control-plane mode may ask for, to the
// letter. In network mode restricted-v2, which every cluster has, is enough.
#pragma once

#include "manifests/object.h"

namespace lifeboat::manifests {

bool needs_constraint(const Plan& plan);

// The constraint that pods run under: of our own, or OpenShift's.
std::string constraint_name(const Plan& plan);

// `needs_constraint` holds.
Object constraint(const Plan& plan);

}  // namespace lifeboat::manifests
