// The CronJob that takes the backups, and the pod for looking at them.
#pragma once

#include "manifests/object.h"

namespace lifeboat::manifests {

Objects cron_job_objects(const Plan& plan);

// The pod, where it is asked for.
Objects inspect_objects(const Plan& plan);

}  // namespace lifeboat::manifests
