// Fails the n-th file-system call for n = 1, 2, ... until none fails any more.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "testing/fault_fs.h"

namespace lifeboat::testing {

// One way for a run to go wrong.
struct SweepMode {
  const char* name;
  FaultFs::Fault fault;
  bool power_cut;  // afterwards; otherwise the process just ended
};

inline constexpr SweepMode kSweepModes[] = {
    {"an I/O error", FaultFs::Fault::kIoError, false},
    {"an I/O error, then a power cut", FaultFs::Fault::kIoError, true},
    {"a full disk", FaultFs::Fault::kDiskFull, false},
    {"SIGKILL", FaultFs::Fault::kKill, false},
    {"a power cut", FaultFs::Fault::kKill, true},
};

struct SweepSteps {
  std::function<void(FaultFs&)> prepare;  // without faults: the old state
  std::function<void(FaultFs&)> run;      // may throw base::Error; must finish when nothing fails
  std::function<void(FaultFs&)> check;    // after the fault: old or new, never between
};

// Runs every mode and n on a fresh FaultFs. A run that throws nothing although its fault came to
// pass is fine: `check` says whether the state is right. Fails the test if `run` throws without a
// fault, or does not come to an end within 10,000 calls.
void fail_sweep(const SweepSteps& steps);

}  // namespace lifeboat::testing
