// Folders for `kubectl apply -k`.
#pragma once

#include "manifests/object.h"

namespace lifeboat::manifests {

// The kustomization.yaml of a folder that holds these objects, each in its file.
Object kustomization(const Plan& plan, const Objects& objects);

// An overlay over ../../base for one environment: what may differ there from the base that was
// made with the same flags.
Objects overlay(const Plan& plan);

}  // namespace lifeboat::manifests
