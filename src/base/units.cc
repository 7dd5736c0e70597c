#include "base/units.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace lifeboat::base {
namespace {

using std::chrono::milliseconds;

struct SizeUnit {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array kSizeUnits{
    SizeUnit{"", 1},
    SizeUnit{"k", 1000},
    SizeUnit{"K", 1000},
    SizeUnit{"M", 1000000},
    SizeUnit{"G", 1000000000},
    SizeUnit{"T", 1000000000000},
    SizeUnit{"Ki", 1ULL << 10},
    SizeUnit{"Mi", 1ULL << 20},
    SizeUnit{"Gi", 1ULL << 30},
    SizeUnit{"Ti", 1ULL << 40},
};

constexpr double kSizeLimit = 0x1p63;

struct DurationUnit {
  std::string_view name;
  std::int64_t milliseconds;
};

constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;
constexpr std::int64_t kDay = 24 * kHour;
constexpr std::int64_t kDurationMax = 1000 * 366 * kDay;

// Largest first, which is the order in which they are written.
constexpr std::array kDurationUnits{
    DurationUnit{"w", 7 * kDay}, DurationUnit{"d", kDay},    DurationUnit{"h", kHour},
    DurationUnit{"m", kMinute},  DurationUnit{"s", kSecond}, DurationUnit{"ms", 1},
};

struct Number {
  std::string_view digits;
  double value;
};

// A decimal number without sign or exponent at the front of `text`, dropped from it.
std::optional<Number> take_number(std::string_view& text) {
  std::size_t length = text.find_first_not_of("0123456789.");
  if (length == std::string_view::npos) length = text.size();
  Number number{text.substr(0, length), 0};
  const char* end = number.digits.data() + number.digits.size();
  const auto result = std::from_chars(number.digits.data(), end, number.value);
  if (length == 0 || result.ec != std::errc() || result.ptr != end) return std::nullopt;
  text.remove_prefix(length);
  return number;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  if (text.ends_with('B')) text.remove_suffix(1);
  for (const SizeUnit& unit : kSizeUnits) {
    if (text != unit.name) continue;
    const double bytes = number->value * static_cast<double>(unit.bytes);
    if (bytes >= kSizeLimit) return std::nullopt;
    return static_cast<std::uint64_t>(std::llround(bytes));
  }
  return std::nullopt;
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kNames{"KiB", "MiB", "GiB", "TiB"};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be printed as "1024.0".
  while (value >= 1023.95 && unit + 1 < kNames.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kNames[unit]);
}

std::optional<milliseconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const auto number = take_number(text);
    const std::string_view name = text.substr(0, text.find_first_of("0123456789."));
    if (!number || name.empty()) return std::nullopt;
    while (next_unit < kDurationUnits.size() && kDurationUnits[next_unit].name != name) ++next_unit;
    if (next_unit == kDurationUnits.size()) return std::nullopt;
    total += number->value * static_cast<double>(kDurationUnits[next_unit].milliseconds);
    if (total > static_cast<double>(kDurationMax)) return std::nullopt;
    text.remove_prefix(name.size());
    ++next_unit;
  }
  return milliseconds(std::llround(total));
}

std::string format_duration(milliseconds duration) {
  const std::int64_t count = duration.count();
  if (count < 0) return "-" + format_duration(-duration);
  if (count < kSecond) return fmt::format("{}ms", count);
  if (count < kMinute) return fmt::format("{}.{}s", count / kSecond, count % kSecond / 100);
  if (count < kHour) return fmt::format("{}m {}s", count / kMinute, count % kMinute / kSecond);
  if (count < kDay) return fmt::format("{}h {}m", count / kHour, count % kHour / kMinute);
  return fmt::format("{}d {}h", count / kDay, count % kDay / kHour);
}

std::optional<std::uint64_t> parse_whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return number;
}

}  // namespace lifeboat::base
