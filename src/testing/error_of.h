// What a call throws, to be looked at by a test.
#pragma once

#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"

namespace lifeboat::testing {

// Fails the test if nothing is thrown.
inline base::Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const base::Error& error) {
    return error;
  }
  ADD_FAILURE() << "nothing was thrown";
  return base::Error(base::Code::kUnsupported, "nothing was thrown");
}

}  // namespace lifeboat::testing
