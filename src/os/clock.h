// The wall clock, as an interface so that tests own time.
#pragma once

#include "base/time.h"

namespace lifeboat::os {

class Clock {
 public:
  virtual ~Clock() = default;
  // May go backwards: nobody here trusts it to order anything. Thread-safe.
  virtual base::TimePoint now() const = 0;
};

class SystemClock : public Clock {
 public:
  base::TimePoint now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace lifeboat::os
