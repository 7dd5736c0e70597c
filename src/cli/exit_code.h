// The one table of exit codes. It is part of the contract: docs, help and scripts rely on it.
#pragma once

#include <string_view>

#include "base/error.h"

namespace lifeboat::cli {

enum ExitCode : int {
  kDone = 0,
  kBug = 1,
  kUsage = 2,
  kNotFound = 3,
  kCorrupt = 4,
  kStorage = 5,
  kEtcd = 6,
  kBusy = 7,
  kAttention = 8,
};

struct ExitCodeMeaning {
  ExitCode code;
  std::string_view meaning;
};

inline constexpr ExitCodeMeaning kExitCodes[] = {
    {kDone, "done"},
    {kBug, "a bug in lifeboat"},
    {kUsage, "wrong usage or configuration"},
    {kNotFound, "not found"},
    {kCorrupt, "verification failed or data corrupt"},
    {kStorage, "storage failed (full, denied, I/O)"},
    {kEtcd, "etcd can't be reached or refuses"},
    {kBusy, "busy: another run holds the vault"},
    {kAttention, "done, but something needs attention"},
};

// How a command ends that ended with this error. kCancelled has no code of its own: main ends the
// process by the signal that asked for it.
ExitCode exit_code_for(base::Code code);

}  // namespace lifeboat::cli
