// Alerts on what kube-state-metrics and the kubelets say of the backup: it needs no metrics of its
// own, so a backup that never ran is seen too.
#pragma once

#include "manifests/object.h"

namespace lifeboat::manifests {

// The PrometheusRule, where it is asked for. Each alert links to its section of docs/ALERTS.md.
Objects alert_objects(const Plan& plan);

}  // namespace lifeboat::manifests
