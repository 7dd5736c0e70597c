// A clock that tests set.
#pragma once

#include "os/clock.h"

namespace lifeboat::testing {

class FakeClock : public os::Clock {
 public:
  explicit FakeClock(base::TimePoint start) : now_(start) {}
  // "2026-11-21T06:00:00Z"
  explicit FakeClock(std::string_view start) : now_(base::parse_time(start).value()) {}

  base::TimePoint now() const override { return now_; }
  void set(std::string_view time) { now_ = base::parse_time(time).value(); }
  void advance(std::chrono::milliseconds step) { now_ += step; }

 private:
  base::TimePoint now_;
};

}  // namespace lifeboat::testing
