// Sizes and durations as people write and read them.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lifeboat::base {

// "18Gi", "500Mi", "20G", "1024", "1.5Gi", as Kubernetes writes quantities: Ki Mi Gi Ti are powers
// of 1024, k K M G T of 1000, a trailing B is allowed. Nullopt for anything else, for a negative
// number and for 2^63 bytes and more.
std::optional<std::uint64_t> parse_size(std::string_view text);

// "1.0 GiB": one decimal, binary units, "17 B" below a KiB.
std::string format_size(std::uint64_t bytes);

// "90s", "1h30m", "30d", "2w", "500ms". Every number has a unit (ms s m h d w), largest unit first,
// each at most once. Nullopt for anything else and for more than a thousand years.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// The two largest units, cut off and not rounded: "1d 4h", "3m 20s", "7.4s", "310ms".
std::string format_duration(std::chrono::milliseconds duration);

// "42": decimal digits and nothing else, up to what 64 bits hold.
std::optional<std::uint64_t> parse_whole_number(std::string_view text);

}  // namespace lifeboat::base
