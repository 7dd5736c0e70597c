// The one way in which work here ends on request.
#pragma once

#include <stop_token>

#include "base/error.h"

namespace lifeboat::backup {

inline void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw base::Error(base::Code::kCancelled, "stopped on request");
}

}  // namespace lifeboat::backup
