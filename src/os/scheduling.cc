#include "os/scheduling.h"

#include <sched.h>

namespace lifeboat::os {

void become_batch_job() noexcept {
  const sched_param priority{};
  ::sched_setscheduler(0, SCHED_BATCH, &priority);
}

}  // namespace lifeboat::os
