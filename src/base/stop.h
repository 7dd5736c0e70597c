// The one way in which work ends on request.
#pragma once

#include <chrono>
#include <stop_token>

#include "base/error.h"

namespace lifeboat::base {

inline void throw_if_stopped(const std::stop_token& stop) {
  if (stop.stop_requested()) throw Error(Code::kCancelled, "stopped on request");
}

// Waits for `time`, or until `stop` is requested. Returns whether all of it has passed.
bool wait(std::chrono::milliseconds time, const std::stop_token& stop);

}  // namespace lifeboat::base
