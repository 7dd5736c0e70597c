// Points in time as text: ISO 8601, always UTC. No local time anywhere in this program.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace lifeboat::base {

using TimePoint = std::chrono::sys_time<std::chrono::milliseconds>;

// "2026-11-21T06:00:00.123Z".
std::string format_time(TimePoint time);

// The inverse, with or without the fraction (one to nine digits, cut to milliseconds); nullopt for
// anything else, an impossible date included.
std::optional<TimePoint> parse_time(std::string_view text);

// "2026-11-21_060000", OpenShift's own form. Exact for years 0000 to 9999.
std::string format_stamp(std::chrono::sys_seconds time);
std::optional<std::chrono::sys_seconds> parse_stamp(std::string_view text);

}  // namespace lifeboat::base
