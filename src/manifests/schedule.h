// A cron line as Kubernetes reads it: five fields, and no macros.
//
// "*/15 9-17 * jan,jul mon-fri": minute, hour, day of month, month, day of week; each a list of
// numbers, ranges and steps, months and days of the week also by their English names. As in
// Kubernetes, when both days are given either of them is enough.
#pragma once

#include <bitset>
#include <chrono>
#include <string>
#include <string_view>

namespace lifeboat::manifests {

class Schedule {
 public:
  // Throws kInvalid with what is wrong in which field, also for a line that never comes to pass.
  static Schedule parse(std::string_view line);

  // The longest time from one run to the next, looked for in the eight years from 2096: whatever
  // the calendar has to offer is in them.
  std::chrono::seconds longest_pause() const;

 private:
  bool runs_on(std::chrono::sys_days day) const;

  std::bitset<60> minutes_;
  std::bitset<24> hours_;
  std::bitset<32> days_of_month_;
  std::bitset<13> months_;
  std::bitset<7> days_of_week_;
  bool any_day_of_month_ = false;
  bool any_day_of_week_ = false;
};

}  // namespace lifeboat::manifests
