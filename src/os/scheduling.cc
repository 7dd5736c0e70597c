#include "os/scheduling.h"

#include <sched.h>

namespace lifeboat::os {

void become_batch_job() noexcept {
  if (::sched_getscheduler(0) != SCHED_OTHER) return;
  const sched_param priority{};
  ::sched_setscheduler(0, SCHED_BATCH, &priority);
}

}  // namespace lifeboat::os
