// How the kernel shares the processors out among this program and its neighbours.
#pragma once

namespace lifeboat::os {

// Makes a batch job of this thread and of all that it starts from now on (SCHED_BATCH, sched(7)):
// it keeps its share of the processors, but no longer takes one away from whoever is running when
// there is something to do for it. For work beside a server whose answers others wait for. Does
// nothing where somebody has chosen another policy already, and where the kernel does not let it.
void become_batch_job() noexcept;

}  // namespace lifeboat::os
